"""Why a TLS handshake failed: what is wrong with the certificate, with its dates."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass

from cryptography import x509

from base.text import clip, inert
from probes.certificate import day, issuer_of, names_of

_LATE, _EARLY, _NAME, _ADDRESS = 10, 9, 62, 64
"""X509_V_ERR_… of OpenSSL: has expired, not yet valid, another host's, another address's."""
_UNKNOWN = frozenset({2, 18, 19, 20, 21})
"""Signed by nobody that is trusted."""
_LOOK_SECONDS = 3.0
_OURS = ("CERTIFICATE_REQUIRED", "TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_BAD_CERTIFICATE", "CERTIFICATE_EXPIRED")


@dataclass(frozen=True, slots=True)
class Refused:
    state: str
    """expired, not-yet-valid, untrusted, wrong-name, own-certificate, no-tls, or failed."""
    message: str
    hint: str = ""
    not_before: str = ""
    not_after: str = ""


def refused(host: str, address: str, port: int, error: Exception, seconds: float) -> Refused:
    """What a failed handshake means. Looks at the certificate once more, trusting nobody and saying nothing; not
    behind a proxy, whose address is not the server's and stays empty."""
    inner = _ssl_error(error)
    if isinstance(inner, ssl.SSLCertVerificationError):
        shown = _presented(host, address, port, min(seconds, _LOOK_SECONDS)) if address else None
        return _of_certificate(inner, shown)
    said = inner.reason or "" if isinstance(inner, ssl.SSLError) else ""
    if said in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"):
        return Refused("no-tls", "the port is open, but does not speak TLS", "is it `http://` in clouds.yaml?")
    if any(word in said for word in _OURS):
        message = "does not accept our client certificate"
        return Refused("own-certificate", message, "`cert` and `key` of the cloud in clouds.yaml")
    what = clip(inert(str(said or inner or error)), 200)
    return Refused("failed", f"the TLS handshake fails: {what}")


def _ssl_error(error: BaseException | None) -> BaseException | None:
    """urllib3 wraps it in arguments and causes."""
    for _ in range(8):
        if error is None or isinstance(error, ssl.SSLError):
            return error
        inside = next((one for one in error.args if isinstance(one, BaseException)), None)
        error = inside or error.__cause__ or error.__context__
    return None


def _of_certificate(error: ssl.SSLCertVerificationError, shown: x509.Certificate | None) -> Refused:
    begin = day(shown.not_valid_before_utc) if shown else ""
    end = day(shown.not_valid_after_utc) if shown else ""
    unknown = "a date that is not known"
    if error.verify_code == _LATE:
        state, message = "expired", f"its certificate expired on {end or unknown}"
        hint = "renew it on the cloud's load balancer or controller; is the clock of this machine right?"
    elif error.verify_code == _EARLY:
        state, message = "not-yet-valid", f"its certificate is not valid before {begin or unknown}"
        hint = "compare the clocks of this machine and of the controller"
    elif error.verify_code in (_NAME, _ADDRESS):
        state, message = "wrong-name", f"its certificate is for other names: {names_of(shown)}"
        hint = "use one of these in `auth_url` and in the catalogue"
    elif error.verify_code in _UNKNOWN:
        state, message = (
            "untrusted",
            f"its certificate is signed by an authority we do not know: {issuer_of(shown)}",
        )
        hint = "`cacert` of the cloud in clouds.yaml names the file of the right one"
    else:
        said = clip(inert(error.verify_message or str(error)), 200)
        state, message, hint = "failed", f"its certificate is not accepted: {said}", ""
    return Refused(state, message, hint, begin, end)


def _presented(host: str, address: str, port: int, seconds: float) -> x509.Certificate | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        suppress(OSError, ValueError),
        socket.create_connection((address, port), seconds) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        return x509.load_der_x509_certificate(wrapped.getpeercert(binary_form=True) or b"")
    return None

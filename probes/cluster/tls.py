"""TLS of a cluster: the context, and what is wrong with a certificate, with its dates."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from cryptography import x509
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject

from base.errors import ConfigError
from base.text import clip, inert
from probes.certificate import common_name, day, issuer_of, names_of
from probes.cluster.kubeconfig import Login, Pem
from probes.errors import CertificateRefused, ProbeError

_DESCRIPTORS = Path("/proc/self/fd")
_LATE, _EARLY, _NAME, _ADDRESS = 10, 9, 62, 64
"""X509_V_ERR_… of OpenSSL: has expired, not yet valid, another host's, another address's."""
_UNKNOWN = frozenset({2, 18, 19, 20, 21})
"""Signed by nobody that is trusted."""
_SECONDS = 3.0


Client = TypeVar("Client", bound=RESTClientObject)


def client_of(login: Login, certificate: Pem, key: Pem, kind: type[Client]) -> Client:
    """The client of kubernetes.aio with its TLS context. ConfigError when files or keys are of no use."""
    options = Configuration(host=login.server.url, verify_ssl=not login.server.insecure)
    options.tls_server_name = login.server.tls_name
    with ExitStack() as stack:
        if login.server.ca:
            options.ca_cert_data = login.server.ca.read().decode("ascii", "replace")
        if certificate and key:
            options.cert_file = stack.enter_context(_as_file(certificate.read()))
            options.key_file = stack.enter_context(_as_file(key.read()))
        try:
            return kind(options)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise ConfigError(
                f"{login.user.place}: the certificates cannot be used: {_what(error)}",
                hint="are they PEM, and does the key belong to the certificate?",
            ) from error


def _what(error: Exception) -> str:
    return str(getattr(error, "reason", "") or getattr(error, "strerror", "") or error)


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """OpenSSL reads keys from files only. In memory where that is possible, else in a folder of our own."""
    if hasattr(os, "memfd_create") and _DESCRIPTORS.is_dir():
        descriptor = os.memfd_create("pem")
        try:
            os.write(descriptor, data)
            yield str(_DESCRIPTORS / str(descriptor))
        finally:
            os.close(descriptor)
        return
    with TemporaryDirectory(prefix="deadhop-") as folder:  # 0700
        file = Path(folder, "pem")
        file.write_bytes(data)
        yield str(file)


# ------------------------------------------------------------------ what is wrong with a certificate

_KUBEADM = "kubernetes-admin"
"""The user of kubeadm's admin.conf, and of nothing else."""
_RENEW = "`kubeadm certs renew admin.conf` on a control node, then copy it here"
_ISSUE = "have a new one issued for this user (`kubectl certificate`), and put it into the kubeconfig"


def why_ours(certificate: Pem) -> CertificateRefused | None:
    """Our own certificate is out of its time; None when it is not, or cannot be read."""
    with suppress(ValueError, ConfigError):
        held = x509.load_pem_x509_certificate(certificate.read())
        begin, end = held.not_valid_before_utc, held.not_valid_after_utc
        if end < datetime.now(UTC):
            return CertificateRefused(
                f"our client certificate ({_subject(held)}) expired on {day(end)}",
                hint=_RENEW if common_name(held.subject) == _KUBEADM else _ISSUE,
            )
        if begin > datetime.now(UTC):
            return CertificateRefused(
                f"our client certificate ({_subject(held)}) is not valid before {day(begin)}",
                hint="is the clock of this machine right?",
            )
    return None


def also_out_of_time(error: ProbeError, certificate: Pem) -> ProbeError:
    """What keeps us from the API, and with it that our own certificate would not be accepted either."""
    ours = why_ours(certificate)
    return type(error)(f"{error.message}; and {ours.message}", hint=error.hint) if ours else error


async def why_theirs(error: ssl.SSLCertVerificationError, login: Login, proxy: str) -> CertificateRefused:
    """What the verification said, with the dates of the certificate that the server shows; not past a proxy."""
    server = login.server
    shown = None if proxy else await _presented(login)
    where = server.at
    if error.verify_code == _LATE:
        return CertificateRefused(
            f"the certificate of {where} expired on {_or_unknown(shown, late=True)}",
            hint="`kubeadm certs check-expiration` on a control node",
        )
    if error.verify_code == _EARLY:
        return CertificateRefused(
            f"the certificate of {where} is not valid before {_or_unknown(shown, late=False)}",
            hint="compare the clocks of this machine and of the control node",
        )
    if error.verify_code in (_NAME, _ADDRESS):
        return CertificateRefused(
            f"the certificate of {where} is for other names: {names_of(shown)}",
            hint="use one of these in `server`, or set `tls-server-name`",
        )
    if error.verify_code in _UNKNOWN:
        issuer = issuer_of(shown)
        return CertificateRefused(
            f"the certificate of {where} is signed by an authority the kubeconfig does not know: {issuer}",
            hint="is it another cluster's, or was its CA renewed? compare `certificate-authority-data`",
        )
    said = clip(inert(error.verify_message or str(error)), 200)
    return CertificateRefused(f"the certificate of {where} is not accepted: {said}")


async def _presented(login: Login) -> x509.Certificate | None:
    """A handshake that trusts nobody and says nothing, only to read the certificate."""
    server = login.server
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(
                server.host, server.port, ssl=context, server_hostname=server.tls_name or server.host
            )
            held = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.transport.abort()
            return x509.load_der_x509_certificate(held or b"")
    except (OSError, ValueError, TimeoutError):
        return None


def _or_unknown(shown: x509.Certificate | None, *, late: bool) -> str:
    if shown is None:
        return "a date that is not known"
    return day(shown.not_valid_after_utc if late else shown.not_valid_before_utc)


def _subject(held: x509.Certificate) -> str:
    return common_name(held.subject) or "without a name"

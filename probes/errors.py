"""Why a probe could not look. These become `unknown`, never `healthy`."""

from __future__ import annotations

from base.errors import DeadhopError, UsageError


class ProbeError(DeadhopError):
    """Could not look. `reason` is a stable word for programs; the message is for people."""

    reason = "could-not-look"
    exit_code = 2


class HostUnreachable(ProbeError):
    """No connection, or it was lost on the way."""

    reason = "unreachable"


class HostKeyRefused(HostUnreachable):
    """The host's key is not the known one, or is not known at all."""

    reason = "host-key"


class AccessDenied(ProbeError):
    """SSH refused the login, or sudo wants a password."""

    reason = "denied"


class ProbeTimeout(ProbeError):
    reason = "timeout"


class Forbidden(ProbeError):
    """The API knows who asks, and does not let them look (403)."""

    reason = "forbidden"


class NotFound(ProbeError):
    """The API holds no such object, or does not know the question (404)."""

    reason = "not-found"


class Unavailable(ProbeError):
    """The API answers that it cannot answer now (429, 5xx), for as long as there was time to ask again."""

    reason = "unavailable"


class CertificateRefused(HostUnreachable):
    """TLS: the certificate of the other side, or our own, is not accepted."""

    reason = "certificate"


class CommandMissing(ProbeError):
    """The tool is not installed there."""

    reason = "missing-command"


class CommandFailed(ProbeError):
    """The tool ran and said no."""

    reason = "command-failed"


class UnreadableOutput(ProbeError):
    """The tool answered in words its parser does not know."""

    reason = "unreadable"


class OutputTooLong(ProbeError):
    reason = "too-long"


class NotRecorded(ProbeError):
    """A replay was asked what its recording does not hold."""

    reason = "not-recorded"


class NoSuchHost(ProbeError, UsageError):
    """The site has no such host: a hypervisor that the cloud names, or a word on the command line."""

    reason = "no-such-host"
    exit_code = UsageError.exit_code

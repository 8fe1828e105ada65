"""asyncssh's exceptions as ours, in one place. Imports asyncssh: only for what already speaks SSH."""

from __future__ import annotations

import os
import socket

import asyncssh
from asyncssh import gss
from asyncssh.asn1 import ASN1Error
from asyncssh.misc import SoftEOFReceived
from asyncssh.packet import PacketDecodeError
from asyncssh.pbe import KeyEncryptionError
from asyncssh.saslprep import SASLPrepError

from probes.errors import AccessDenied, HostKeyRefused, HostUnreachable, ProbeError, ProbeTimeout

_LOOK_AT_KEY = "compare the fingerprints before you trust it: `ssh-keygen -F HOST` and the host's own console"
_LOOK_AT_LOGIN = "check User and IdentityFile of the SSH configuration and `ssh-add -l`; try `ssh -v`"
_LOOK_AT_LINK = "try `ssh -v`"

_GSS_ERROR: type[Exception] = vars(gss)["GSSError"]  # of an optional package, or asyncssh's own stand-in

KINDS: dict[type[Exception], tuple[type[ProbeError], str]] = {
    asyncssh.HostKeyNotVerifiable: (HostKeyRefused, _LOOK_AT_KEY),
    asyncssh.PermissionDenied: (AccessDenied, _LOOK_AT_LOGIN),
    asyncssh.IllegalUserName: (AccessDenied, _LOOK_AT_LOGIN),
    asyncssh.PasswordChangeRequired: (AccessDenied, "log in by hand once and change the password"),
    asyncssh.KeyImportError: (AccessDenied, "check that IdentityFile is a private key ssh can read"),
    asyncssh.KeyExportError: (AccessDenied, _LOOK_AT_LOGIN),
    asyncssh.KeyGenerationError: (AccessDenied, _LOOK_AT_LOGIN),
    KeyEncryptionError: (AccessDenied, "load the key into the agent: `ssh-add`"),
    SASLPrepError: (AccessDenied, _LOOK_AT_LOGIN),
    asyncssh.ConfigParseError: (ProbeError, "check the SSH configuration with `ssh -G HOST`"),
    asyncssh.ConnectionLost: (HostUnreachable, _LOOK_AT_LINK),
    asyncssh.KeyExchangeFailed: (
        HostUnreachable,
        "the SSH server is too old or too new for the configured algorithms",
    ),
    asyncssh.DisconnectError: (HostUnreachable, _LOOK_AT_LINK),
    asyncssh.ChannelOpenError: (HostUnreachable, _LOOK_AT_LINK),
    asyncssh.ChannelListenError: (HostUnreachable, _LOOK_AT_LINK),
    asyncssh.TimeoutError: (ProbeTimeout, _LOOK_AT_LINK),
    asyncssh.BreakReceived: (HostUnreachable, _LOOK_AT_LINK),
    asyncssh.SignalReceived: (HostUnreachable, _LOOK_AT_LINK),
    SoftEOFReceived: (HostUnreachable, _LOOK_AT_LINK),
    asyncssh.TerminalSizeChanged: (HostUnreachable, _LOOK_AT_LINK),
    ASN1Error: (AccessDenied, "check that IdentityFile is a private key ssh can read"),
    _GSS_ERROR: (AccessDenied, "check the Kerberos ticket: `klist`"),
    PacketDecodeError: (HostUnreachable, _LOOK_AT_LINK),
    asyncssh.Error: (HostUnreachable, _LOOK_AT_LINK),
}
"""Nearest base wins."""

_KEY_TYPES = "server host key"


def as_probe_error(error: Exception, who: str) -> ProbeError:
    """What a failed login or channel means; `who` names the host for the message."""
    if isinstance(error, ProbeError):
        return error
    if isinstance(error, asyncssh.KeyExchangeFailed) and _KEY_TYPES in str(error).lower():
        return HostKeyRefused(f"{who}: the host has no key of the known type", hint=_LOOK_AT_KEY)
    for base in type(error).__mro__:
        if base in KINDS:
            kind, hint = KINDS[base]
            return kind(f"{who}: {_words(error)}", hint=hint)
    if isinstance(error, socket.gaierror):
        return HostUnreachable(
            f"{who}: the name cannot be resolved", hint="check HostName of the SSH configuration"
        )
    if isinstance(error, PermissionError) and error.filename:
        return AccessDenied(f"{who}: {error.filename} cannot be read", hint="check the file's owner and mode")
    if isinstance(error, OSError):
        # asyncio's own words hide the kernel's: "Connect call failed"
        return HostUnreachable(
            f"{who}: {os.strerror(error.errno) if error.errno else _words(error)}", hint=_LOOK_AT_LINK
        )
    if isinstance(error, ValueError):
        return ProbeError(f"{who}: {_words(error)}", hint="check the SSH configuration with `ssh -G HOST`")
    raise error


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__

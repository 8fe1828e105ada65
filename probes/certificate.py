"""What a certificate says, in words that are safe to show."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from base.text import clip, inert

_NOT_KNOWN = "not known"


def day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def issuer_of(shown: x509.Certificate | None) -> str:
    return (common_name(shown.issuer) if shown else "") or _NOT_KNOWN


def common_name(name: x509.Name) -> str:
    return ", ".join(clip(inert(str(part.value)), 100) for part in name.get_attributes_for_oid(NameOID.COMMON_NAME))


def names_of(shown: x509.Certificate | None) -> str:
    """Names and addresses it is good for; its common name where it lists none."""
    if shown is None:
        return _NOT_KNOWN
    with suppress(x509.ExtensionNotFound, ValueError):
        held = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [*held.get_values_for_type(x509.DNSName), *map(str, held.get_values_for_type(x509.IPAddress))]
        return clip(inert(", ".join(names)), 300)
    return common_name(shown.subject) or _NOT_KNOWN

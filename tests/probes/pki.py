"""Certificates and kubeconfigs for tests of clusters: right ones, and wrong in one way each."""

from __future__ import annotations

import base64
import ipaddress
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        form = serialization.PrivateFormat.TraditionalOpenSSL
        return self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        files = folder / f"{name}.crt", folder / f"{name}.key"
        files[0].write_bytes(self.pem)
        files[1].write_bytes(self.key_pem)
        files[1].chmod(0o600)
        return files


def authority(name: str) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    builder = _builder(subject, subject, key, (-1.0, 3650.0))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Pair(builder.sign(key, SHA256()), key)


def signed(
    by: Pair, name: str, group: str = "", days: tuple[float, float] = (-1.0, 30.0), hosts: tuple[str, ...] = ()
) -> Pair:
    """Valid from and to so many days from now; a server's where `hosts` are given."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(name, group), by.certificate.subject, key, days)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
    builder = builder.add_extension(issuer, critical=False)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_host, hosts))), critical=False)
    return Pair(builder.sign(by.key, SHA256()), key)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, days: tuple[float, float]) -> x509.CertificateBuilder:
    begin, end = (datetime.now(UTC) + timedelta(days=one) for one in days)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)


def _name(name: str, group: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def kubeconfig(
    file: Path,
    url: str,
    ca: Pair | None = None,
    client: Pair | None = None,
    user: dict[str, Any] | None = None,
    name: str = "lab",
    **server: Any,
) -> Path:
    """With one context of that name; `user` and `server` are entries as they stand in such a file."""
    cluster = {"server": url, **server}
    if ca:
        cluster["certificate-authority-data"] = base64.b64encode(ca.pem).decode()
    who = dict(user or {})
    if client:
        who["client-certificate-data"] = base64.b64encode(client.pem).decode()
        who["client-key-data"] = base64.b64encode(client.key_pem).decode()
    context = {"name": name, "context": {"cluster": name, "user": name}}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": who}],
        "contexts": [context],
        "current-context": name,
    }
    file.write_text(json.dumps(config))
    return file

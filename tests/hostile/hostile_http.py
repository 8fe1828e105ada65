"""An HTTP or HTTPS server that misbehaves as a test wants, and certificates that are wrong in one way each."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Behaviour = Callable[["Asked", Writer], Awaitable[None]]
FOR_GOOD = 3600.0


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Served:
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def paths(self, method: str = "GET") -> list[str]:
        return [one.path for one in self.asked if one.method == method]


@asynccontextmanager
async def serving(behave: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Served]:
    """Every request is given to `behave`, which writes what it likes. The connection closes when it says so."""
    served = Served(scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        served.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            while not writer.is_closing():
                asked = await _request(reader)
                served.asked.append(asked)
                await behave(asked, writer)
                await writer.drain()
        writer.transport.abort()
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: Reader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body)


def answer(status: int, body: Any = b"", **headers: str) -> bytes:
    """A whole reply; JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"Content-Type": "application/json", "Content-Length": str(len(content)), **named}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + content


@asynccontextmanager
async def mute(says: bytes = b"") -> AsyncIterator[int]:
    """A port that takes connections and says the same to everybody, or nothing, not even TLS."""

    async def hold(reader: Reader, writer: Writer) -> None:
        writer.write(says)
        with suppress(asyncio.CancelledError, ConnectionError):
            await reader.read()
        writer.transport.abort()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0)


# ------------------------------------------------------------------ certificates


@dataclass(frozen=True)
class Authority:
    """One that signs, and the file that says to trust it."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    file: Path


def authority(folder: Path, name: str) -> Authority:
    key, subject = ec.generate_private_key(ec.SECP256R1()), _named(name)
    held = _signed(subject, subject, key, key, (-1, 3650), x509.BasicConstraints(ca=True, path_length=None))
    file = folder / f"{name}.pem"
    file.write_bytes(held.public_bytes(serialization.Encoding.PEM))
    return Authority(subject, key, file)


def server_tls(
    by: Authority, folder: Path, days: tuple[int, int] = (-1, 30), host: str = "127.0.0.1"
) -> ssl.SSLContext:
    """A server's context, with a certificate that is valid from and to so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    try:
        names: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        names = x509.DNSName(host)
    held = _signed(_named(host), by.name, key, by.key, days, x509.SubjectAlternativeName([names]))
    file = folder / f"{host}{days[0]}{days[1]}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(held.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    days: tuple[int, int],
    extension: x509.ExtensionType,
) -> x509.Certificate:
    begin, end = (datetime.now(UTC) + timedelta(days=one) for one in days)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
    return builder.add_extension(extension, critical=False).sign(by, hashes.SHA256())


def says(data: bytes, *, close: bool = False) -> Behaviour:
    async def behave(asked: Asked, writer: Writer) -> None:
        writer.write(data)
        if close:
            await writer.drain()
            writer.close()

    return behave


def drips(head: bytes, piece: bytes, pause: float = 0.05) -> Behaviour:
    async def behave(asked: Asked, writer: Writer) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return behave


async def says_nothing(asked: Asked, writer: Writer) -> None:
    await asyncio.sleep(FOR_GOOD)

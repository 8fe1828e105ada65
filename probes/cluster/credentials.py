"""Who asks: bearer tokens, files of them, and exec plugins, which are run as kubectl runs them."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec

from base.errors import ConfigError, Place
from base.text import clip, inert
from probes.cluster.kubeconfig import ExecPlugin, Pem, Server, User
from probes.decoding import decoded
from probes.errors import AccessDenied, CommandMissing, OutputTooLong
from probes.ssh_config import read_text

_MOST = 1 << 20
_REAPING = 1.0
"""Seconds a child that was killed has to be waited for."""
_SOON = timedelta(seconds=10)
"""A token that ends this soon is renewed."""


class Given(msgspec.Struct, frozen=True, rename="camel"):
    """`status` of an ExecCredential."""

    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime | None = None


class _Credential(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    status: Given


class Credentials:
    """Of one user. What a plugin gave is used until it ends or is refused; it never leaves the memory."""

    def __init__(self, user: User, server: Server) -> None:
        self.user, self._server = user, server
        self._given: Given | None = None
        self._running = asyncio.Lock()

    async def header(self) -> str:
        """For `Authorization`; empty without any. AccessDenied or CommandMissing when a plugin gives none."""
        bearer = self._bearer() or (await self.given()).token
        if not bearer and any(self.user.basic):
            return "Basic " + base64.b64encode(":".join(self.user.basic).encode()).decode()
        if not bearer and self.user.provider and not (await self.pair())[0]:
            raise ConfigError(
                f"{self.user.place}: the auth-provider `{clip(inert(self.user.provider), 60)}` holds no token",
                hint="kubectl has given up auth-providers: an exec plugin takes their place",
            )
        if not bearer:
            return ""
        if not (bearer.isascii() and bearer.isprintable()) or " " in bearer:
            raise ConfigError(f"{self.user.place}: the token holds what no token can", hint="is it cut or wrapped?")
        return f"Bearer {bearer}"

    async def pair(self) -> tuple[Pem, Pem]:
        """Client certificate and key; empty without any."""
        given = await self.given()
        if given.client_certificate_data:
            return Pem(given.client_certificate_data.encode()), Pem(given.client_key_data.encode())
        return self.user.certificate, self.user.key

    def refused(self) -> bool:
        """Forgets what the plugin gave; False when there is nothing else to try."""
        held, self._given = self._given, None
        return held is not None

    def _bearer(self) -> str:
        """A file is read each time: the token of a pod is renewed in it."""
        file = self.user.bearer_file
        return read_text(file, Place(str(file))).strip() if file else self.user.bearer

    async def given(self) -> Given:
        """What the plugin gives, run once for all that wait for it."""
        if self.user.plugin is None:
            return Given()
        async with self._running:
            if self._given is None or _ends_soon(self._given):
                self._given = await run_plugin(self.user.plugin, self._server)
            return self._given


def _ends_soon(given: Given) -> bool:
    end = given.expiration_timestamp
    return end is not None and end.replace(tzinfo=end.tzinfo or UTC) < datetime.now(UTC) + _SOON


async def run_plugin(plugin: ExecPlugin, server: Server) -> Given:
    """Cancelled, it is ended with all it started."""
    environment = {**os.environ, **dict(plugin.env), "KUBERNETES_EXEC_INFO": _question(plugin, server)}
    loop, null = asyncio.get_running_loop(), asyncio.subprocess.DEVNULL
    try:
        _, child = await loop.subprocess_exec(
            _Plugin, *plugin.argv, stdin=null, env=environment, start_new_session=True
        )
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        kind = CommandMissing if missing else AccessDenied
        hint = clip(inert(plugin.install_hint.strip()), 300) or f"{plugin.place} names it"
        raise kind(f"the exec plugin `{plugin.argv[0]}` cannot be run: {_why(error)}", hint=hint) from error
    try:
        await asyncio.shield(child.over)
    finally:
        await child.close()
    if child.too_much:
        raise OutputTooLong(f"the exec plugin `{plugin.argv[0]}` says too much", hint=f"{plugin.place} names it")
    return _read(plugin, child.status, bytes(child.said[1]), bytes(child.said[2]))


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


class _Plugin(asyncio.SubprocessProtocol):
    """A child in a session of its own: what it says, up to a limit, until it and its pipes are gone."""

    def __init__(self) -> None:
        self.said = {1: bytearray(), 2: bytearray()}
        self.too_much = False
        self.status = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        self.said[fd] += cast(bytes, data)[: _MOST + 1 - len(self.said[fd])]
        if len(self.said[fd]) > _MOST:
            self.too_much = True
            self._finish()

    def process_exited(self) -> None:
        self.status = self._transport.get_returncode() or 0
        if not self._exited.done():
            self._exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish()

    def _finish(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    async def close(self) -> None:
        """Before its end, its whole group is ended."""
        if self.too_much or not self.over.done():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._exited), _REAPING)
        self._transport.close()


def _question(plugin: ExecPlugin, server: Server) -> str:
    spec: dict[str, Any] = {"interactive": False}
    if plugin.wants_cluster:
        spec["cluster"] = _about(server)
    return msgspec.json.encode({"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}).decode()


def _about(server: Server) -> dict[str, Any]:
    about: dict[str, Any] = {"server": server.url}
    if server.ca:
        about["certificate-authority-data"] = base64.b64encode(server.ca.read()).decode()
    if server.tls_name:
        about["tls-server-name"] = server.tls_name
    if server.insecure:
        about["insecure-skip-tls-verify"] = True
    if server.proxy:
        about["proxy-url"] = server.proxy
    return about


def _read(plugin: ExecPlugin, status: int, stdout: bytes, stderr: bytes) -> Given:
    name = plugin.argv[0]
    if status:
        said = clip(inert(stderr.decode("utf-8", "replace").strip()[-300:]), 300)
        raise AccessDenied(f"the exec plugin `{name}` said {status}: {said}", hint="run kubectl once by hand")
    try:
        credential = decoded(stdout, _Credential)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AccessDenied(
            f"the exec plugin `{name}` gave no ExecCredential", hint=f"{plugin.place} names it"
        ) from error
    if credential.api_version != plugin.api_version or credential.kind != "ExecCredential":
        versions = f"{clip(inert(credential.api_version), 60)}, not {clip(inert(plugin.api_version), 60)}"
        raise AccessDenied(f"the exec plugin `{name}` speaks {versions}", hint="`apiVersion` in the kubeconfig")
    if not (credential.status.token or credential.status.client_certificate_data):
        raise AccessDenied(f"the exec plugin `{name}` gave neither token nor certificate", hint="is it logged in?")
    return credential.status

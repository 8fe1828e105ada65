"""Credentials of a control node, for an operator whose machine has none. Read over SSH, parsed, kept in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from base.errors import ConfigError, Place
from probes.cloud.attempt import Stopped
from probes.cloud.files import entries_in
from probes.cloud.openrc import parse_openrc
from probes.cloud.where import Where
from probes.connection import Command
from probes.control_node import CLOUDS, RCS
from probes.errors import AccessDenied, NotFound, ProbeError
from probes.exchange import Reply
from probes.linux.ask import why_no_answer
from probes.site import Cloud, target_of

if TYPE_CHECKING:
    from probes.toolbox import LiveToolbox

_DEFAULT = "kolla-admin"


async def credentials(cloud: Cloud, toolbox: LiveToolbox) -> tuple[Mapping[str, Any], bytes]:
    """What a clouds.yaml would say, and the authority it names. Stopped when there is none, or no way to it."""
    files = await _files(cloud, toolbox)
    try:
        given = _chosen(cloud, files)
    except ConfigError as error:
        message = f"{cloud.host}: {error.message}"
        raise Stopped(ProbeError, Where("config"), message, hint=error.hint) from error
    return given, await _authority(cloud, given, toolbox)


async def _files(cloud: Cloud, toolbox: LiveToolbox) -> dict[str, str]:
    """All at once, by path."""
    reply = await _said(cloud, toolbox, "grep", "-sH", "", *CLOUDS, *RCS)
    files: dict[str, list[str]] = {}
    for line in reply.stdout.splitlines():
        path, _, text = line.partition(":")
        files.setdefault(path, []).append(text)
    found = {path: "\n".join(lines) + "\n" for path, lines in files.items() if path in (*CLOUDS, *RCS)}
    if not found:
        message = f"{cloud.host}: has no credentials of a cloud where control nodes keep them"
        raise Stopped(NotFound, Where("config"), message, hint="give the cloud a `config` in site.yaml")
    return found


async def _said(cloud: Cloud, toolbox: LiveToolbox, *argv: str) -> Reply:
    """As root, and where that is refused as who logs in: some files are for a group."""
    try:
        return await _said_as(cloud, toolbox, argv, sudo=True)
    except Stopped as refused:
        if refused.kind is not AccessDenied:
            raise
    return await _said_as(cloud, toolbox, argv, sudo=False)


async def _said_as(cloud: Cloud, toolbox: LiveToolbox, argv: tuple[str, ...], *, sudo: bool) -> Reply:
    target, command = target_of(cloud.host), Command(argv=argv, sudo=sudo, private=True)
    reply = await toolbox.connection(target).run(command)
    error = why_no_answer(reply, command, target, None)
    if error is not None:
        raise Stopped(type(error), Where("config"), error.message, hint=error.hint)
    return reply


def _chosen(cloud: Cloud, files: Mapping[str, str]) -> Mapping[str, Any]:
    """The first clouds.yaml that has the cloud, else the first file of OS_*."""
    others: list[str] = []
    for path in CLOUDS:
        clouds = entries_in(files[path], path) if path in files else {}
        name = _name(cloud, clouds)
        if name:
            return clouds[name].good()
        others += clouds
    for path in RCS:
        if path in files and not cloud.entry:
            return parse_openrc(files[path], Place(path))
    wanted = cloud.entry or cloud.name
    raise ConfigError(f"no cloud {wanted} in its files", hint=f"there are: {', '.join(others) or 'none'}")


def _name(cloud: Cloud, clouds: Mapping[str, Any]) -> str:
    """By its entry; without one by its own name, as kolla calls it, or the only one there."""
    wanted = [cloud.entry] if cloud.entry else [cloud.name, _DEFAULT, *(clouds if len(clouds) == 1 else ())]
    return next((name for name in wanted if name in clouds), "")


async def _authority(cloud: Cloud, given: Mapping[str, Any], toolbox: LiveToolbox) -> bytes:
    path = given.get("cacert")
    if not isinstance(path, str) or not path.startswith("/"):
        return b""
    reply = await _said(cloud, toolbox, "cat", path)
    if reply.status != 0 or "BEGIN CERTIFICATE" not in reply.stdout:
        message = f"{cloud.host}: {path}, which its credentials name as `cacert`, cannot be read"
        raise Stopped(ProbeError, Where("config"), message)
    return reply.stdout.encode()

"""How far the way to a host's shell leads: `host.reach`, and the same for a whole site."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
import typing
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from base.tasks import end_all
from probes.connection import Command
from probes.errors import ProbeError, UnreadableOutput
from probes.exchange import Reply
from probes.facts import Reach
from probes.linux.ask import why_no_answer
from probes.probe import Failure, Toolbox, probe
from probes.site import Site

if TYPE_CHECKING:
    from probes.ssh import Logins

_AT_ONCE = 64
_TYPES = typing.get_type_hints(Reach)


async def try_reach(host: str, site: Site, logins: Logins) -> Reply:
    """A fresh look, layer by layer. stdout is what `parse_reach` reads. Jump hosts we are logged in to
    already are not logged in to again."""
    if host not in site.by_name:
        message, hint = f"{site.source} has no host {host}", "`deadhop site show` lists the hosts"
        return Reply(None, failure=ProbeError.reason, message=message, hint=hint)
    from probes.ssh_look import look  # needs asyncssh, which takes its time to load

    begun = time.monotonic()
    reach = await look(host, site, logins)
    return Reply(0, json.dumps(dataclasses.asdict(reach)), seconds=round(time.monotonic() - begun, 3))


def parse_reach(text: str) -> Reach:
    """Of a reach reply's stdout; UnreadableOutput when it is none."""
    try:
        data: dict[str, Any] = json.loads(text)
        data["known_fingerprints"] = tuple(map(str, data["known_fingerprints"]))
        reach = Reach(**data)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UnreadableOutput("the reply of `reach` is not in its form") from error
    wrong = [key for key, value in data.items() if not isinstance(value, _plain(_TYPES[key]))]
    if wrong:
        raise UnreadableOutput(f"the reply of `reach` is not in its form: {', '.join(wrong)}")
    return reach


def _plain(kind: Any) -> type:
    plain: type = typing.get_origin(kind) or kind
    return plain


def read_reach(host: str, reply: Reply) -> Reach:
    """Reach, or the ProbeError the reply stands for."""
    error = why_no_answer(reply, Command(("reach", host)), f"host:{host}")
    if error is not None:
        raise error
    return parse_reach(reply.stdout)


@probe("host.reach", commands=("reach",), timeout=12.0, host="host")
async def reach(operator: str, toolbox: Toolbox, host: str) -> Reach:
    """How far the way to a host's shell leads: name, route, port, banner, key, login, sudo."""
    return read_reach(host, await toolbox.reach(host))


async def check_site(toolbox: Toolbox) -> AsyncIterator[tuple[str, Reach | Failure]]:
    """Every host of the site as its answer comes, all tried at the same time."""
    answers: asyncio.Queue[tuple[str, Reach | Failure]] = asyncio.Queue()
    width = asyncio.Semaphore(_AT_ONCE)

    async def ask(host: str) -> None:
        async with width:
            try:
                answer: Reach | Failure = read_reach(host, await toolbox.reach(host))
            except ProbeError as error:
                answer = Failure(error.reason, error.message, error.hint)
        answers.put_nowait((host, answer))

    tasks = [asyncio.create_task(ask(host.name)) for host in toolbox.site.hosts]
    try:
        for _ in tasks:
            yield await answers.get()
    finally:
        await end_all(tasks)


def unseen(host: str, error: str) -> Reach:
    """A host whose way nobody could try."""
    return Reach(
        asked=host,
        host=host,
        address="",
        port=0,
        via="",
        stopped_at="unknown",
        port_state="unknown",
        banner="",
        key_state="unseen",
        presented_key="",
        presented_fingerprint="",
        known_fingerprints=(),
        known_hosts_file="",
        known_hosts_line=0,
        login="untried",
        user="",
        sudo="untried",
        has_console=False,
        error=error,
    )

"""Which services of OpenStack run on hosts of a site: hosts that have none, and sites that have no hosts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from probes.cloud.units import units
from probes.connection import Command
from probes.errors import HostUnreachable
from probes.exchange import Reply
from probes.site import OPERATOR, Host, Site
from probes.toolbox import LiveToolbox

NO_SYSTEMD = Reply(127, "", "sh: systemctl: not found\n")
NO_LOGIN = Reply(None, failure="unreachable", message="nobody answers")


@dataclass
class Answers:
    """A host that answers every command alike."""

    target: str
    reply: Reply

    async def run(self, command: Command) -> Reply:
        return self.reply


class Scripted(LiveToolbox):
    def __init__(self, replies: dict[str, Reply]) -> None:
        super().__init__(Site("s", hosts=tuple(map(Host, replies))), lambda exchange: None)
        self._replies = replies

    def connection(self, target: str) -> Answers:  # type: ignore[override]
        return Answers(target, self._replies[target.removeprefix("host:")])


async def test_a_host_without_systemd_has_none_and_was_asked() -> None:
    found = await units(OPERATOR, Scripted({"box": NO_SYSTEMD, "gone": NO_LOGIN}))
    assert (found.units, found.wrong, found.unseen) == ((), (), ("gone",))


async def test_nobody_who_answers_is_an_error_and_nobody_to_ask_is_none() -> None:
    with pytest.raises(HostUnreachable, match="no host of the site can be asked"):
        await units(OPERATOR, Scripted({"gone": NO_LOGIN}))
    assert (await units(OPERATOR, Scripted({}))).units == ()

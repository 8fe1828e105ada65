"""Beside a trace: whether packets of the link's own size arrive too, and who should have said that they do not.

Echo requests alone: of a connection the kernels choose the sizes themselves.
"""

from __future__ import annotations

from probes.errors import ProbeError
from probes.path import ladder, mtu
from probes.path.mtu_facts import Ladder, PathMtu
from probes.probe import PROBES, Toolbox

COMMANDS = PROBES["path.mtu"].commands


async def first_rungs(toolbox: Toolbox, source: str, target: str, payload: int) -> Ladder | None:
    """The link's size, or the one that was asked for, and a small one. None where nobody can try."""
    try:
        return await ladder.first_rungs(toolbox, source, target, payload and payload + ladder.headers(target))
    except ProbeError:
        return None


async def followed(toolbox: Toolbox, found: Ladder | None) -> tuple[PathMtu, ...]:
    """As path.mtu; not beside the trace's own packets, for it sends many more."""
    if found is None or not found.answers:
        return ()
    try:
        return (await mtu.followed(toolbox, found),)
    except ProbeError:
        return ()


def verdict(said: str, sizes: tuple[PathMtu, ...], *, asked: bool) -> str:
    """What a trace comes to that says `said` of its own packets. `asked`: they have a size that was asked for."""
    arrives = said in ("arrives", "refused")
    for one in sizes:
        if one.lost and (arrives or asked):
            return "sizes-lost"
        if asked and not arrives and (one.told_by or one.told_mtu):
            return "too-large"
    return said

"""A Service's endpoints, each by its own address: which of them answers."""

from __future__ import annotations

from collections.abc import Sequence

from probes.errors import ProbeError
from probes.node.dns_message import FRESH, question
from probes.node.tries import Try, outcomes
from probes.probe import Toolbox
from probes.site import target_of
from probes.trace.facts import Branch
from probes.trace.marks import Mark
from probes.trace.sending import tried as summed

_MOST = 8
_TIMES = 2
Place = tuple[str, int]


async def tried(toolbox: Toolbox, source: str, mark: Mark, places: Sequence[Place], pod: str) -> tuple[Branch, ...]:
    """From a host or a pod on it. None where nobody there can try."""
    if mark.protocol == "icmp" or not places:
        return ()
    message = question(f"deadhop-{FRESH}.invalid") if mark.protocol == "udp" else ""
    asked = [Try(mark.protocol, *place, message) for place in places[:_MOST] for _ in range(_TIMES)]
    try:
        ends = await outcomes(toolbox.connection(target_of(source)), asked, pod)
    except ProbeError:
        return ()
    if set(ends) == {"failed"}:
        return ()
    return tuple(_branch(place, ends[n * _TIMES : (n + 1) * _TIMES]) for n, place in enumerate(places[:_MOST]))


def _branch(place: Place, ends: Sequence[str]) -> Branch:
    said = summed(ends)
    return Branch(*place, said.sent, said.received, said.refused)

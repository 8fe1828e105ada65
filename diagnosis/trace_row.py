"""The row of hops of a trace: a line for each interface, the dead hop where our packets were seen last, and what
nobody could see. Printed and drawn from the same lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from base.text import Text
from diagnosis.trace_words import BECOMES, GAPS, bad_branches

if TYPE_CHECKING:
    from diagnosis.tracing import Planned
    from probes.trace.facts import Trace, TracedHop

SEEN, LOST, UNKNOWN, BEYOND = "✓", "✗", "?", "·"
_MARKS = {"seen": SEEN, "lost": LOST, "unknown": UNKNOWN, "beyond": BEYOND}


@dataclass(frozen=True, slots=True)
class Line:
    mark: str
    host: str
    direction: str
    """there or back."""
    arrow: str = ""
    """In or out of the host; empty on the line that says that they end here."""
    at: str = ""
    count: str = ""
    """Seen of sent; `?` where it could not be told."""

    @property
    def ends(self) -> bool:
        return not self.arrow


def title(one: Planned) -> str:
    """`k8s-host → web-1 (10.0.3.7)  TCP 443`."""
    source, target = one.source.name or one.source.address, one.target.name or one.target.address
    address = f" ({one.target.address})" if target != one.target.address else ""
    how = one.wanted.protocol.upper() + (f" {one.wanted.port}" if one.wanted.port else "")
    return f"{source} → {target}{address}  {how}"


def row(trace: Trace) -> Iterator[Line]:
    dead = trace.dead[0] if trace.dead else None
    end = Line(LOST, dead.host, dead.direction) if dead is not None else None
    marked = _marked(trace)
    there = sum(hop.direction == "there" for hop in trace.hops)
    for number, hop in enumerate(trace.hops):
        if number == there:
            yield from _unlit(trace)
        if hop.direction == "back" and trace.hops[number:] == _untouched(trace):
            break
        yield _line(hop)
        if number == marked and end is not None:
            yield end
    if there == len(trace.hops):
        yield from _unlit(trace)
    if end is not None and marked < 0:
        yield end


def _unlit(trace: Trace) -> Iterator[Line]:
    """Behind the last hop that could be asked, where the way goes on: who comes next, and a target that answers."""
    there = [hop for hop in trace.hops if hop.direction == "there" and not hop.outer]
    if not there or there[-1].side == "in" or trace.dead or trace.loop:
        return
    known = {hop.host for hop in trace.hops}
    following = next((name for name in trace.unseen if name not in known), "")
    if not following:
        return
    yield Line(UNKNOWN, following, "there", "·", "", "?")
    if trace.received and following != trace.target:
        yield Line(SEEN, trace.target, "there", "←", "", f"{trace.received}/{trace.sent}")


def _untouched(trace: Trace) -> tuple[TracedHop, ...]:
    """The way back, where no answer ever came that far: a row of nothing."""
    back = tuple(hop for hop in trace.hops if hop.direction == "back")
    return back if all(hop.verdict == "beyond" for hop in back) and not _dies_back(trace) else ()


def _dies_back(trace: Trace) -> bool:
    return bool(trace.dead) and trace.dead[0].direction == "back"


def _marked(trace: Trace) -> int:
    """Number of the station behind which they end: the dead host's last that they may have come in by, else the one
    before its first."""
    if not trace.dead:
        return -1
    dead = trace.dead[0]
    if dead.outer:
        outer = [n for n, hop in enumerate(trace.hops) if hop.outer and hop.direction == dead.direction]
        return outer[0] - 1 if outer else -1
    own = [n for n, hop in enumerate(trace.hops) if (hop.host, hop.direction) == (dead.host, dead.direction)]
    if dead.flows:
        own = [n for n in own if trace.hops[n].at == dead.in_interface] or own
        return own[0]
    came = [n for n in own if trace.hops[n].side == "in" and trace.hops[n].verdict in ("seen", "unknown")]
    if came:
        return came[-1]
    if own:
        return own[0] - (trace.hops[own[0]].verdict != "seen")
    there = [n for n, hop in enumerate(trace.hops) if hop.direction == "there"]
    return there[-1] if there and dead.direction == "back" else -1


def _line(hop: TracedHop) -> Line:
    arrow = "→" if hop.side == "out" else "←"
    where = f"({hop.at})" if hop.outer else hop.at  # inside the packets of a tunnel
    count = f"{hop.seen}/{hop.sent}" if hop.by else "?"
    return Line(_MARKS[hop.verdict], hop.host, hop.direction, arrow, where, count)


def translations(trace: Trace) -> Iterator[Text]:
    """Where a host on the way gives them another target."""
    for one in trace.translations:
        to = f"{one.address}:{one.port}" if one.port else one.address
        yield Text(*(words.format(host=one.host, to=to) for words in (BECOMES.en, BECOMES.ko)))


def gaps(trace: Trace) -> Iterator[Text]:
    """What nobody could see."""
    if trace.unseen:
        yield _named(GAPS["unseen"], trace.unseen)
    if trace.unread:
        yield _named(GAPS["unread"], trace.unread)
    if trace.uncounted:
        yield _named(GAPS["uncounted"], trace.uncounted)
    if ":" in trace.target and trace.verdict not in ("arrives", "refused"):
        yield GAPS["six"]


def _named(words: Text, hosts: tuple[str, ...]) -> Text:
    return Text(f"{words.en}: {', '.join(hosts)}", f"{words.ko}: {', '.join(hosts)}")


def endpoints(trace: Trace) -> Iterator[tuple[str, str]]:
    """Mark and text of each endpoint of a Service, tried by its own address."""
    bad = bad_branches(trace)
    for one in trace.branches:
        served = one.received - one.refused
        mark = LOST if one in bad else SEEN if served else UNKNOWN
        yield mark, f"{one.address}:{one.port}  {served}/{one.sent}"

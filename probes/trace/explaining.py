"""Why a bridge of Open vSwitch lets our packets go no further: its own `ofproto/trace`, asked where they came in
and were not seen leaving. The counters of its flows decide whether that is believed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from base.text import clip, inert
from probes.cloud import containers, openvswitch
from probes.connection import Connection
from probes.errors import ProbeError
from probes.linux.ask import ask, reply_to
from probes.linux.fields import reading
from probes.probe import Toolbox
from probes.site import target_of
from probes.trace import crossing
from probes.trace.crossing import Crossing, crossings
from probes.trace.facts import DeadHop, FlowStep
from probes.trace.growing import UNKNOWN, Growing, Grown
from probes.trace.judging import Judgement
from probes.trace.marks import Mark
from probes.trace.pipeline import NAME, Pipeline, Step, parse_pipeline
from probes.trace.switch import Switch
from probes.trace.switching import Drops, Flow, parse_flow
from probes.trace.watching import Watched

_TRACE = "ovs-appctl ofproto/trace"
_NETWORKS = {"Port": "name,other_config"}
COMMANDS = (_TRACE, *containers.inside(openvswitch.SERVICE, _TRACE))
_ANSWERS = ("--ct-next", "trk,est,rpl") * 3
"""What connection tracking says of them, each time that it is asked."""
_SECONDS = 2.0
_MOST = 3
"""Questions: where it lets them out the next one is asked, until they are known to be missing."""
_LIMIT = 1 << 18
_LONGEST = 300
_LONGEST_FLOW = 4000
"""As it is listed, with its actions."""
_DEFAULT = 32768
"""Priority of a flow that is listed without one."""
_TABLE = re.compile(r", table=([0-9]{1,3}), ")
_Place = tuple[str, int]
"""Bridge and table."""
_Key = tuple[str, int, int, frozenset[str]]
"""Bridge, table, priority, and the words of the match: their order says nothing."""


Again = Callable[[Watched], Judgement]
"""Judges anew."""


async def explained(
    toolbox: Toolbox, watched: Watched, switches: Mapping[str, Switch], mark: Mark, judged: Judgement, again: Again
) -> Judgement:
    """With the flow that lets nothing through, where Open vSwitch names one and its counters agree."""
    if judged.received or not _may_ask(judged):
        return judged
    dead = judged.dead
    places = crossings(watched, switches, (dead.host, dead.direction) if dead else None)
    for found in islice(places, _MOST):
        if not _is_counted(watched, found.host):
            continue
        try:
            said = await _asked(toolbox.connection(target_of(found.host)), found, mark)
            told = await asyncio.to_thread(_told, said, found, watched, dead)
        except (ProbeError, ValueError):
            continue
        if isinstance(told, Watched):
            return again(told)
        if told is not None:
            return _judged(judged, told)
    return judged


@reading("ofproto/trace")
def _told(said: str, found: Crossing, watched: Watched, dead: DeadHop | None) -> DeadHop | Watched | None:
    """What lets nothing through; or what was seen, without the flows that are not to blame."""
    told = parse_pipeline(said, found.port[0])
    if told.sends:
        copies = _copies(found, told)
        is_copy = dead is not None and _listed_key(dead.table, dead.rule) in copies
        return _without(watched, found.host, copies) if is_copy else None
    return _claim(_claims(found, watched.growing[found.host], watched.sent, told.ends), told.ends, dead)


# ------------------------------------------------------------------ copies


def _copies(found: Crossing, told: Pipeline) -> set[_Key]:
    """Flows that drop what was flooded. Not where ours come in or should leave: what goes out may do so by another
    port than theirs. Where the receiver's MAC is not known ours may have been flooded, too."""
    ends = (way[-1] for way in told.ends if found.receiver)
    return {_key(end) for end in ends if end.bridge not in found.bridges}


def _without(watched: Watched, host: str, copies: set[_Key]) -> Watched:
    """As if those flows had counted nothing."""
    growing = watched.growing[host]
    first, second, third = (_less(one, copies) for one in growing.drops or ())
    return replace(watched, growing={**watched.growing, host: replace(growing, drops=(first, second, third))})


def _less(drops: Drops, copies: set[_Key]) -> Drops:
    """Nor what was flooded to a bridge's own interface, which is mostly down."""
    counts = {flow: count for flow, count in drops.counts.items() if not _is_one_of(flow, copies)}
    return replace(drops, counts=counts, ports={key: one for key, one in drops.ports.items() if key[0] != key[1]})


def _is_one_of(flow: Flow, copies: set[_Key]) -> bool:
    try:
        return _listed_key(*flow) in copies
    except ValueError:
        return False


def _is_counted(watched: Watched, host: str) -> bool:
    growing = watched.growing.get(host)
    return growing is not None and growing.drops is not None


def _may_ask(judged: Judgement) -> bool:
    """Something else is named, or nobody can tell: then there is nothing to explain."""
    if judged.dead is not None:
        return judged.verdict == "dies" and judged.dead.reason == "flow"
    return judged.verdict in ("dies", "unseen")


# ------------------------------------------------------------------ asking


async def _asked(connection: Connection, found: Crossing, mark: Mark) -> str:
    """Empty where nothing can be asked: the port has no number, or nobody knows that of the network in a tunnel."""
    bridge, _ = found.port
    network = await _network(connection, found) if found.marked else {}
    marks = crossing.marks_of(found, network)
    flow = crossing.flow_of(found, mark.protocol, mark.ports[-1], marks)
    if not flow or (found.tunnel and not marks) or not NAME.fullmatch(bridge):
        return ""
    known = _ANSWERS if found.direction == "back" else ()
    words = (*found.switch.front, *_TRACE.split(), bridge, flow, *known)
    return (await reply_to(connection, *words, sudo=True, seconds=_SECONDS, limit=_LIMIT)).stdout


async def _network(connection: Connection, found: Crossing) -> dict[str, str]:
    """What Neutron's agent wrote down beside the port. ProbeError where nobody can tell how frames are marked."""
    command = ("ovs-vsctl", "--format=json", f"--columns={_NETWORKS['Port']}", "list", "Port")
    said = await ask(connection, *found.switch.front, *command, sudo=True)
    return network_of(said, found.plug)


@reading("ovs-vsctl list")
def network_of(text: str, port: str) -> dict[str, str]:
    rows = openvswitch.parse_table(text)
    return next((dict(row["other_config"]) for row in rows if row["name"] == port), {})


# ------------------------------------------------------------------ believing


_Counts = dict[_Key, tuple[str, int]]
"""Flow → as it is listed, and how many packets it took."""


@dataclass(frozen=True, slots=True)
class _Claims:
    """What the counters of one host say of ways through its tables."""

    crossing: Crossing
    sent: int
    listed: Mapping[_Key, tuple[str, Grown]]
    """Flow → as it is listed, and what it counted; empty and unknown for one that came or went meanwhile."""
    odd: frozenset[_Place]
    """Bridges and tables with a flow that nobody can read."""

    def told(self, way: tuple[Step, ...]) -> DeadHop | None:
        """None where a counter says otherwise, or none says anything."""
        found = [(step, *self.listed.get(_key(step), ("", UNKNOWN))) for step in way]
        if any(self._denies(step, grown) for step, _, grown in found):
            return None
        step, text, grown = found[-1]
        flows = tuple(_flow_step(*one, self.sent) for one in found)
        if not step.misses:
            reason = "flow" if step.drops else "dead-end"
            return self._dead(reason, step, text, grown.ours, flows) if text and grown.is_like(self.sent) else None
        came = self._came([grown for _, _, grown in found[:-1]])
        return self._dead("no-flow", step, "", came, flows) if came and self._is_passed(step) else None

    def _is_passed(self, miss: Step) -> bool:
        """No flow of the table has taken ours, or may have."""
        place = (miss.bridge, miss.table)
        took = (not self._lacks(grown) for key, (_, grown) in self.listed.items() if key[:2] == place)
        return place not in self.odd and not any(took)

    def _denies(self, step: Step, grown: Grown) -> bool:
        return not step.misses and self._lacks(grown)

    def _lacks(self, grown: Grown) -> bool:
        """Ours would show, and do not."""
        return not grown.is_hidden(self.sent) and grown.ours < max(1, self.sent / 2)

    def _came(self, before: list[Grown]) -> int:
        """To a table where no flow counts: by the flow before it, or by the port."""
        if before:
            return before[-1].ours if before[-1].is_like(self.sent) else 0
        return self.crossing.enters.seen if self.crossing.enters.is_seen(self.sent) else 0

    def _dead(self, reason: str, step: Step, text: str, packets: int, flows: tuple[FlowStep, ...]) -> DeadHop:
        enters, leaves = self.crossing.enters, self.crossing.leaves
        return DeadHop(
            host=self.crossing.host,
            at=step.bridge,
            direction=self.crossing.direction,
            reason=reason,
            rule=text,
            table=step.bridge,
            chain="",
            position=0,
            packets=packets,
            in_interface=enters.station.interface,
            out_interface=leaves.station.interface,
            entered=enters.seen if enters.by else -1,
            left=leaves.seen if leaves.by else -1,
            confirmed=True,
            flows=flows,
        )


def _claims(found: Crossing, growing: Growing, sent: int, ways: tuple[tuple[Step, ...], ...]) -> _Claims:
    wanted = {(step.bridge, step.table) for way in ways for step in way}
    odd: set[_Place] = set()
    silent, before, after = (_counts(drops.texts, wanted, odd) for drops in growing.drops or ())
    listed = {
        key: (after.get(key, ("", 0))[0], _grown(growing, *(one.get(key) for one in (silent, before, after))))
        for key in before.keys() | after.keys()
    }
    return _Claims(found, sent, listed, frozenset(odd))


def _grown(growing: Growing, *moments: tuple[str, int] | None) -> Grown:
    counts = [one[1] for one in moments if one is not None]
    return growing.of_switch(*counts) if len(counts) == len(moments) else UNKNOWN


def _counts(texts: Mapping[str, str], wanted: set[_Place], odd: set[_Place]) -> _Counts:
    """Those of the wanted tables; the tables with a line that nobody can read are added to `odd`."""
    found: _Counts = {}
    for place, line in _lines(texts, wanted):
        if (one := _flow(place[0], line)) is not None:
            found[one[0]] = one[1]
        else:
            odd.add(place)
    return found


def _lines(texts: Mapping[str, str], wanted: set[_Place]) -> Iterator[tuple[_Place, str]]:
    for bridge in {bridge for bridge, _ in wanted}:
        for line in texts.get(bridge, "").splitlines():
            if (said := _TABLE.search(line)) and (place := (bridge, int(said[1]))) in wanted:
                yield place, line


def _flow(bridge: str, line: str) -> tuple[_Key, tuple[str, int]] | None:
    try:
        flow = parse_flow(line) if len(line) <= _LONGEST_FLOW else None
        return (_listed_key(bridge, flow[0]), flow) if flow else None
    except (ProbeError, ValueError):
        return None


def _listed_key(bridge: str, text: str) -> _Key:
    """`table=71 priority=10,reg5=0x3 actions=…`."""
    head, _, _ = text.partition(" actions=")
    table, _, match = head.removeprefix("table=").partition(" ")
    words = match.split(",") if match else []
    number = next((one.removeprefix("priority=") for one in words if one.startswith("priority=")), _DEFAULT)
    rest = frozenset(one for one in words if not one.startswith("priority="))
    return bridge, int(table), int(number), rest


def _key(step: Step) -> _Key:
    return step.bridge, step.table, step.priority, frozenset(step.match.split(",") if step.match else [])


def _flow_step(step: Step, text: str, grown: Grown, sent: int) -> FlowStep:
    actions = text.partition(" actions=")[2] or ",".join(step.actions)
    return FlowStep(
        bridge=step.bridge,
        table=step.table,
        priority=step.priority,
        cookie=step.cookie,
        match=clip(inert(step.match), _LONGEST),
        actions="" if step.misses else clip(inert(actions), _LONGEST),
        packets=-1 if grown.is_hidden(sent) else grown.ours,
        remark=step.remark,
    )


def _claim(claims: _Claims, ways: tuple[tuple[Step, ...], ...], dead: DeadHop | None) -> DeadHop | None:
    """The one end of all where the counters agree. Of several flows that dropped as many it tells which is ours:
    one that drops a copy counts them too."""
    told = [one for one in map(claims.told, ways) if one is not None and (dead is None or one.reason == "flow")]
    return told[0] if len(told) == 1 else None


def _judged(judged: Judgement, dead: DeadHop | None) -> Judgement:
    if dead is None:
        return judged
    return replace(judged, verdict="dies", dead=dead, last_seen=dead.host, next_unseen="", changed=())

"""Why a bridge of Open vSwitch lets our packets go no further: its own `ofproto/trace`, asked where they came in
and were not seen leaving. The counters of its flows decide whether that is believed."""

from __future__ import annotations

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
from probes.trace.pipeline import NAME, NOTHING, Pipeline, Step, parse_pipeline
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
_DEFAULT = 32768
"""Priority of a flow that is listed without one."""
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
        growing = watched.growing.get(found.host)
        if growing is None or growing.drops is None:
            continue
        try:
            told = await _asked(toolbox.connection(target_of(found.host)), found, mark)
        except (ProbeError, ValueError):
            return judged
        if dead is not None and _is_copy(found, told, dead):
            return again(_without(watched, dead))
        claims = _Claims(found, growing, watched.sent)
        if not told.sends and (named := _claim(claims, told.ends, dead)) is not None:
            return _judged(judged, named)
    return judged


def _is_copy(found: Crossing, told: Pipeline, dead: DeadHop) -> bool:
    """What the flow drops was flooded. Where the receiver's MAC is not known ours may have been, too."""
    flow = _listed_key(dead.table, dead.rule)
    return told.sends and bool(found.receiver) and any(_key(way[-1]) == flow for way in told.ends)


def _without(watched: Watched, dead: DeadHop) -> Watched:
    """As if that flow had counted nothing."""
    growing = watched.growing[dead.host]
    first, second, third = (_less(one, (dead.table, dead.rule)) for one in growing.drops or ())
    return replace(watched, growing={**watched.growing, dead.host: replace(growing, drops=(first, second, third))})


def _less(drops: Drops, flow: Flow) -> Drops:
    """Nor what was flooded to a bridge's own interface, which is mostly down."""
    counts = {key: count for key, count in drops.counts.items() if key != flow}
    return replace(drops, counts=counts, ports={key: one for key, one in drops.ports.items() if key[0] != key[1]})


def _may_ask(judged: Judgement) -> bool:
    """Something else is named, or nobody can tell: then there is nothing to explain."""
    if judged.dead is not None:
        return judged.verdict == "dies" and judged.dead.reason == "flow"
    return judged.verdict in ("dies", "unseen")


# ------------------------------------------------------------------ asking


async def _asked(connection: Connection, found: Crossing, mark: Mark) -> Pipeline:
    bridge, _ = found.port
    network = await _network(connection, found) if found.marked else {}
    flow = crossing.flow_of(found, mark.protocol, mark.ports[-1], crossing.marks_of(found, network))
    if not flow or not NAME.fullmatch(bridge):
        return NOTHING
    known = _ANSWERS if found.direction == "back" else ()
    words = (*found.switch.front, *_TRACE.split(), bridge, flow, *known)
    said = await reply_to(connection, *words, sudo=True, seconds=_SECONDS, limit=_LIMIT)
    return parse_pipeline(said.stdout, bridge)


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


@dataclass(frozen=True, slots=True)
class _Claims:
    """What the counters of one host say of ways through its tables."""

    crossing: Crossing
    growing: Growing
    sent: int

    def told(self, way: tuple[Step, ...]) -> DeadHop | None:
        """None where a counter says otherwise, or none says anything."""
        listed = self._listed(way)
        found = [(step, *listed.get(_key(step), ("", UNKNOWN))) for step in way]
        if any(self._denies(step, grown) for step, _, grown in found):
            return None
        step, text, grown = found[-1]
        flows = tuple(_flow_step(*one, self.sent) for one in found)
        if not step.misses:
            reason = "flow" if step.drops else "dead-end"
            return self._dead(reason, step, text, grown.ours, flows) if text and grown.is_like(self.sent) else None
        came = self._came([grown for _, _, grown in found[:-1]])
        return self._dead("no-flow", step, "", came, flows) if came else None

    def _denies(self, step: Step, grown: Grown) -> bool:
        """Ours would show, and do not."""
        return not step.misses and not grown.is_hidden(self.sent) and grown.ours < max(1, self.sent / 2)

    def _came(self, before: list[Grown]) -> int:
        """To a table where no flow counts: by the flow before it, or by the port."""
        if before:
            return before[-1].ours if before[-1].is_like(self.sent) else 0
        return self.crossing.enters.seen if self.crossing.enters.is_seen(self.sent) else 0

    def _listed(self, way: tuple[Step, ...]) -> dict[_Key, tuple[str, Grown]]:
        """Flow → as it is listed, and what it counted."""
        wanted = {(step.bridge, step.table) for step in way}
        silent, before, after = (dict(_counts(drops.texts, wanted)) for drops in self.growing.drops or ())
        return {key: (text, self._grown(key, silent, before, count)) for key, (text, count) in after.items()}

    def _grown(self, key: _Key, silent: _Counts, before: _Counts, count: int) -> Grown:
        if key not in silent or key not in before:
            return UNKNOWN
        return self.growing.of_switch(silent[key][1], before[key][1], count)

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


_Counts = dict[_Key, tuple[str, int]]


def _counts(texts: Mapping[str, str], wanted: set[tuple[str, int]]) -> Iterator[tuple[_Key, tuple[str, int]]]:
    for bridge, table in wanted:
        mark = f", table={table}, "
        for line in texts.get(bridge, "").splitlines():
            if mark in line and (flow := parse_flow(line)) is not None:
                yield _listed_key(bridge, flow[0]), flow


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

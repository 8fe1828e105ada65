"""path.trace: the hop where packets die, and what counts them there."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from probes.errors import ProbeError
from probes.linux.ask import ask
from probes.node.tries import COMMANDS as TRIES
from probes.path.mtu_facts import PathMtu
from probes.path.nat import Traffic
from probes.patience import hurrying
from probes.probe import Toolbox, probe
from probes.site import target_of
from probes.trace import branches, capturing, explaining, reading, sending, ways
from probes.trace.capturing import Sighted
from probes.trace.facts import OwnSizes, Trace
from probes.trace.growing import Growing
from probes.trace.judging import SURE, Judgement, by_chance, judge
from probes.trace.marks import Mark, fresh_mark
from probes.trace.own_sizes import Tried
from probes.trace.reading import Reading
from probes.trace.sending import Answered
from probes.trace.sizing import COMMANDS as SIZES
from probes.trace.sizing import SENT_AFTER, Sizing, verdict
from probes.trace.switching import COMMANDS as SWITCHES
from probes.trace.switching import COUNTED_LATE, Drops, Switches, of_host, with_ports
from probes.trace.watching import watched
from probes.trace.ways import Ways

COMMANDS = (
    *reading.COMMANDS,
    *ways.COMMANDS,
    *sending.COMMANDS,
    *capturing.COMMANDS,
    *SIZES,
    *SWITCHES,
    *explaining.COMMANDS,
    *TRIES,
    "sleep",
)
MOST = 100
_MORE = 4
"""Times as many packets are sent where others' packets hid ours."""
_SLACK = 5.0
_SLOW = 0.5
"""Seconds until the first packet leaves where more than ping has to be started."""
_PATIENCE = (0.6, 1.0, 2.0, 4.0, 8.0)
"""Seconds that captures go on for counters to be read in between: more than the reading before them took."""
_SPARE = 0.3
_AT_ONCE = 0.1
"""Seconds in which answers that have come are read; a recording's take as long."""
_STARTING = 0.6
"""Seconds more that they may take on a busy host to begin."""


@probe(
    "path.trace",
    commands=COMMANDS,
    timeout=60.0,
    target="address",
    protocol="name",
    port="port",
    packets="count",
    size="count",
    pod="address",
    owner="host",
    backends="address[]",
    backend_port="port",
    at_target="yes-no",
    captures="yes-no",
    sizes="yes-no",
)
async def trace(
    host: str,
    toolbox: Toolbox,
    target: str,
    protocol: str = "icmp",
    port: int = 0,
    packets: int = 20,
    size: int = 0,
    pod: str = "",
    owner: str = "",
    backends: tuple[str, ...] = (),
    backend_port: int = 0,
    at_target: bool = False,
    captures: bool = True,
    sizes: bool = False,
) -> Trace:
    """Sends packets that can be told apart, reads every hop's counters before and after, and says where they end.

    `pod` is the address of a pod on this host that sends; `owner` the node of a pod that is the target; `backends`
    what a Service's address is translated to: where it is sent from, or `at_target`, on the node that has it."""
    packets = min(max(packets, 1), MOST)
    translated = [(one, backend_port or port) for one in backends]
    with hurrying():
        async with Sizing(toolbox, host, target, Tried(protocol, port, size, pod), wanted=sizes) as sizing:
            at = target if at_target and backends else ""
            way = await ways.learn(
                toolbox,
                host,
                [*backends, target],
                pod,
                owner,
                at,
                Traffic(protocol, port if at else backend_port or port),
            )
            named = [*translated, *way.known_as(port)]
            own = size if protocol == "icmp" else 0
            mark = fresh_mark(protocol, port, target, named, own, way.sources, pod or host)
            one = _Tracing(toolbox, host, target, mark, pod, way, captures=captures)
            await one.begin(sizing)
            answered, judgement = await one.measured(packets)
            told, own_told = await sizing.told(), await sizing.own()
            # Where nobody knows who translates, nobody knows from where endpoints must answer.
            known = () if at and not way.translated_at else translated
            found = await branches.tried(toolbox, way.translated_at or host, mark, known, pod if not at else "")
        return replace(one.told(answered, judgement, told, own_told), branches=found)


def _nobody(_: Mapping[str, Reading]) -> None:
    """Asks what was counted."""


async def _all_set(ears: Iterable[asyncio.Event], seconds: float) -> None:
    """Or so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            for ear in ears:
                await ear.wait()


class _Tracing:
    def __init__(
        self,
        toolbox: Toolbox,
        source: str,
        target: str,
        mark: Mark,
        pod: str,
        way: Ways,
        *,
        captures: bool,
    ) -> None:
        self._toolbox, self._source, self._target = toolbox, source, target
        self._mark, self._pod, self._way, self._captures = mark, pod, way, captures
        self._readings: Mapping[str, Growing] = {}
        self._switches = Switches(toolbox, way.switches)
        self._known: Mapping[str, Reading | None] = dict.fromkeys(way.hosts)
        self._counted: Callable[[Mapping[str, Reading]], None] = _nobody
        self._overdue = 0.0
        """Seconds that packets left later than all captures were over; 0 when those saw them."""

    async def begin(self, sizing: Sizing) -> None:
        """Where sizes are tried on, reads all hosts before it; the reading behind it is that before the silence."""
        if not await sizing.lost(self._way):
            return
        self._known = before = await self._read(self._known)
        if sizing.begin(before):
            await self._wait(SENT_AFTER)
            self._counted = sizing.counted

    async def measured(self, packets: int) -> tuple[Answered, Judgement]:
        """Once more with more packets where others' hid ours, or too few were sent or lost to tell by whom; with
        longer captures where those were over too early to tell."""
        said = await self._run(packets)
        answered, judged = said
        unclear = judged.verdict == "ambiguous" or (judged.verdict == "some-lost" and judged.dead is None)
        if (unclear and packets < MOST) or by_chance(answered, judged):
            return await self._run(min(max(packets * _MORE, SURE), MOST))
        if self._overdue and judged.verdict == "unseen":
            return await self._run(packets)
        return said

    async def _run(self, packets: int) -> tuple[Answered, Judgement]:
        try:
            answered, sighted = await self._measure(packets)
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        way = with_ports(self._way, self._switches.known, sighted)
        seen = watched(way, self._readings, sighted, answered.sent, self._mark.protocol)
        refuser = await self._refuser(answered)
        again = partial(judge, answered=answered, source=self._source, refuser=refuser)
        known = self._switches.known
        return answered, await explaining.explained(self._toolbox, seen, known, self._mark, again(seen), again)

    async def _measure(self, packets: int) -> tuple[Answered, dict[str, Sighted]]:
        """Silence and then our packets, of the same length; captures begin in the silence, so that nobody waits."""
        lasting = sending.seconds_to_send(self._mark, packets)
        begun_at = time.monotonic()
        self._known = silent = await self._read(self._known)
        self._counted(silent)
        self._counted = _nobody
        now = time.monotonic()
        patience = _PATIENCE[bisect(_PATIENCE[:-1], now - begun_at + _SPARE + self._overdue) :]
        seconds = [2 * lasting + more + (_SLOW if self._leaves_late else 0) for more in patience]
        async with asyncio.TaskGroup() as group:
            until = now + seconds[0]
            ears = {name: asyncio.Event() for name in silent}
            watching = {name: group.create_task(self._capture(name, seconds, ears[name])) for name in ears}
            quiet = group.create_task(self._switches.begin({name: one.links for name, one in silent.items()}))
            await self._wait(lasting)
            begun = await quiet
            await _all_set(ears.values(), _STARTING)
            before, dropped = await asyncio.gather(self._read(silent), self._switches.drops())
            in_time = [name for name, ear in ears.items() if ear.is_set()]
            answering = group.create_task(self._send(packets))
            await self._wait(lasting + (_SLOW if self._leaves_late else 0))
            sent_by = time.monotonic()
            late = group.create_task(self._late_drops(answering))
            after = await self._read(before)
        # a capture that may have been over before our packets were is no witness
        sighted = {name: watching[name].result() for name in in_time if sent_by <= until}
        self._overdue = max(sent_by - until, 0.0)
        flows = (begun, dropped, late.result())
        self._readings = {
            name: Growing(silent[name], before[name], after[name], of_host(name, *flows)) for name in after
        }
        return answering.result(), sighted

    async def _late_drops(self, answering: asyncio.Task[Answered]) -> Mapping[str, Drops]:
        """While lost ones are still waited for. None where all have arrived: nobody will ask. Inside of a cloud's
        networks its ports alone show the way."""
        if not self._switches.known:
            return {}
        # a connection was waited for longer already, and asks again
        await self._wait(COUNTED_LATE - (_SLOW if self._mark.protocol == "tcp" else 0))
        done, _ = await asyncio.wait((answering,), timeout=_AT_ONCE)
        all_there = done and answering.result().received >= answering.result().sent
        return {} if all_there and not self._way.inside else await self._switches.drops()

    async def _read(self, hosts: Mapping[str, Reading | None]) -> dict[str, Reading]:
        """Of those that tell; with the reading before, where there is one."""
        found = await asyncio.gather(*(self._read_one(name, known) for name, known in hosts.items()))
        return {name: one for name, one in zip(hosts, found, strict=True) if one is not None}

    async def _read_one(self, host: str, known: Reading | None) -> Reading | None:
        try:
            version = 6 if self._mark.six else 4
            return await reading.read(self._toolbox.connection(target_of(host)), host, known, version)
        except ProbeError:
            return None

    @property
    def _leaves_late(self) -> bool:
        """Connections are a process each, and a pod's network has to be found first."""
        return self._mark.protocol != "icmp" or bool(self._pod)

    async def _wait(self, seconds: float) -> None:
        """Where the packets leave, so that it is recorded with them and a replay does not wait."""
        connection = self._toolbox.connection(target_of(self._source))
        await ask(connection, "sleep", f"{seconds:.2f}", seconds=seconds + _SLACK, alone=True)

    async def _send(self, packets: int) -> Answered:
        return await sending.send(self._toolbox, self._source, self._target, self._mark, packets, self._pod)

    async def _capture(self, host: str, seconds: Sequence[float], ear: asyncio.Event) -> Sighted:
        wanted = seconds if self._captures else ()
        seen = await capturing.capture(self._toolbox.connection(target_of(host)), self._mark, wanted, ear)
        ear.set()
        return seen

    async def _refuser(self, answered: Answered) -> str:
        return await self._toolbox.host_of(answered.error_from) if answered.error_from else ""

    def told(
        self,
        answered: Answered,
        judgement: Judgement,
        sizes: tuple[PathMtu, ...],
        own: tuple[OwnSizes, ...],
    ) -> Trace:
        blind = [name for name in self._way.hosts if name not in self._readings]
        loud = [name for name, one in self._readings.items() if one.after.uncounted]
        said = verdict(judgement.verdict, sizes, own, asked=self._mark.uncut)
        there = said in ("arrives", "refused", "sizes-lost", "too-large")
        closed = [name for name, one in self._readings.items() if one.after.firewall is None]
        return Trace(
            source=self._source,
            target=self._target,
            protocol=self._mark.protocol,
            port=self._mark.port,
            sent=answered.sent,
            received=judgement.received,
            verdict=said,
            error=answered.error,
            error_from=answered.error_from,
            hops=judgement.hops,
            dead=(judgement.dead,) if judgement.dead else (),
            last_seen=judgement.last_seen,
            next_unseen=judgement.next_unseen,
            unseen=tuple(dict.fromkeys((*self._way.unseen, *blind))),
            unread=tuple(() if there else closed),
            uncounted=tuple(() if there or judgement.dead else loud),
            loop=self._way.loop,
            changed=judgement.changed,
            translations=self._way.translations,
            sizes=sizes,
            own_sizes=own,
        )

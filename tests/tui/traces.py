"""Traces as the probe returns them, for drawing tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from diagnosis.tracing import Planned, TraceView, Wanted
from probes.path.facts import Translation
from probes.probe import Evidence, Failure
from probes.trace.ends import End
from probes.trace.facts import Branch, DeadHop, Trace, TracedHop
from tests.tui.scripted import AT, ScriptedSession

RULE = "-A LIBVIRT_FWI -o virbr10 -j REJECT --reject-with icmp-port-unreachable"


def hop(
    host: str, at: str, side: str, verdict: str = "seen", direction: str = "there", by: str = "capture"
) -> TracedHop:
    seen = 20 if verdict == "seen" else 0
    return TracedHop(host, at, side, direction, False, 20, seen, "" if verdict == "unknown" else by, verdict)


DEAD = DeadHop(
    "openstack-host", "LIBVIRT_FWI", "there", "rule", RULE, "filter", "LIBVIRT_FWI", 3, 20, "enp7s0", "virbr10",
    20, 0, True,
)  # fmt: skip
DIES = Trace(
    source="master", target="192.168.100.101", protocol="icmp", port=0, sent=20, received=0, verdict="dies",
    error="port-unreachable", error_from="10.10.10.1",
    hops=(
        hop("master", "enp1s0", "out"), hop("openstack-host", "enp7s0", "in"),
        hop("openstack-host", "virbr10", "out", "beyond"), hop("controller", "br-ex", "in", "beyond"),
        hop("controller", "br-ex", "out", "beyond", "back"), hop("master", "enp1s0", "in", "beyond", "back"),
    ),
    dead=(DEAD,), last_seen="openstack-host", next_unseen="", unseen=(), unread=(), uncounted=(), loop=False,
)  # fmt: skip
ARRIVES = replace(
    DIES, received=20, verdict="arrives", error="", error_from="", dead=(),
    hops=(
        hop("master", "enp1s0", "out"), hop("controller", "br-ex", "in"),
        hop("controller", "br-ex", "out", "seen", "back"), hop("master", "enp1s0", "in", "seen", "back"),
    ),
)  # fmt: skip
SERVED = replace(
    ARRIVES, target="10.96.7.7", protocol="tcp", port=80,
    branches=(Branch("10.244.1.7", 8080, 2, 2, 0), Branch("10.244.2.9", 8080, 2, 0, 0)),
)  # fmt: skip
ELSEWHERE = replace(
    ARRIVES, target="10.10.10.77", translations=(Translation("openstack-host", "192.168.100.101", 0),)
)
DARK = replace(
    DIES, verdict="unseen", error="", error_from="", dead=(), hops=(hop("master", "enp1s0", "out"),),
    last_seen="master", next_unseen="10.10.10.2", unseen=("10.10.10.2",), unread=("gw-1",), uncounted=("gw-2",),
    loop=True,
)  # fmt: skip


def evidence(facts: Trace | None, failure: Failure | None = None, number: int = 1) -> Evidence:
    return Evidence(f"e{number}", "path.trace", "host:master", {}, facts, failure, (), AT, 4.6)


REFUSED = evidence(None, Failure("denied", "sudo on master wants a password", "allow `iptables-save` without one"))


def plan(source: str, target: str, wanted: Wanted) -> Planned:
    sent = replace(wanted, protocol=wanted.protocol or "icmp")
    return Planned(End("host", source, source, "10.10.10.7"), End("address", "", "", target), sent)


@dataclass
class TraceSession(ScriptedSession):
    """Plays these traces one after the other; what was asked for is noted."""

    traced: tuple[Evidence, ...] = field(default_factory=lambda: (evidence(DIES),))
    asked: list[tuple[str, str, Wanted, bool]] = field(default_factory=list)
    error: Exception | None = None
    one_way: bool = False
    cancelled: int = 0
    forgot: int = 0

    def forget(self) -> None:
        self.forgot += 1

    async def trace(
        self, source: str, target: str, wanted: Wanted, *, both: bool = False
    ) -> AsyncIterator[TraceView]:
        self.asked.append((source, target, wanted, both))
        view = TraceView(one_way=self.one_way)
        try:
            for one in self.traced:
                await asyncio.sleep(0)
                if self.error is not None:
                    raise self.error
                planned = plan(source, target, wanted)
                yield replace(view, running=planned)
                if self.hold is not None:
                    await self.hold.wait()
                view = replace(view, traced=(*view.traced, (planned, one)))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        yield view

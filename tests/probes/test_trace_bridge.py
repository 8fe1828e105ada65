"""A bridge of Open vSwitch that has the machine's own address, on the network lab."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from lab.session import Lab
from probes.site_file import load_site
from probes.toolbox import LiveToolbox
from tests.probes.test_trace_on_lab import CONTROLLER, dead_of, trace

pytestmark = pytest.mark.lab


@pytest.fixture
async def toolbox(healed_lab: Lab) -> AsyncIterator[LiveToolbox]:
    async with LiveToolbox(load_site(healed_lab.site())) as live:
        yield live


@contextmanager
def added(lab: Lab, flow: str, actions: str) -> Iterator[None]:
    assert lab.run("controller", f"ovs-ofctl add-flow br-ex '{flow},actions={actions}'").returncode == 0
    try:
        yield
    finally:
        match = ",".join(word for word in flow.split(",") if not word.startswith("priority="))
        assert lab.run("controller", f"ovs-ofctl del-flows br-ex {match}").returncode == 0


async def test_the_way_to_a_flow_that_drops(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    with added(healed_lab, f"priority=500,icmp,nw_dst={CONTROLLER}", "drop"):
        dead = dead_of(await trace(toolbox, "master", CONTROLLER))
    assert (dead.host, dead.reason, dead.in_interface, dead.out_interface) == (
        "controller",
        "flow",
        "enp1s0",
        "br-ex",
    )
    (step,) = dead.flows
    assert (step.bridge, step.table, step.priority, step.match) == ("br-ex", 0, 500, f"icmp,nw_dst={CONTROLLER}")


async def test_answers_come_to_a_table_without_a_flow(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    """What the machine itself sends comes in by the bridge's own port; nothing counts what no flow takes."""
    with added(healed_lab, f"priority=500,in_port=LOCAL,icmp,nw_src={CONTROLLER}", "resubmit(,9)"):
        dead = dead_of(await trace(toolbox, "master", CONTROLLER))
    assert (dead.host, dead.direction, dead.reason, dead.at) == ("controller", "back", "no-flow", "br-ex")
    assert [(step.table, step.priority) for step in dead.flows] == [(0, 500), (9, -1)]
    assert (dead.in_interface, dead.entered >= 10, dead.left) == ("br-ex", True, 0)

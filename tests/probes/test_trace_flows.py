"""Where Open vSwitch itself lets nothing through, on the real OpenStack of the lab: flows that drop, flows that are
missing, Neutron's own firewall; explained by `ofproto/trace`, which changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from lab.session import Lab
from probes.probe import checked_call, observe
from probes.site_file import load_site
from probes.toolbox import LiveToolbox
from probes.trace.facts import DeadHop, Trace
from tests.probes.test_trace_on_lab import dead_of, trace

pytestmark = [pytest.mark.lab, pytest.mark.openstack]

FLOATING, FIXED, SERVER = "192.168.200.106", "10.0.0.205", "fa:16:3e:d5:0f:f2"
OF = "ovs-ofctl -O OpenFlow13"
ROUTER = f"""\
ns=$(ip netns | grep -o 'qrouter-[0-9a-f-]*'); dev=$(ip -n $ns -o link | grep -o 'qr-[^@:]*' | head -1)
mac=$(ip -n $ns neigh show {FIXED} | grep -o 'lladdr [^ ]*' | cut -d' ' -f2)
ip -n $ns neigh replace {FIXED} lladdr $mac dev $dev nud"""


@pytest.fixture
async def toolbox(healed_openstack_lab: Lab) -> AsyncIterator[LiveToolbox]:
    async with LiveToolbox(load_site(healed_openstack_lab.site())) as live:
        yield live


def run(lab: Lab, host: str, command: str) -> str:
    done = lab.run(host, command)
    assert done.returncode == 0, done.stdout
    return done.stdout


@contextmanager
def changed(lab: Lab, bridge: str, change: str) -> Iterator[None]:
    """Flows on compute, put back as they were. The router goes on knowing the server: its questions for it would
    die as well, and ours would not get there."""
    run(lab, "master", f"ping -c3 -W2 {FLOATING}")
    run(lab, "controller", f"{ROUTER} permanent")
    run(lab, "compute", f"{OF} --no-stats dump-flows {bridge} | grep actions= > /run/flows-before")
    try:
        run(lab, "compute", f"ovs-ofctl {change}")
        yield
    finally:
        run(lab, "compute", f"{OF} replace-flows {bridge} /run/flows-before && rm /run/flows-before")
        run(lab, "controller", f"{ROUTER} reachable")


def tables(dead: DeadHop) -> list[str]:
    return [f"{step.bridge} {step.table}" for step in dead.flows]


TO_SERVER = ["br-tun 0", "br-tun 4", "br-tun 10", "br-int 0"]
DROP = f"table=60,priority=500,cookie=0xdead,icmp,dl_dst={SERVER},actions=drop"


async def test_a_flow_of_higher_priority_that_drops(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    mac = run(healed_openstack_lab, "compute", "ovs-ofctl dump-flows br-int table=60").partition("dl_dst=")[2][:17]
    with changed(healed_openstack_lab, "br-int", f"add-flow br-int {DROP.replace(SERVER, mac)}"):
        dead = dead_of(await trace(toolbox, "master", FLOATING))
    assert (dead.host, dead.direction, dead.reason, dead.table) == ("compute", "there", "flow", "br-int")
    assert dead.rule == f"table=60 priority=500,icmp,dl_dst={mac} actions=drop"
    assert tables(dead)[:4] == TO_SERVER
    assert (dead.flows[-1].table, dead.flows[-1].cookie) == (60, "0xdead")
    assert dead.packets >= 10


async def test_a_table_of_the_tunnels_bridge_has_no_flow(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    """Nothing counts them there: the flow before it and the ports do."""
    with changed(healed_openstack_lab, "br-tun", "del-flows br-tun table=10"):
        dead = dead_of(await trace(toolbox, "master", FLOATING))
    assert (dead.host, dead.direction, dead.reason, dead.at) == ("compute", "there", "no-flow", "br-tun")
    assert tables(dead) == ["br-tun 0", "br-tun 4", "br-tun 10"]
    assert (dead.flows[-1].priority, dead.rule, dead.confirmed) == (-1, "", True)
    assert dead.packets >= 10


async def test_the_tunnels_bridge_lacks_the_flow_of_a_network(
    healed_openstack_lab: Lab, toolbox: LiveToolbox
) -> None:
    """What is left of the table drops, and says nothing of ours."""
    change = "--strict del-flows br-tun table=4,priority=1,tun_id=0x1f4"
    with changed(healed_openstack_lab, "br-tun", change):
        dead = dead_of(await trace(toolbox, "master", FLOATING))
    assert (dead.host, dead.reason, dead.rule) == ("compute", "flow", "table=4 priority=0 actions=drop")
    assert tables(dead) == ["br-tun 0", "br-tun 4"]


async def test_a_flow_to_a_port_that_is_not_there(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    """It comes behind connection tracking, where the trace goes on."""
    change = "add-flow br-int table=82,priority=500,icmp,actions=output:77"
    with changed(healed_openstack_lab, "br-int", change):
        dead = dead_of(await trace(toolbox, "master", FLOATING))
    assert (dead.host, dead.reason, dead.table) == ("compute", "dead-end", "br-int")
    assert dead.rule == "table=82 priority=500,icmp actions=output:77"
    assert dead.flows[-1].remark


async def test_what_is_flooded_into_the_wrong_network(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    """The bridge outside drops its copy, and is not why they do not come to the server."""
    change = "add-flow br-tun 'table=4,priority=500,tun_id=0x1f4,actions=mod_vlan_vid:7,resubmit(,10)'"
    with changed(healed_openstack_lab, "br-tun", change):
        found = await trace(toolbox, "master", FLOATING)
    assert (found.received, found.dead) == (0, ())


async def test_a_security_group_that_lacks_the_protocol(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    """Neutron's firewall of flows: table 82 lets in what a rule names, and sends the rest where all is dropped."""
    healed_openstack_lab.break_("sg-no-icmp")
    dead = dead_of(await trace(toolbox, "master", FLOATING))
    assert (dead.host, dead.direction, dead.rule) == ("compute", "there", "table=93 priority=0 actions=drop")
    assert tables(dead)[:4] == TO_SERVER
    assert (dead.flows[-2].table, dead.flows[-2].match.partition(",")[0]) == (82, "ct_state=-est")


async def test_nothing_is_asked_where_all_arrives(healed_openstack_lab: Lab, toolbox: LiveToolbox) -> None:
    evidence = await observe(checked_call("path.trace", "master", {"target": FLOATING}), toolbox, "e1")
    assert isinstance(evidence.facts, Trace)
    assert (evidence.facts.verdict, evidence.facts.dead) == ("arrives", ())
    assert not [one.request.text for one in evidence.exchanges if "ofproto" in one.request.text]


def test_the_question_changes_nothing(healed_openstack_lab: Lab) -> None:
    """No counter, no MAC that is learned by a bridge, no flow that is learned for a tunnel."""
    lab, stranger, nobody = healed_openstack_lab, "02:00:00:00:00:99", "02:00:00:00:00:98"
    each = "for b in br-int br-tun br-ex; do {} $b; done"
    ask = "ovs-appctl ofproto/trace br-tun in_port=2,tun_id=0x1f4,icmp,nw_ttl=64"
    with changed(lab, "br-tun", f"add-flow br-tun priority=900,dl_dst={nobody},actions=drop"):
        assert "learn(" in run(lab, "compute", f"{ask},dl_src={stranger}")
        assert "priority 900" in run(lab, "compute", f"{ask},dl_src={stranger},dl_dst={nobody}")
        assert "n_packets=0," in run(lab, "compute", f"ovs-ofctl dump-flows br-tun dl_dst={nobody}")
    assert stranger not in run(lab, "compute", each.format("ovs-appctl fdb/show"))
    assert stranger not in run(lab, "compute", each.format("ovs-ofctl dump-flows"))

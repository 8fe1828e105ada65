"""A host whose Open vSwitch lets nothing through, for tests of what its `ofproto/trace` is asked and believed: the
answers and the lists of flows are the lab's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from probes.exchange import Exchange, Reply, Request
from probes.replay import ReplayToolbox
from probes.site import Host, Site
from probes.trace.explaining import explained
from probes.trace.growing import Growing
from probes.trace.judging import Judgement, judge
from probes.trace.marks import fresh_mark
from probes.trace.stations import Ends, Station
from probes.trace.switch import Counted, Switch, Tunnel
from probes.trace.switching import Drops, parse_drops
from probes.trace.watching import Watched, watched
from probes.trace.ways import Ways
from tests.probes.recorded import recorded
from tests.probes.test_trace import NOBODY, SENT, reading

TUNNEL, TAP = "vxlan-c0a86465", "tap5255ada6-5e"
ROUTER, SERVER = "fa:16:3e:49:4b:d6", "fa:16:3e:d5:0f:f2"
NETWORK = Switch(
    (),
    {"br-int": ()},
    bridge_of={"qr-1": "br-int", "vxlan-9": "br-tun"},
    numbers={("br-int", "qr-1"): 4, ("br-tun", "vxlan-9"): 2},
    plugs={"port-qr": "qr-1"},
    macs={"qr-1": ROUTER},
)
COMPUTE = Switch(
    (),
    {"br-int": (), "br-tun": ()},
    bridge_of={TUNNEL: "br-tun", TAP: "br-int", "br-int": "br-int"},
    numbers={("br-tun", TUNNEL): 2, ("br-int", TAP): 3},
    plugs={"port-tap": TAP},
    tunnels=(Tunnel(TUNNEL, "br-tun", "192.168.100.102", "192.168.100.101"),),
    macs={TAP: SERVER},
)
SWITCHES = {"net": NETWORK, "cmp": COMPUTE}
STATIONS = (
    Station("net", "qr-1", "out", "there", bridge="br-int", counts="rx"),
    Station("net", "vxlan-9", "out", "there", bridge="br-tun", counts="tx"),
    Station("cmp", "br-ex", "in", "there", outer=True),
    Station("cmp", TUNNEL, "in", "there", bridge="br-tun", counts="rx"),
    Station("cmp", TAP, "out", "there", bridge="br-int", counts="tx"),
    Station("cmp", TAP, "in", "back", bridge="br-int", counts="rx"),
    Station("cmp", TUNNEL, "out", "back", bridge="br-tun", counts="tx"),
    Station("net", "vxlan-9", "in", "back", bridge="br-tun", counts="rx"),
    Station("net", "qr-1", "in", "back", bridge="br-int", counts="tx"),
)
NETWORKS = (
    '{"data":[["tap5255ada6-5e",["map",[["network_type","vxlan"],["segmentation_id","500"],["tag","1"]]]],'
    '["br-int",["map",[]]]],"headings":["name","other_config"]}'
)
LIST = "ovs-vsctl --format=json --columns=name,other_config list Port"
IN = (
    "ovs-appctl ofproto/trace br-tun in_port=2,tun_id=0x1f4,tun_src=192.168.100.101,tun_dst=192.168.100.102,icmp,"
    "dl_src=fa:16:3e:49:4b:d6,dl_dst=fa:16:3e:d5:0f:f2,nw_src=10.10.10.2,nw_dst=10.0.0.205,nw_ttl=64,"
    "icmp_type=8,icmp_code=0"
)
OUT = (
    "ovs-appctl ofproto/trace br-int in_port=3,icmp,dl_src=fa:16:3e:d5:0f:f2,dl_dst=fa:16:3e:49:4b:d6,"
    "nw_src=10.0.0.205,nw_dst=10.10.10.2,nw_ttl=64,icmp_type=0,icmp_code=0" + " --ct-next trk,est,rpl" * 3
)
FLOWS = recorded("ovs-flows-dropped").split("NXST_FLOW")
Took = Callable[[str, int, str], bool]
"""Bridge, table and line of a flow that took ours."""


def listed(bridge: str, took: Took, moment: int, noise: Callable[[str, int], int]) -> str:
    """All have counted a hundred; those that took ours as many more as were sent."""
    text = FLOWS[1] if bridge == "br-tun" else FLOWS[2]
    return "\n".join(_counting(bridge, line, took, moment, noise) for line in text.splitlines())


def _counting(bridge: str, line: str, took: Took, moment: int, noise: Callable[[str, int], int]) -> str:
    found = re.search(r"table=(\d+)", line)
    table = int(found[1]) if found else -1
    ours = SENT if moment == 2 and took(bridge, table, line) else 0
    return re.sub(r"n_packets=\d+", f"n_packets={100 + moment * noise(bridge, table) + ours}", line, count=1)


def growing(took: Took, ports: dict[str, Counted], noise: int = 0, noisy: tuple[str, int] | None = None) -> Growing:
    """Of the host `cmp`; others' packets in all tables, or in one."""

    def others(bridge: str, table: int) -> int:
        return noise if noisy in (None, (bridge, table)) else 0

    moments = []
    for moment in range(3):
        texts = {bridge: listed(bridge, took, moment, others) for bridge in ("br-tun", "br-int")}
        counts = dict(one for bridge, text in texts.items() for one in parse_drops(bridge, text))
        now = {(COMPUTE.bridge_of[name], name): one if moment == 2 else NONE for name, one in ports.items()}
        moments.append(Drops(float(moment), counts, now, texts))
    return Growing(reading(0), reading(1), reading(2), (moments[0], moments[1], moments[2]))


NONE, RECEIVED, SENT_OUT = Counted(0, 0, 0), Counted(SENT, 0, 0), Counted(0, SENT, 0)
BLOCKED = {TUNNEL: RECEIVED, TAP: NONE}
"""They come in by the tunnel, and do not leave to the server."""
ANSWERED = {TUNNEL: RECEIVED, TAP: Counted(SENT, SENT, 0)}
"""Its answers come back, and do not leave by the tunnel."""


def seen(grown: Growing, *stations: Station) -> Watched:
    way = Ways(
        stations or STATIONS, (), "192.168.200.106", "", ("net", "cmp"), (), inside=True,
        within=Ends("10.10.10.2", "10.0.0.205"), outside=Ends("10.10.10.2", "192.168.200.106"),
    )  # fmt: skip
    return watched(way, {"cmp": grown}, {}, SENT)


async def told(grown: Growing, **said: str) -> tuple[Judgement, Judgement]:
    """What the counters say alone, and with Open vSwitch's explanation. `said`: answer to IN or OUT."""
    texts = {{"way_in": IN, "way_out": OUT}[name]: text for name, text in said.items()} | {LIST: NETWORKS}
    judged = JUDGE(seen(grown))
    return judged, await explained(says(texts), seen(grown), SWITCHES, MARK, judged, JUDGE)


def says(texts: Mapping[str, str]) -> ReplayToolbox:
    """What the host `cmp` answers to each command."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    exchanges = [Exchange(Request("host:cmp", text, sudo=True), Reply(0, one), at) for text, one in texts.items()]
    return ReplayToolbox(Site("test", (Host("cmp"),)), exchanges)


MARK = fresh_mark("icmp", 0, "192.168.200.106")
JUDGE = partial(judge, answered=NOBODY, source="a", refuser="")


def through(*flows: tuple[str, int, str]) -> Took:
    """Bridge, table, and what stands in the flow that took ours."""
    return lambda bridge, table, line: any(
        (bridge, table) == (at, number) and words in line for at, number, words in flows
    )


BY_TUNNEL = (("br-tun", 0, "in_port=2 "), ("br-tun", 4, "tun_id=0x1f4"), ("br-tun", 10, "priority=1 "))
BY_INT = (*BY_TUNNEL, ("br-int", 0, "priority=0 "), ("br-int", 58, ""), ("br-int", 59, ""))
TO_SERVER = (*BY_INT, ("br-int", 60, "dl_vlan=1"), ("br-int", 81, "priority=90,ct_state=-trk,ip,"))
FROM_SERVER = (("br-int", 0, "priority=0 "), ("br-int", 58, ""), ("br-int", 59, ""), ("br-int", 60, "in_port=3 "))


def with_line(grown: Growing, line: str, bridge: str = "br-int") -> Growing:
    """A flow that took ours, beside those that were recorded."""
    assert grown.drops
    drops = []
    for moment, one in enumerate(grown.drops):
        counted = line.replace("n_packets=0", f"n_packets={SENT if moment == 2 else 0}")
        text = f"{one.texts.get(bridge, '')}\n{counted}"
        counts = {**one.counts, **dict(parse_drops(bridge, counted))}
        drops.append(replace(one, counts=counts, texts={**one.texts, bridge: text}))
    return replace(grown, drops=(drops[0], drops[1], drops[2]))

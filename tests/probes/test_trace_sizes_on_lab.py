"""Where the size stops, on the network lab: of echo requests, and of what TCP and UDP themselves send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from lab.session import Lab
from probes.site_file import load_site
from probes.toolbox import LiveToolbox
from tests.probes.test_trace_on_lab import MASTER, trace

pytestmark = pytest.mark.lab


@pytest.fixture
async def toolbox(healed_lab: Lab) -> AsyncIterator[LiveToolbox]:
    async with LiveToolbox(load_site(healed_lab.site())) as live:
        yield live


STOPS = {
    "mtu-icmp-dropped": ("controller", MASTER, "openstack-host", "openstack-host"),
    "mtu-mismatch": ("controller", MASTER, "", "openstack-host"),
    "mtu-blackhole": ("k8s-worker-1", "10.0.0.34", "", "k8s-worker-1"),
}


@pytest.mark.parametrize(
    "fault", [name if name == "mtu-icmp-dropped" else pytest.param(name, marks=pytest.mark.long) for name in STOPS]
)
async def test_where_the_size_stops(healed_lab: Lab, toolbox: LiveToolbox, fault: str) -> None:
    """Small packets arrive. The size that was asked for dies at the same place."""
    source, target, silent, before = STOPS[fault]
    healed_lab.break_(fault)
    found = await trace(toolbox, source, target, packets=8, sizes=True)
    (sized,) = found.sizes
    assert (found.verdict, found.received) == ("sizes-lost", 8)
    assert (sized.silent_at, sized.before_host) == (silent, before)
    assert 1400 <= sized.largest < sized.lost <= 1500
    if fault == "mtu-icmp-dropped":
        assert sized.hits[0].text == "-A OUTPUT -p icmp -m icmp --icmp-type 3/4 -j DROP"
    else:
        large = await trace(toolbox, source, target, packets=8, size=sized.lost - 28, sizes=True)
        assert (large.verdict, large.received) == ("sizes-lost", 0)


async def test_sizes_that_fit_and_one_that_does_not(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    fits = await trace(toolbox, "controller", MASTER, packets=4, size=1472, sizes=True)
    assert (fits.verdict, fits.sizes[0].largest) == ("arrives", 1500)
    large = await trace(toolbox, "controller", MASTER, packets=4, size=1473, sizes=True)
    assert (large.verdict, large.sizes[0].told_mtu) == ("too-large", 1500)


OWN = {"tcp": (22, 1448), "udp": (5353, 1472)}
"""Port, and the payload of a whole packet: sshd listens, and of UDP a program that answers everybody."""
ANSWERS = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("", 5353))
    while True:
        server.sendto(b"yes", server.recvfrom(65536)[1])
"""
DROPS = "-A FORWARD -p {} -m length --length 1450:65535 -j DROP"


@pytest.fixture(autouse=True)
def answers(healed_lab: Lab) -> Iterator[None]:
    healed_lab.run("master", f"systemd-run -q --unit dh-answers python3 -c '{ANSWERS}'")
    yield
    healed_lab.run("master", "systemctl stop dh-answers")


@pytest.fixture
def drops_by_size(healed_lab: Lab) -> Iterator[None]:
    for protocol in OWN:
        healed_lab.run("openstack-host", f"iptables -I {DROPS.format(protocol).removeprefix('-A ')}")
    yield
    for protocol in OWN:
        healed_lab.run("openstack-host", f"iptables {DROPS.format(protocol).replace('-A', '-D')}")


@pytest.mark.parametrize("protocol", OWN)
@pytest.mark.usefixtures("drops_by_size")
async def test_a_firewall_that_treats_echo_requests_otherwise(toolbox: LiveToolbox, protocol: str) -> None:
    """Whole packets arrive by ICMP, and not by what is traced: the rule that looks at their size is named."""
    port, size = OWN[protocol]
    found = await trace(
        toolbox, "controller", MASTER, protocol=protocol, port=port, packets=4, size=size, sizes=True
    )
    (own,) = found.own_sizes
    assert found.verdict == "sizes-lost"
    assert 1400 <= own.largest < 1450 <= own.lost <= 1500
    assert (own.hits_host, own.hits[0].text) == ("openstack-host", DROPS.format(protocol))
    assert (found.sizes[0].largest, found.sizes[0].lost) == (1500, 0)


@pytest.mark.parametrize("protocol", OWN)
async def test_where_the_size_stops_by_the_real_protocol(
    healed_lab: Lab, toolbox: LiveToolbox, protocol: str
) -> None:
    port, size = OWN[protocol]
    asked = {"protocol": protocol, "port": port, "packets": 4, "size": size, "sizes": True}
    whole = await trace(toolbox, "controller", MASTER, **asked)
    assert [(one.largest, one.lost) for one in whole.own_sizes] == [(1500, 0)]
    healed_lab.break_("mtu-icmp-dropped")
    found = await trace(toolbox, "controller", MASTER, **asked)
    assert found.verdict == "sizes-lost"
    assert [(one.largest, one.lost, one.hits) for one in found.own_sizes] == [(1400, 1401, ())]
    assert (found.sizes[0].largest, found.sizes[0].silent_at) == (1400, "openstack-host")


@pytest.fixture
def pod(healed_lab: Lab) -> Iterator[str]:
    """Address of one on the first worker: a namespace counts as a pod's while a process is in it."""
    healed_lab.run("k8s-worker-1", "systemd-run -q --unit dh-pause ip netns exec pod2 sleep 300")
    yield "10.244.1.2"
    healed_lab.run("k8s-worker-1", "systemctl stop dh-pause")


async def test_where_the_size_stops_from_a_pod(healed_lab: Lab, toolbox: LiveToolbox, pod: str) -> None:
    """Its own link is sized, and its node is the first router on its way."""
    asked = {"pod": pod, "owner": "k8s-worker-2", "packets": 4, "sizes": True}
    fits = await trace(toolbox, "k8s-worker-1", "10.244.2.3", **asked)
    assert [(one.first_mtu, one.largest, one.lost) for one in fits.sizes] == [(1400, 1400, 0)]
    large = await trace(toolbox, "k8s-worker-1", "10.244.2.3", **asked, size=1373)
    assert (large.verdict, large.sizes[0].told_mtu) == ("too-large", 1400)
    healed_lab.break_("mtu-blackhole")
    found = await trace(toolbox, "k8s-worker-1", "10.244.2.3", **asked)
    assert (found.verdict, found.received) == ("sizes-lost", 4)
    assert found.sizes[0].largest < found.sizes[0].lost <= 1450
    assert found.sizes[0].before_host == "k8s-worker-1"


async def test_no_size_can_be_tried_where_nobody_listens(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    found = await trace(toolbox, "controller", MASTER, protocol="tcp", port=9, packets=4, size=1448, sizes=True)
    assert found.verdict == "refused"
    assert [(one.largest, one.lost) for one in found.own_sizes] == [(0, 0)]

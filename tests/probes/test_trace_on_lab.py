"""path.trace on the network lab: the right hop and rule under each fault that drops packets, others' packets beside
ours; and that all arrive where nothing is broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

import probes.all
from lab.machines import PATHS, ROOT
from lab.session import Lab
from probes.connection import Command, Connection
from probes.exchange import Reply
from probes.path.facts import Translation
from probes.probe import PROBES, checked_call, observe
from probes.site import OPERATOR
from probes.site_file import load_site
from probes.toolbox import LiveToolbox
from probes.trace.facts import DeadHop, Trace

assert probes.all

pytestmark = pytest.mark.lab

CONTROLLER, COMPUTE, MASTER = "192.168.100.101", "192.168.100.102", "172.20.112.101"
BACKGROUND = "for to in {}; do timeout 60 ping -q -i 0.05 -s 400 $to >/dev/null 2>&1 & done"
"""Twenty a second to each: as many on every rule and interface as ours."""


@pytest.fixture
async def toolbox(healed_lab: Lab) -> AsyncIterator[LiveToolbox]:
    async with LiveToolbox(load_site(healed_lab.site())) as live:
        yield live


async def trace(toolbox: LiveToolbox, source: str, target: str, **more: object) -> Trace:
    evidence = await observe(checked_call("path.trace", source, {"target": target, **more}), toolbox, "e1")
    print(f"{source} → {target} {more}: {evidence.seconds:.1f} s {evidence.failure or ''}")
    assert isinstance(evidence.facts, Trace), evidence.failure
    for exchange in evidence.exchanges:
        assert exchange.request.text.startswith(PROBES["path.trace"].commands), exchange.request.text
    return evidence.facts


def dead_of(found: Trace) -> DeadHop:
    assert found.verdict == "dies", found
    (dead,) = found.dead
    return dead


FAULTS = {
    "libvirt-reject": ("master", CONTROLLER, "openstack-host", "there", "rule"),
    "missing-route": ("master", CONTROLLER, "kubernetes-host", "there", "no-route"),
    "one-way-route": ("master", CONTROLLER, "controller", "back", "no-route"),
    "ip-forward-off": ("master", CONTROLLER, "openstack-host", "there", "forwarding-off"),
    "rp-filter": ("kubernetes-host", CONTROLLER, "openstack-host", "there", "rp-filter"),
}


@pytest.mark.parametrize(
    ("fault", "captures"),
    [*((fault, True) for fault in FAULTS), ("libvirt-reject", False), ("rp-filter", False)],
)
async def test_the_dead_hop_is_named(healed_lab: Lab, toolbox: LiveToolbox, fault: str, captures: bool) -> None:
    source, target, host, direction, reason = FAULTS[fault]
    healed_lab.break_(fault)
    found = await trace(toolbox, source, target, captures=captures)
    dead = dead_of(found)
    assert (dead.host, dead.direction, dead.reason) == (host, direction, reason)
    assert found.received == 0
    if fault == "libvirt-reject":
        assert dead.rule.startswith("-A LIBVIRT_FWI")
        assert "-j REJECT" in dead.rule
        assert found.error == "port-unreachable"
    if captures:
        assert dead.confirmed
        assert dead.left <= 0
        assert next(hop.verdict for hop in found.hops if hop.direction == "there") == "seen"


@pytest.mark.parametrize("fault", ["libvirt-reject", "ip-forward-off"])
async def test_others_packets_beside_ours(healed_lab: Lab, toolbox: LiveToolbox, fault: str) -> None:
    """The same rule and the same counters count somebody else's as well."""
    source, target, host, direction, reason = FAULTS[fault]
    healed_lab.break_(fault)
    healed_lab.run("master", BACKGROUND.format(f"{CONTROLLER} {COMPUTE}"))
    try:
        found = await trace(toolbox, source, target)
    finally:
        healed_lab.run("master", "pkill -x ping")
    dead = dead_of(found)
    assert (dead.host, dead.direction, dead.reason) == (host, direction, reason)


async def test_a_port_that_is_dropped_and_one_that_nobody_listens_on(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    healed_lab.break_("ssh-drop")
    dead = dead_of(await trace(toolbox, "openstack-host", COMPUTE, protocol="tcp", port=22))
    assert (dead.host, dead.chain, dead.reason) == ("compute", "INPUT", "rule")
    assert "--dport 22" in dead.rule
    refused = await trace(toolbox, "openstack-host", CONTROLLER, protocol="tcp", port=2)
    assert (refused.verdict, refused.dead) == ("refused", ())


async def test_a_silent_host_is_seen_from_both_its_sides(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    healed_lab.break_("host-silent")
    dead = dead_of(await trace(toolbox, "master", CONTROLLER))
    assert dead.host in ("kubernetes-host", "openstack-host")


async def test_a_flow_of_open_vswitch_that_drops(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    """Behind the port and before the bridge's own interface, where no firewall of the machine looks."""
    healed_lab.run("controller", f"ovs-ofctl add-flow br-ex priority=500,icmp,nw_dst={CONTROLLER},actions=drop")
    try:
        found = await trace(toolbox, "master", CONTROLLER)
    finally:
        healed_lab.run("controller", f"ovs-ofctl del-flows br-ex icmp,nw_dst={CONTROLLER}")
    dead = dead_of(found)
    assert (dead.host, dead.reason, dead.at, dead.in_interface) == ("controller", "flow", "br-ex", "enp1s0")
    assert dead.rule == f"table=0 priority=500,icmp,nw_dst={CONTROLLER} actions=drop"
    assert dead.packets >= 10
    ends = [(hop.at, hop.verdict) for hop in found.hops if hop.host == "controller" and hop.direction == "there"]
    assert ends == [("enp1s0", "seen"), ("br-ex", "beyond")]


PUBLISHED = "10.10.10.77"
"""openstack-host has it as well, and gives what comes for it to controller."""
TO_CONTROLLER = f"""
ip address add {PUBLISHED}/32 dev lo
iptables -t nat -I PREROUTING -d {PUBLISHED}/32 -j DNAT --to-destination {CONTROLLER}
"""
NOT_PUBLISHED = f"""
iptables -t nat -D PREROUTING -d {PUBLISHED}/32 -j DNAT --to-destination {CONTROLLER}
ip address del {PUBLISHED}/32 dev lo
"""


async def test_behind_an_address_that_is_translated_to_another(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    healed_lab.run("openstack-host", TO_CONTROLLER)
    healed_lab.run("controller", "iptables -I INPUT -p icmp -j DROP")
    try:
        dies = await trace(toolbox, "kubernetes-host", PUBLISHED)
        healed_lab.run("controller", "iptables -D INPUT -p icmp -j DROP")
        arrives = await trace(toolbox, "kubernetes-host", PUBLISHED)
    finally:
        healed_lab.run("openstack-host", NOT_PUBLISHED)
        healed_lab.run("controller", "iptables -D INPUT -p icmp -j DROP 2>/dev/null; true")
    dead = dead_of(dies)
    assert (dead.host, dead.chain, dead.direction) == ("controller", "INPUT", "there")
    assert (arrives.verdict, arrives.received) == ("arrives", 20)
    assert arrives.translations == (Translation("openstack-host", CONTROLLER, 0),)
    assert {(hop.host, hop.verdict) for hop in arrives.hops if hop.direction == "there"} == {
        ("kubernetes-host", "seen"),
        ("openstack-host", "seen"),
        ("controller", "seen"),
    }


NATIVE = """
iptables -t nat -F LIBVIRT_PRT
nft -f - <<'RULES'
table ip libvirt_network {
  chain guest_nat { type nat hook postrouting priority srcnat;
    ip saddr 192.168.100.0/24 ip daddr != 192.168.100.0/24 counter masquerade
  }
}
RULES
"""
"""As libvirt does it from 10.4 on."""
NOT_NATIVE = "nft delete table ip libvirt_network; iptables-restore < /etc/sysconfig/iptables"


async def test_the_way_back_to_what_nft_alone_masquerades(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    """kubernetes-host has no route to the guests, and needs none."""
    healed_lab.break_("missing-route")
    healed_lab.run("openstack-host", NATIVE)
    try:
        found = await trace(toolbox, "controller", "10.10.10.2")
    finally:
        healed_lab.run("openstack-host", NOT_NATIVE)
    assert (found.verdict, found.dead) == ("arrives", ())
    back = [(hop.host, hop.side, hop.verdict) for hop in found.hops if hop.direction == "back"]
    assert back[:2] == [("kubernetes-host", "out", "seen"), ("openstack-host", "in", "seen")]
    assert back[-1] == ("controller", "in", "seen")


MANY = f"""
{{
  echo '*filter'; echo ':DH-MANY - [0:0]'
  seq 0 49999 | awk '{{print "-A DH-MANY -p tcp -s 203.0." int($1/200) "." $1%200 " --dport 80 -j ACCEPT"}}'
  echo '-A DH-MANY -p icmp -d {CONTROLLER} -j DROP'; echo '-I FORWARD -j DH-MANY'; echo COMMIT
}} | iptables-restore --noflush
"""


async def test_the_one_rule_among_fifty_thousand(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    healed_lab.run("openstack-host", MANY)
    try:
        found = await trace(toolbox, "master", CONTROLLER)
    finally:
        healed_lab.run("openstack-host", "iptables -D FORWARD -j DH-MANY; iptables -F DH-MANY; iptables -X DH-MANY")
    dead = dead_of(found)
    assert (dead.host, dead.chain, dead.reason, dead.direction) == ("openstack-host", "DH-MANY", "rule", "there")
    assert dead.rule == f"-A DH-MANY -d {CONTROLLER}/32 -p icmp -j DROP"


@pytest.mark.long
async def test_counters_that_somebody_resets_meanwhile(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    """Counters that are zero at every look tell nothing. What is said then may be less, and is never wrong."""
    healed_lab.break_("libvirt-reject")
    healed_lab.run("openstack-host", "(timeout 60 sh -c 'while iptables -Z; do sleep 0.1; done' >/dev/null 2>&1 &)")
    try:
        found = await trace(toolbox, "master", CONTROLLER)
    finally:
        healed_lab.run("openstack-host", "pkill -f 'while iptables'")
    assert found.received == 0
    assert {dead.host for dead in found.dead} <= {"openstack-host"}
    assert found.verdict in ("dies", "unseen", "ambiguous")
    assert all("LIBVIRT_FWI" in dead.rule for dead in found.dead if dead.rule)
    assert found.last_seen in ("", "kubernetes-host", "openstack-host")


@pytest.mark.parametrize("name", ["enp1s0f0np0.100", pytest.param("enp1s0.5-a_b+c", marks=pytest.mark.long)])
async def test_long_and_odd_names_of_interfaces(healed_lab: Lab, toolbox: LiveToolbox, name: str) -> None:
    """Fifteen characters, and a veth, which `ip` prints with an `@`."""
    healed_lab.run("master", f"ip link set dev enp1s0 name {name}")
    try:
        toolbox.changed()
        found = await trace(toolbox, "master", CONTROLLER)
        healed_lab.run("master", f"iptables -I INPUT -i {name} -p icmp --icmp-type echo-reply -j DROP")
        dead = dead_of(await trace(toolbox, "master", CONTROLLER))
    finally:
        healed_lab.run("master", f"iptables -D INPUT -i {name} -p icmp --icmp-type echo-reply -j DROP")
        healed_lab.run("master", f"ip link set dev {name} name enp1s0")
    assert (found.verdict, found.hops[0].at) == ("arrives", name)
    assert (dead.host, dead.direction, dead.in_interface) == ("master", "back", name)
    assert f"-i {name} " in dead.rule


SIX = (("openstack-host", "virbr10", "fd00:9::1/64"), ("controller", "br-ex", "fd00:9::101/64"))
_SIX_RULE = "INPUT -p ipv6-icmp --icmpv6-type echo-request -j DROP"


async def test_the_rule_of_another_table_drops_ipv6(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    for host, interface, address in SIX:
        off = f"sysctl -qw net.ipv6.conf.{interface}.disable_ipv6=0"
        healed_lab.run(host, f"{off}; ip addr add {address} dev {interface} nodad")
    healed_lab.run("controller", f"ip6tables -I {_SIX_RULE}")
    try:
        found = await trace(toolbox, "openstack-host", "fd00:9::101", packets=8)
    finally:
        healed_lab.run("controller", f"ip6tables -D {_SIX_RULE}")
        for host, interface, address in SIX:
            on = f"sysctl -qw net.ipv6.conf.{interface}.disable_ipv6=1"
            healed_lab.run(host, f"ip addr del {address} dev {interface}; {on}")
    dead = dead_of(found)
    assert (dead.host, dead.chain, dead.reason, dead.packets) == ("controller", "INPUT", "rule", 8)
    assert dead.rule == "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j DROP"


TAKES, SPARES = "INPUT -p icmp --icmp-type echo-request -j DROP", "INPUT -s 192.0.2.1 -p icmp -j DROP"


@pytest.mark.parametrize("backend", ["iptables-legacy", "iptables-nft"])
async def test_a_host_with_two_backends(healed_lab: Lab, toolbox: LiveToolbox, backend: str) -> None:
    """Both hold rules, and the kernel goes through both."""
    (other,) = {"iptables-legacy", "iptables-nft"} - {backend}
    healed_lab.run("controller", f"{backend} -I {TAKES}; {other} -I {SPARES}; {other} -A INPUT -p icmp -j ACCEPT")
    try:
        dead = dead_of(await trace(toolbox, "master", CONTROLLER))
    finally:
        for command in (f"{backend} -D {TAKES}", f"{other} -D {SPARES}", f"{other} -D INPUT -p icmp -j ACCEPT"):
            healed_lab.run("controller", command)
    assert (dead.host, dead.chain, dead.reason, dead.packets) == ("controller", "INPUT", "rule", 20)
    assert dead.rule == "-A INPUT -p icmp -m icmp --icmp-type 8 -j DROP"


FLUSHED = """
iptables -N DH-OWN; iptables -I INPUT -j DH-OWN
systemd-run -q --unit dh-flush timeout 60 sh -c \
  'while :; do iptables -A DH-OWN -p icmp -j DROP; sleep 0.1; iptables -F DH-OWN; done'
"""
NOT_FLUSHED = "systemctl stop dh-flush; iptables -D INPUT -j DH-OWN; iptables -F DH-OWN; iptables -X DH-OWN"


async def test_a_chain_that_is_flushed_meanwhile(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    """The rule that took them may be gone when it is read again: no other one is blamed for it."""
    healed_lab.run("controller", FLUSHED)
    try:
        found = await trace(toolbox, "master", CONTROLLER)
    finally:
        healed_lab.run("controller", NOT_FLUSHED)
    assert found.received < found.sent
    assert all((dead.host, dead.chain) == ("controller", "DH-OWN") for dead in found.dead), found.dead
    assert found.dead or "controller" in (*found.changed, found.last_seen, found.next_unseen), found


async def test_one_packet_proves_nothing_and_more_are_sent(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    healed_lab.break_("ip-forward-off")
    found = await trace(toolbox, "master", CONTROLLER, packets=1)
    dead = dead_of(found)
    assert (dead.host, dead.reason, found.sent) == ("openstack-host", "forwarding-off", 20)


async def test_a_target_that_is_nobodys(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    found = await trace(toolbox, "master", "10.10.10.77")
    assert found.verdict in ("unseen", "dies")
    assert found.received == 0
    assert found.last_seen == "kubernetes-host"


OFTEN = (("master", CONTROLLER), ("controller", "192.168.200.129"), ("k8s-worker-1", "10.0.0.34"))
FROM_HOSTS = [path for path in PATHS if path[0] not in (ROOT, "operator") and ":" not in path[0]]
"""The rest begins at the lab's own machines, or at pods without a process, which no real pod is."""


@pytest.mark.parametrize("paths", [OFTEN, pytest.param(FROM_HOSTS, marks=pytest.mark.long)], ids=["some", "all"])
async def test_paths_of_the_healthy_lab_arrive(
    healed_lab: Lab, toolbox: LiveToolbox, paths: tuple[tuple[str, str], ...]
) -> None:
    for where, target in paths:
        found = await trace(toolbox, where, target, packets=8)
        assert (found.verdict, found.dead) == ("arrives", ()), (where, target, found)


async def test_paths_from_the_operators_machine_arrive(toolbox: LiveToolbox) -> None:
    """It is on the hosts' own network. What is behind them it reaches by jumping alone."""
    for target in ("10.10.10.1", "10.10.10.2", "10.10.10.3"):
        found = await trace(toolbox, OPERATOR, target, packets=8)
        assert (found.verdict, found.dead) == ("arrives", ()), (target, found)


async def test_a_pod_that_is_not_there_cannot_send(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    call = checked_call("path.trace", "k8s-worker-1", {"target": CONTROLLER, "pod": "10.244.1.77"})
    evidence = await observe(call, toolbox, "e1")
    assert evidence.failure is not None
    assert evidence.failure.reason == "not-found"


_DROP = "FORWARD -p icmp -m comment --comment $1 -j DROP"
CHURN = f"""\
touch /run/churn
put() {{ iptables -I {_DROP}; }}
take() {{ iptables -D {_DROP}; }}
n=0; put 0
(while [ -e /run/churn ]; do put $((n + 1)); take $n; n=$((n + 1)); sleep 0.1; done; take $n; touch /run/churned) \
>/dev/null 2>&1 &"""
"""The same rule again and again under another name, as a program that writes its rules anew: it always drops."""
ENDED = "rm /run/churn; for i in $(seq 100); do [ ! -e /run/churned ] || break; sleep 0.1; done; rm /run/churned"


class _LateOnce:
    """A connection over which the wait for our packets takes two seconds more, once."""

    def __init__(self, inner: Connection, waits: Iterator[float]) -> None:
        self.target, self._inner, self._waits = inner.target, inner, waits

    async def run(self, command: Command) -> Reply:
        if command.argv[0] == "sleep":
            await asyncio.sleep(next(self._waits, 0.0))
        return await self._inner.run(command)

    async def close(self) -> None:
        await self._inner.close()


async def test_captures_that_were_over_too_early_are_made_again(
    healed_lab: Lab, toolbox: LiveToolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What drops counts nothing: captures alone show where they end."""
    waits, connection = iter((0.0, 2.0)), toolbox.connection
    monkeypatch.setattr(toolbox, "connection", lambda target: _LateOnce(connection(target), waits))
    chain = "add chain ip late forward { type filter hook forward priority 10; }"
    rule = f"add rule ip late forward ip daddr {CONTROLLER} icmp type echo-request drop"
    healed_lab.run("openstack-host", f"nft 'add table ip late; {chain}; {rule}'")
    try:
        found = await trace(toolbox, "master", CONTROLLER)
    finally:
        healed_lab.run("openstack-host", "nft delete table ip late")
    assert (found.verdict, found.last_seen, found.next_unseen) == ("unseen", "openstack-host", "openstack-host")
    assert next(waits, None) is None


async def test_rules_that_change_meanwhile_are_said_to(healed_lab: Lab, toolbox: LiveToolbox) -> None:
    """Nothing counts ours from the first reading to the last."""
    healed_lab.run("openstack-host", CHURN)
    try:
        found = await trace(toolbox, "master", CONTROLLER)
    finally:
        healed_lab.run("openstack-host", ENDED)
    assert (found.verdict, found.received, found.changed) == ("ambiguous", 0, ("openstack-host",))
    assert (await trace(toolbox, "master", CONTROLLER)).changed == ()

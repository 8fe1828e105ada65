"""Each fault breaks what it says, on real packets, and undo heals it from any state."""

from dataclasses import dataclass

import pytest

from lab.catalogue import NETWORK_FAULTS as FAULTS
from lab.fault_mtu import MTU_FAULTS
from lab.machines import ROOT
from lab.session import Lab

pytestmark = pytest.mark.lab

CONTROLLER = ("master", "192.168.100.101")
COMPUTE = ("master", "192.168.100.102")
_VTYSH = "vtysh -c 'configure terminal'"


@dataclass(frozen=True)
class Expected:
    pasted: str
    """Part of what the operator's command really prints."""
    silent: set[tuple[str, str]]
    """Paths that must not answer while it is broken."""
    answers: set[tuple[str, str]]
    """Paths beside them that must still answer."""
    repair: tuple[str, str]
    """(machine, bash) of somebody who repairs it by hand."""


EXPECTED = {
    "libvirt-reject": Expected(
        "From 10.10.10.1 icmp_seq=1 Destination Port Unreachable",
        {CONTROLLER},
        {("controller", "172.20.112.101"), ("operator", "10.10.10.1")},
        ("openstack-host", "iptables -I LIBVIRT_FWI 1 -s 10.10.10.0/24 -d 192.168.100.0/24 -j ACCEPT"),
    ),
    "missing-route": Expected(
        "From 172.20.112.1 icmp_seq=1 Destination Net Unreachable",
        {CONTROLLER},
        {("master", "45.120.120.154")},
        ("kubernetes-host", "ip route add 192.168.100.0/24 via 10.10.10.1"),
    ),
    "one-way-route": Expected(
        "2 packets transmitted, 0 received, 100% packet loss",
        {CONTROLLER, ("controller", "172.20.112.101")},
        {COMPUTE},
        ("controller", "ip route add default via 192.168.100.1 dev br-ex"),
    ),
    "ip-forward-off": Expected(
        "2 packets transmitted, 0 received, 100% packet loss",
        {CONTROLLER, COMPUTE},
        {("openstack-host", "10.10.10.2")},
        ("openstack-host", "sysctl -qw net.ipv4.ip_forward=1"),
    ),
    "rp-filter": Expected(
        "2 packets transmitted, 0 received, 100% packet loss",
        set(),
        {("kubernetes-host", "10.10.10.1")},
        ("openstack-host", "sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.enp8s0.rp_filter=0"),
    ),
    "sshd-down": Expected("Connection refused", set(), {CONTROLLER}, ("controller", "systemctl start ssh")),
    "hostkey-changed": Expected(
        "REMOTE HOST IDENTIFICATION HAS CHANGED!",
        set(),
        {COMPUTE},
        (
            ROOT,
            "ssh-keygen -R 192.168.100.102 -f {known_hosts}; "
            "ssh -F {ssh_config} openstack-host ssh-keyscan 192.168.100.102 </dev/null >> {known_hosts}",
        ),
    ),
    "ssh-drop": Expected("timed out", set(), {COMPUTE}, ("compute", "iptables -D INPUT -p tcp --dport 22 -j DROP")),
    "ssh-frozen": Expected(
        "timed out", set(), {("master", "45.120.120.154")}, ("compute2", "systemctl restart ssh")
    ),
    "host-silent": Expected(
        "timed out",
        {("openstack-host", "10.10.10.2"), ("controller", "172.20.112.101")},
        {("openstack-host", "10.10.10.3")},
        ("kubernetes-host", "iptables -D INPUT -i enp0s20f0u2 -j DROP; iptables -D FORWARD -i enp0s20f0u2 -j DROP"),
    ),
    "fip-arp": Expected(
        "From 192.168.200.1 icmp_seq=1 Destination Host Unreachable",
        {("controller", "192.168.200.129"), ("master", "192.168.200.129")},
        {("master", "192.168.200.106"), ("k8s-worker-1", "10.0.0.34")},
        ("openstack-host", "ip route add 192.168.200.129/32 via 10.10.10.3"),
    ),
    "fip-loop": Expected(
        "2 packets transmitted, 0 received,",
        {("master", "192.168.200.106")},
        {("master", "192.168.200.129"), CONTROLLER},
        ("openstack-host", "ip route del 192.168.200.106/32 via 10.10.10.3"),
    ),
    "conntrack-full": Expected(
        "timed out",
        {CONTROLLER, COMPUTE},
        {("master", "45.120.120.154")},
        ("openstack-host", "conntrack -D -s 192.168.100.102 >/dev/null 2>&1"),
    ),
    "bgp-remote-as": Expected(
        "10.10.10.1      4      65001",
        {CONTROLLER, COMPUTE},
        {("master", "45.120.120.154")},
        ("kubernetes-host", f"{_VTYSH} -c 'router bgp 65000' -c 'neighbor 10.10.10.1 remote-as 65000'"),
    ),
    "bgp-no-policy": Expected(
        "(Policy)",
        {CONTROLLER, COMPUTE, ("master", "45.120.120.154")},
        {("openstack-host", "10.10.10.2")},
        ("openstack-host", f"{_VTYSH} -c 'router bgp 65001' -c 'no bgp ebgp-requires-policy'"),
    ),
    "bgp-config-drift": Expected(
        "From 172.20.112.1 icmp_seq=1 Destination Net Unreachable",
        {CONTROLLER, COMPUTE},
        {("master", "45.120.120.154")},
        (
            "openstack-host",
            f"{_VTYSH} -c 'router bgp 65000' -c 'address-family ipv4 unicast' -c 'redistribute connected'",
        ),
    ),
    "bgp-down": Expected(
        "From 172.20.112.1 icmp_seq=1 Destination Net Unreachable",
        {CONTROLLER, COMPUTE},
        {("master", "45.120.120.154")},
        ("openstack-host", "systemctl start frr"),
    ),
    "mtu-icmp-dropped": Expected(
        "expecting SSH2_MSG_KEX_ECDH_REPLY",
        set(),
        {CONTROLLER, ("controller", "172.20.112.101")},
        ("openstack-host", "iptables -D OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP"),
    ),
    "mtu-blackhole": Expected(
        "2 packets transmitted, 0 received, 100% packet loss",
        set(),
        {("k8s-worker-1", "10.0.0.34"), ("k8s-worker-1:pod2", "10.244.2.2")},
        ("k8s-worker-1", "ip link set eth0 mtu 1450"),
    ),
    "mtu-mismatch": Expected(
        "2 packets transmitted, 0 received, 100% packet loss",
        set(),
        {CONTROLLER, ("controller", "172.20.112.101")},
        ("kubernetes-host", "ip link set enp0s20f0u2 mtu 1500"),
    ),
}


_SLOW = {
    *MTU_FAULTS,
    "fip-arp",
    "fip-loop",
    "conntrack-full",
    "bgp-remote-as",
    "bgp-no-policy",
    "bgp-config-drift",
    "bgp-down",
}
NAMES = [pytest.param(name, marks=pytest.mark.long if name in _SLOW else ()) for name in FAULTS]
"""Those of sizes and of BGP take long, and tests/end_to_end breaks and undoes one of each in every run."""


def test_every_fault_is_tested() -> None:
    assert EXPECTED.keys() == FAULTS.keys()


@pytest.mark.parametrize("fault", NAMES)
def test_fault_shows_and_undo_leaves_no_trace(healed_lab: Lab, fault: str) -> None:
    expected, before = EXPECTED[fault], healed_lab.at_rest()
    assert expected.pasted not in healed_lab.paste(fault)
    healed_lab.break_(fault)
    assert expected.pasted in healed_lab.paste(fault)
    silent = set(healed_lab.silent_paths())
    assert expected.silent <= silent
    assert expected.answers.isdisjoint(silent)
    healed_lab.undo(fault)
    assert expected.pasted not in healed_lab.paste(fault)
    assert healed_lab.silent_paths() == []
    assert healed_lab.changes_since(before) == ""


def repair(lab: Lab, where: str, command: str) -> None:
    text = command.format(ssh_config=lab.ssh_config, known_hosts=lab.instance.known_hosts)
    done = lab.run(where, text)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("fault", NAMES)
def test_undo_after_a_repair_leaves_no_trace(healed_lab: Lab, fault: str) -> None:
    before, known = healed_lab.at_rest(), healed_lab.instance.known_hosts.read_text()
    healed_lab.break_(fault)
    repair(healed_lab, *EXPECTED[fault].repair)
    healed_lab.undo(fault)
    assert healed_lab.silent_paths() == []
    assert healed_lab.changes_since(before) == ""
    assert healed_lab.instance.known_hosts.read_text() == known
    assert EXPECTED[fault].pasted not in healed_lab.paste(fault)


@pytest.mark.parametrize("fault", NAMES)
def test_undo_of_what_is_not_broken_changes_nothing(healed_lab: Lab, fault: str) -> None:
    before = healed_lab.at_rest()
    healed_lab.undo(fault)
    assert healed_lab.changes_since(before) == ""


def test_breaking_twice_is_breaking_once(healed_lab: Lab) -> None:
    before = healed_lab.at_rest()
    healed_lab.break_("rp-filter")
    healed_lab.break_("rp-filter")
    healed_lab.break_("libvirt-reject")
    healed_lab.break_("libvirt-reject")
    healed_lab.heal()
    assert healed_lab.changes_since(before) == ""

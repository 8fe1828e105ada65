"""Which difference explains a finding: the same place and the same thing, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from base.text import Text
from diagnosis.sweep.baseline import Difference
from diagnosis.sweep.touching import touching
from diagnosis.views import ActionView, CauseView, Confidence, FixView
from knowledge.model import Risk

BOTH = Text("x", "x")


def cause(run: str = "", *, on: str = "gate", target: str = "host:gate", **values: str) -> CauseView:
    actions = (ActionView(on, run, ""),) if run else ()
    fix = FixView("f", BOTH, Risk.REVERSIBLE, BOTH, True, actions)
    return CauseView("c", "s", BOTH, BOTH, values, (target,), Confidence.CERTAIN, (), (fix,))


def difference(kind: str, name: str, place: str = "host:gate", *, was: str = "a", now: str = "b") -> Difference:
    return Difference(place, kind, name, (was,) if was else (), (now,) if now else ())


@pytest.mark.parametrize(
    ("run", "kind", "name"),
    [
        ("sudo -n sysctl -w net.ipv4.ip_forward=1", "sysctl", "net.ipv4.ip_forward"),
        ("sysctl -w net/ipv4/conf/eth0/rp_filter=2", "sysctl", "net.ipv4.conf.eth0.rp_filter"),
        ("sysctl -w net/ipv4/conf/eth0/rp_filter=2", "sysctl", "net.ipv4.conf.all.rp_filter"),
        ("sysctl -w net/ipv4/conf/eth0.5/rp_filter=2", "sysctl", "net/ipv4/conf/eth0.5/rp_filter"),
        ("iptables -t filter -I INPUT 1 -s 10.0.0.0/8 -j ACCEPT", "firewall", "filter/INPUT"),
        ("ip route add 10.1.0.0/16 via 10.0.0.1", "route", "10.1.0.0/16"),
        ("ip route add 10.1.0.0/16 via 10.0.0.1", "learned-route", "10.0.0.0/8"),
        ("ip route add 10.1.0.0/16 via 10.0.0.1", "route", "default"),
        ("systemctl start frr.service", "unit", "frr.service"),
        ("ip link set dev eth0 mtu 1500", "link", "eth0"),
        ("swapoff -a", "swap", "swap"),
    ],
)
def test_what_the_fix_changes_back(run: str, kind: str, name: str) -> None:
    (found,) = touching(cause(run), (), [difference(kind, name), difference(kind, name, "host:other")])
    assert found.place == "host:gate"


def test_its_own_place_comes_before_what_the_fix_changes_elsewhere() -> None:
    here, there = difference("link", "eth0"), difference("link", "eth0", "host:other")
    elsewhere = cause("ip link set dev eth0 mtu 1450", on="other")
    assert touching(elsewhere, (), [there]) == (there,)
    both = cause("ip link set dev eth0 mtu 1450", on="other", target="host:gate")
    fixed = replace(both, fixes=(*both.fixes, *cause("ip link set dev eth0 mtu 1450").fixes))
    assert touching(fixed, (), [there, here]) == (here,)


@pytest.mark.parametrize(
    ("run", "other"),
    [
        ("sysctl -w net.ipv4.ip_forward=1", difference("sysctl", "net.ipv4.conf.eth0.rp_filter")),
        ("sysctl -w net/ipv4/conf/eth0/rp_filter=2", difference("sysctl", "net.ipv4.conf.eth1.rp_filter")),
        ("sysctl -w net/ipv4/conf/eth0/rp_filter=2", difference("sysctl", "net.ipv4.conf.all.arp_ignore")),
        ("sysctl -w net/ipv4/conf/eth0/rp_filter=2", difference("link", "eth0")),
        ("iptables -I INPUT 1 -j ACCEPT", difference("firewall", "filter/FORWARD")),
        ("iptables -I INPUT 1 -j ACCEPT", difference("firewall", "nat/INPUT")),
        ("ip route add 10.1.0.0/16 via 10.0.0.1", difference("route", "10.1.2.0/24")),
        ("ip route add 10.1.0.0/16 via 10.0.0.1", difference("route", "default", was="")),
        ("ip route add 10.1.0.0/16 via 10.0.0.1", difference("route", "2001:db8::/32")),
        ("systemctl start frr.service", difference("unit", "ssh.service")),
        ("", difference("sysctl", "net.ipv4.ip_forward")),
    ],
)
def test_another_thing_on_the_same_host_explains_nothing(run: str, other: Difference) -> None:
    assert touching(cause(run), (), [other]) == ()


def test_what_no_command_names_is_a_value_of_the_cause() -> None:
    cordoned = cause("kubectl uncordon w1", on="operator", target="", cluster="k", node="w1")
    assert touching(cordoned, (), [difference("node", "w1", "cluster:k")])
    assert not touching(
        cordoned, (), [difference("node", "w2", "cluster:k"), difference("node", "w1", "cluster:j")]
    )
    lost = cause(target="host:gate", target_net="10.1.0.0/16")
    assert touching(lost, (), [difference("learned-route", "10.1.0.0/16", now="")])
    assert not touching(lost, (), [difference("route", "10.1.0.0/16", was="")])
    group = cause(target="cloud:c", group="web")
    assert touching(group, (), [difference("security-group", "web 3f2a", "cloud:c")])
    assert not touching(group, (), [difference("security-group", "webshop 3f2a", "cloud:c")])


def test_or_the_causes_file_says_which_kinds() -> None:
    bridge = difference("bridge", "br-tun", now="")
    assert touching(cause("systemctl restart agent.service"), ("bridge",), [bridge]) == (bridge,)
    assert touching(cause("systemctl restart agent.service"), (), [bridge]) == ()
    assert touching(cause(), ("bridge",), [replace(bridge, place="host:other")]) == ()

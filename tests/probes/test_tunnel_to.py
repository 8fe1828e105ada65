"""The tunnel that pods' packets travel in, and whether security groups let it in. Texts are the lab's."""

from __future__ import annotations

import pytest

from probes.cloud.lets_in import fits
from probes.cloud.network_facts import SecurityRule
from probes.errors import UnreadableOutput
from probes.linux.tunnel import far_end

NEIGHBOURS = """[{"dst":"10.0.0.34","dev":"eth0","lladdr":"fa:16:3e:6c:b1:22","state":["REACHABLE"]},
{"dst":"10.244.2.0","dev":"flannel.1","lladdr":"0a:f4:02:00:00:01","state":["PERMANENT"]},
{"dst":"10.244.3.0","dev":"flannel.1","state":["FAILED"]}]"""
TABLE = """[{"mac":"0a:f4:02:00:00:01","dst":"10.0.0.34","flags":["self"],"state":"permanent"},
{"mac":"33:33:00:00:00:01","flags":["self"],"state":"permanent"}]"""


@pytest.mark.parametrize(
    ("interface", "towards", "end"),
    [
        ("flannel.1", "10.244.2.0", "10.0.0.34"),
        ("flannel.1", "10.244.3.0", ""),
        ("flannel.1", "10.244.9.0", ""),
        ("vxlan.calico", "10.244.2.0", ""),
    ],
)
def test_the_far_end_of_a_vxlan(interface: str, towards: str, end: str) -> None:
    assert far_end(NEIGHBOURS, TABLE, interface, towards) == end


def test_a_table_that_is_none() -> None:
    with pytest.raises(UnreadableOutput):
        far_end(NEIGHBOURS, "RTNETLINK answers: No such device", "flannel.1", "10.244.2.0")


def rule(**more: object) -> SecurityRule:
    fields: dict[str, object] = {
        "id": "a",
        "group": "k8s",
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "udp",
        "port_min": 8472,
        "port_max": 8472,
        "remote": "",
        "remote_kind": "any",
    }
    return SecurityRule(**(fields | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "protocol", "number", "let_in"),
    [
        (rule(), "udp", 8472, True),
        (rule(), "udp", 4789, False),
        (rule(port_min=-1, port_max=-1), "udp", 4789, True),
        (rule(protocol="17"), "udp", 8472, True),
        (rule(protocol="any", port_min=-1, port_max=-1), "udp", 8472, True),
        (rule(direction="egress"), "udp", 8472, False),
        (rule(ethertype="IPv6"), "udp", 8472, False),
        (rule(protocol="ipip", port_min=-1, port_max=-1), "4", 0, True),
        (rule(protocol="4", port_min=-1, port_max=-1), "4", 0, True),
        (rule(protocol="tcp", port_min=-1, port_max=-1), "4", 0, False),
        (rule(remote="10.0.0.0/24", remote_kind="cidr"), "udp", 8472, True),
        (rule(remote="10.0.1.0/24", remote_kind="cidr"), "udp", 8472, False),
        (rule(remote="own", remote_kind="group"), "udp", 8472, True),
        (rule(remote="other", remote_kind="group"), "udp", 8472, False),
        (rule(remote="some", remote_kind="address-group"), "udp", 8472, True),
    ],
)
def test_whom_a_rule_lets_in(one: SecurityRule, protocol: str, number: int, let_in: bool) -> None:
    assert fits(one, "10.0.0.205", {"own"}, protocol, number) == let_in

"""A site is held against its baseline: nothing differs, something is changed, and it is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import Ran, deadhop

pytestmark = pytest.mark.lab

FORWARDS = "net.ipv4.ip_forward 1 → 0"
SPOILED = "iptables -I INPUT -s 203.0.113.9 -j DROP; systemctl stop neutron-openvswitch-agent"
AS_IT_WAS = "iptables -D INPUT -s 203.0.113.9 -j DROP; systemctl start neutron-openvswitch-agent"
PASSING = (
    "ip link add veth0a1b type veth peer name veth0c2d; ip link set veth0a1b up; "
    "ip route add 10.99.7.7 dev veth0a1b; iptables -N KUBE-SEP-X; "
    "iptables -A KUBE-SEP-X -s 10.99.7.7 -j RETURN; iptables -A FORWARD -i veth0a1b -j ACCEPT; "
    "iptables -t security -L -n; ping -qc 20 -i 0.01 127.0.0.1"
)
"""A pod comes, somebody looks at a table, packets are counted."""
PASSED = (
    "ip link del veth0a1b; iptables -D FORWARD -i veth0a1b -j ACCEPT; "
    "iptables -F KUBE-SEP-X; iptables -X KUBE-SEP-X"
)
OTHERS = {
    ("host:compute2", "firewall", "filter/INPUT"),
    ("host:compute2", "unit", "neutron-openvswitch-agent.service"),
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def sweep(lab: Lab, state: Path, *words: str) -> Ran:
    return deadhop("sweep", "--site", str(lab.site()), "--json", *words, state=state)


def saved(lab: Lab, state: Path) -> Ran:
    done = sweep(lab, state, "--save-baseline")
    kept = done.document["saved"]
    assert (done.status, kept["unread"], kept["causes"]) == (0, [], [])
    assert {"host:openstack-host", "host:compute2"} < set(kept["places"])
    return done


def test_what_was_changed_stands_by_its_cause_and_the_rest_apart(healed_lab: Lab, state: Path) -> None:
    healed_lab.at_rest()
    saved(healed_lab, state)

    healed_lab.break_("ip-forward-off")
    healed_lab.run("compute2", SPOILED)
    found = sweep(healed_lab, state)
    (first, *others), baseline = found.document["causes"], found.document["baseline"]
    assert (found.status, first["id"], first["targets"]) == (1, "ip-forward-off", ["host:openstack-host"])
    assert [one["text"]["en"] for one in first["changed"]] == [FORWARDS]
    assert not any(one["changed"] for one in others)
    rest = {(one["place"], one["kind"], one["name"]) for one in baseline["differences"] if not one["explains"]}
    assert (rest, len(baseline["differences"]), baseline["not_compared"]) == (OTHERS, 3, [])

    healed_lab.undo("ip-forward-off")
    healed_lab.run("compute2", AS_IT_WAS)
    again = sweep(healed_lab, state)
    assert (again.status, again.document["causes"]) == (0, [])
    assert (again.document["baseline"]["differences"], again.document["baseline"]["not_compared"]) == ([], [])


@pytest.mark.long
def test_what_changes_by_itself_is_no_difference(healed_lab: Lab, state: Path) -> None:
    """Routes are learned again, with other numbers; a pod comes; packets are counted."""
    healed_lab.at_rest()
    saved(healed_lab, state)
    for fault in ("bgp-down", "bgp-remote-as"):
        healed_lab.break_(fault)
        healed_lab.undo(fault)
    done = healed_lab.run("compute2", PASSING)
    try:
        assert done.returncode == 0, done.stderr
        healed_lab.at_rest()
        again = sweep(healed_lab, state)
    finally:
        healed_lab.run("compute2", PASSED)
    assert again.document["causes"] == []
    assert (again.document["baseline"]["differences"], again.document["baseline"]["not_compared"]) == ([], [])

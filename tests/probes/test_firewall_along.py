"""Of several hosts whose blocking rules counted something meanwhile, the one that counted our packets."""

from __future__ import annotations

from probes.linux.facts import Firewall, FirewallRule
from probes.path.firewall_along import blocking

SENT = 10
WAY = ["source", "router", "target"]


def firewalls(**counted: int) -> dict[str, Firewall]:
    """Each with one rule that drops everything and has counted so many packets."""
    return {
        host: Firewall(
            host,
            "iptables-nft",
            (FirewallRule("filter", "FORWARD", 1, "-A FORWARD -j DROP", ("-j", "DROP"), "DROP", packets, 0),),
            (),
        )
        for host, packets in counted.items()
    }


def found(**counted: int) -> str:
    hit = blocking(WAY, firewalls(**dict.fromkeys(counted, 0)), firewalls(**counted), SENT)
    return hit.host if hit else ""


def test_the_only_one_that_counted() -> None:
    assert found(source=0, router=SENT, target=0) == "router"
    assert found(source=0, router=2, target=0) == ""


def test_what_counted_ours_comes_before_what_is_nearer() -> None:
    assert found(source=6, router=SENT, target=0) == "router"
    assert found(source=4000, router=SENT, target=9) == "router"
    assert found(source=7, router=8, target=SENT) == "target"


def test_of_equal_ones_the_first_on_the_way() -> None:
    assert found(source=0, router=SENT, target=SENT) == "router"


def test_who_cannot_be_read_any_more_is_left_out() -> None:
    before = firewalls(source=0, router=0)
    hit = blocking(["source", "router"], before, firewalls(source=SENT), SENT)
    assert hit is not None
    assert hit.host == "source"

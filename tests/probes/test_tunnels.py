"""Which rule cut which tunnel: by what it counted while that tunnel was tried, less what it counts anyway."""

from __future__ import annotations

from dataclasses import replace

from probes.linux.facts import ChainPolicy, Firewall, FirewallRule
from probes.path.tunnels import dropping, joined, ours

SENT = 20
_SPEC = ("-p", "udp", "-m", "udp", "--dport", "4789", "-j", "DROP")
RULE = FirewallRule("filter", "FORWARD", 1, f"-A FORWARD {' '.join(_SPEC)}", _SPEC, "DROP", 0, 0)
POLICY = ChainPolicy("filter", "INPUT", "DROP", 0, 0)


def firewalls(rule: int = 0, policy: int = 0, verdict: str = "DROP") -> dict[str, Firewall]:
    rules = (replace(RULE, packets=rule, verdict=verdict),)
    return {"router": Firewall("router", "iptables-nft", rules, (replace(POLICY, packets=policy),))}


def test_a_rule_that_counted_them() -> None:
    (found,) = dropping("192.0.2.2", ["end", "router"], firewalls(7), firewalls(7 + SENT), SENT)
    assert (found.host, found.chain, found.packets, found.peers) == ("router", "FORWARD", SENT, ("192.0.2.2",))


def test_one_that_lets_them_pass_is_none() -> None:
    assert not dropping("192.0.2.2", ["router"], firewalls(verdict="ACCEPT"), firewalls(SENT, 0, "ACCEPT"), SENT)


def test_what_a_policy_counts_anyway_is_no_sign() -> None:
    noise = {("router", "filter", "INPUT", "-P INPUT DROP"): 300}
    found = dropping("192.0.2.2", ["router"], firewalls(), firewalls(policy=605), SENT)
    assert [one.packets for one in found] == [605]
    assert list(ours(found, noise, SENT)) == []
    assert [one.packets for one in ours(found, {}, SENT)] == [605]


def test_of_other_ways_none_is_blamed() -> None:
    assert not dropping("192.0.2.2", ["elsewhere"], firewalls(), firewalls(SENT), SENT)


def test_a_rule_that_cuts_several_tunnels_is_one() -> None:
    first = dropping("192.0.2.2", ["router"], firewalls(), firewalls(SENT), SENT)
    second = dropping("192.0.2.3", ["router"], firewalls(SENT), firewalls(3 * SENT), SENT)
    policy = dropping("192.0.2.3", ["router"], firewalls(), firewalls(policy=500), SENT)
    one, other = joined([*policy, *first, *second])
    assert (one.peers, one.packets, other.chain) == (("192.0.2.2", "192.0.2.3"), 3 * SENT, "INPUT")

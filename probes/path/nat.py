"""NAT on the way, as far as a route walk must know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from probes.path.nat_rules import NatRule
from probes.path.networks import holds


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is sent: rules may be written for it alone."""

    protocol: str = "icmp"
    port: int = 0


PINGS = Traffic()


def rewrites_source(
    rules: Sequence[NatRule] | None,
    sources: Iterable[str],
    target: str,
    out_interface: str,
    out_address: str,
    traffic: Traffic = PINGS,
) -> tuple[str, ...]:
    """Addresses a packet may have as its source after leaving here. None (could not look) means that it may have
    been masqueraded."""
    if rules is None:
        return (out_address,)
    own = list(sources)
    matching = (
        rule
        for rule in rules
        if rule.kind in ("masquerade", "snat")
        and _is_for(rule, traffic)
        and _meets(rule, "target", lambda network: _in(network, target))
        and _meets(rule, "out", lambda name: _is_named(name, out_interface))
        and any(_comes_from(rule, one) for one in own)
    )
    new = (out_address if rule.kind == "masquerade" else rule.address for rule in matching)
    return tuple(address for address in new if address)


def rewrites_target(
    rules: Sequence[NatRule] | None, target: str, in_interface: str, traffic: Traffic = PINGS
) -> tuple[str, int]:
    """The address and port (0: the same) that the target's become here, by the first rule that is written for this
    very address; empty where none is: of a rule for whole networks, or for whatever is jumped to, nobody can tell
    from outside whether it is met. `in_interface` is empty for what begins here."""
    wrong_hook = "output" if in_interface else "prerouting"
    for rule in rules or ():
        if (
            rule.kind == "dnat"
            and rule.address
            and rule.hook != wrong_hook
            and _is_written_for(rule, target)
            and _is_for(rule, traffic)
            and _meets(rule, "entry", lambda name: _is_named(name, in_interface))
        ):
            return rule.address, rule.port
    return "", 0


def _is_written_for(rule: NatRule, target: str) -> bool:
    wanted = rule.conditions.get("target")
    if wanted is None or wanted.negated:
        return False
    return target in (one.partition("/")[0] for one in wanted.values if _is_one(one))


def _is_one(network: str) -> bool:
    _, _, length = network.partition("/")
    return length in ("", "128" if ":" in network else "32")


def _meets(rule: NatRule, name: str, holds_for: Callable[[str], bool]) -> bool:
    wanted = rule.conditions.get(name)
    return wanted is None or any(map(holds_for, wanted.values)) is not wanted.negated


def _comes_from(rule: NatRule, source: str) -> bool:
    return _meets(rule, "source", lambda network: _in(network, source))


def _is_for(rule: NatRule, traffic: Traffic) -> bool:
    """By protocol and the target's port."""
    by_protocol = _meets(rule, "protocol", lambda name: name == traffic.protocol)
    return by_protocol and _meets(rule, "port", lambda ports: _holds_port(ports, traffic.port))


def _holds_port(ports: str, port: int) -> bool:
    """`80`, or `8000:8080`. A service's name may be any."""
    first, _, last = ports.partition(":")
    if not first.isdecimal():
        return True
    return int(first) <= port <= int(last if last.isdecimal() else first)


def _in(network: str, address: str) -> bool:
    try:
        return holds(network, address)
    except ValueError:  # no network: taken to be met
        return True


def _is_named(wanted: str, interface: str) -> bool:
    return interface.startswith(wanted[:-1]) if wanted.endswith("+") else interface == wanted

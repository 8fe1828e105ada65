"""NAT on the way, as far as a route walk must know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from probes.path.nat_rules import STOPS, Condition, NatRule
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
    """Addresses a packet may have as its source after leaving here, by rules whose conditions it meets as far as
    they are known. None (could not look) means that it may have been masqueraded."""
    if rules is None:
        return (out_address,)
    own = tuple(sources)
    matching = (
        rule
        for rule in rules
        if rule.kind in ("masquerade", "snat") and _meets(rule, own, target, ("out", out_interface), traffic)
    )
    new = (out_address if rule.kind == "masquerade" else rule.address for rule in matching)
    return tuple(address for address in new if address)


def rewrites_target(
    rules: Sequence[NatRule] | None,
    sources: Iterable[str],
    target: str,
    in_interface: str,
    traffic: Traffic = PINGS,
) -> tuple[str, int]:
    """The address and port (0: the same) that the target's become here, by a rule written for this very address:
    all its conditions are known and met, and every packet comes to its chain. Empty where there is none, or one
    before it may have kept the target. `in_interface` is empty for what begins here."""
    hook, own = "prerouting" if in_interface else "output", tuple(sources)
    for rule in rules or ():
        if rule.hook != hook or not _meets(rule, own, target, ("entry", in_interface), traffic):
            continue
        if rule.kind in STOPS:
            break
        if rule.kind == "dnat" and _is_written_for(rule, target):
            return (rule.address, rule.port) if rule.address and rule.is_whole else ("", 0)
    return "", 0


def _is_written_for(rule: NatRule, target: str) -> bool:
    aims = [one for one in rule.conditions if one.field == "target" and not one.negated]
    return any(target == one.partition("/")[0] for aim in aims for one in aim.values if _is_one(one))


def _is_one(network: str) -> bool:
    _, _, length = network.partition("/")
    return length in ("", "128" if ":" in network else "32")


def _meets(
    rule: NatRule, sources: tuple[str, ...], target: str, interface: tuple[str, str], traffic: Traffic
) -> bool:
    """All conditions, by one of the sources at least."""
    side, name = interface
    fits: dict[str, Callable[[str], bool]] = {
        "target": lambda network: _in(network, target),
        side: lambda wanted: _is_named(wanted, name),
        "protocol": lambda protocol: protocol == traffic.protocol,
        "port": lambda ports: _holds_port(ports, traffic.port),
    }
    others = [one for one in rule.conditions if one.field != "source"]
    return all(_holds(one, fits[one.field]) for one in others if one.field in fits) and _from(rule, sources)


def _from(rule: NatRule, sources: tuple[str, ...]) -> bool:
    """Where the source is not known it may be any."""
    wanted = [one for one in rule.conditions if one.field == "source"]

    def comes_from(address: str) -> bool:
        return all(_holds(one, lambda network: _in(network, address)) for one in wanted)

    return not sources or any(map(comes_from, sources))


def _holds(condition: Condition, fits: Callable[[str], bool]) -> bool:
    return any(map(fits, condition.values)) is not condition.negated


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

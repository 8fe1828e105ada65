"""NAT on the way, as far as a route walk must know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from probes.path.nat_rules import ELSEWHERE, STOPS, Condition, NatRule
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
    new: list[str] = []
    own, out = tuple(sources), ("out", out_interface)
    for rule in rules:
        stops = rule.kind in STOPS and rule.hook == "postrouting"
        if stops and _meets(rule, own, target, out, traffic, surely=True):
            break
        if rule.kind in ("masquerade", "snat") and _meets(rule, own, target, out, traffic):
            new.append(out_address if rule.kind == "masquerade" else rule.address)
    return tuple(address for address in new if address)


def rewrites_target(
    rules: Sequence[NatRule] | None,
    sources: Iterable[str],
    target: str,
    in_interface: str,
    traffic: Traffic = PINGS,
) -> tuple[str, int]:
    """The address and port (0: the same) that the target's become here, by a rule written for this very address:
    all its conditions are known and met, and every packet comes to its chain. Empty where there is none, or where
    another before it, or in another chain, may decide. `in_interface` is empty for what begins here."""
    hook, own, entry = "prerouting" if in_interface else "output", tuple(sources), ("entry", in_interface)
    deciding: dict[str, NatRule] = {}
    for rule in rules or ():
        if rule.hook == hook and _may_decide(rule) and _meets(rule, own, target, entry, traffic):
            deciding.setdefault(rule.chain, rule)
    if len(deciding) != 1:
        return "", 0
    (rule,) = deciding.values()
    sure = rule.kind == "dnat" and _is_written_for(rule, target)
    if sure and _meets(rule, own, target, entry, traffic, surely=True):
        return (rule.address, rule.port) if rule.address else ("", 0)
    return "", 0


def _may_decide(rule: NatRule) -> bool:
    """What is jumped to from every packet (a cluster's Services, Docker's ports) has its own addresses."""
    return rule.kind not in ("masquerade", "snat") and (
        rule.kind != ELSEWHERE or any(one.field == "target" and not one.negated for one in rule.conditions)
    )


def _is_written_for(rule: NatRule, target: str) -> bool:
    aims = [one for one in rule.conditions if one.field == "target" and not one.negated]
    return any(target == one.partition("/")[0] for aim in aims for one in aim.values if _is_one(one))


def _is_one(network: str) -> bool:
    _, _, length = network.partition("/")
    return length in ("", "128" if ":" in network else "32")


def _meets(
    rule: NatRule,
    sources: tuple[str, ...],
    target: str,
    interface: tuple[str, str],
    traffic: Traffic,
    *,
    surely: bool = False,
) -> bool:
    """All conditions, as far as they are known, by one of the sources at least; `surely`: all are known, and met by
    every source."""
    side, name = interface
    fits: dict[str, Callable[[str], bool]] = {
        "target": lambda network: _in(network, target),
        side: lambda wanted: _is_named(wanted, name),
        "protocol": lambda protocol: protocol == traffic.protocol,
        "port": lambda ports: _holds_port(ports, traffic.port),
    }
    others = [one for one in rule.conditions if one.field != "source"]
    if surely and not (rule.is_whole and all(one.field in fits for one in others)):
        return False
    met = all(_holds(one, fits[one.field]) for one in others if one.field in fits)
    return met and _from(rule, sources, surely=surely)


def _from(rule: NatRule, sources: tuple[str, ...], *, surely: bool) -> bool:
    """Where the source is not known it may be any."""
    wanted = [one for one in rule.conditions if one.field == "source"]

    def comes_from(address: str) -> bool:
        return all(_holds(one, lambda network: _in(network, address)) for one in wanted)

    if not wanted or not sources:
        return not wanted or not surely
    return all(map(comes_from, sources)) if surely else any(map(comes_from, sources))


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

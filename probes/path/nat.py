"""Source NAT on the way, as far as a route walk must know of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from probes.errors import UnreadableOutput
from probes.linux.facts import FirewallRule
from probes.linux.fields import is_address
from probes.linux.iptables import option, parse_iptables_save
from probes.path.networks import holds


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is sent: rules may be written for it alone."""

    protocol: str = "icmp"
    port: int = 0


PINGS = Traffic()


def rewrites_source(
    nat: str | None,
    sources: Iterable[str],
    target: str,
    out_interface: str,
    out_address: str,
    traffic: Traffic = PINGS,
) -> tuple[str, ...]:
    """Addresses a packet may have as its source after leaving here. `nat` is `iptables-save -t nat`; None (could
    not look) means that it may have been masqueraded."""
    if nat is None:
        return (out_address,)
    try:
        rules = parse_iptables_save(nat).rules
    except UnreadableOutput:
        return (out_address,)
    matching = [
        rule
        for rule in rules
        if _is_for(rule.spec, traffic)
        and any(_matches(rule.spec, source, target, out_interface) for source in sources)
    ]
    return tuple(address for rule in matching if (address := _new_source(rule, out_address)))


def _new_source(rule: FirewallRule, out_address: str) -> str:
    if rule.verdict == "MASQUERADE":
        return out_address
    if rule.verdict == "SNAT" and "--to-source" in rule.spec:
        address = option(rule.spec, "--to-source").partition("-")[0].partition(":")[0]
        return address if is_address(address) else ""
    return ""


def _matches(spec: tuple[str, ...], source: str, target: str, out_interface: str) -> bool:
    """By addresses and interface; other matches are taken to be true."""
    return _held(spec, "-s", source) and _held(spec, "-d", target) and _leaves_by(spec, out_interface)


def _is_for(spec: tuple[str, ...], traffic: Traffic) -> bool:
    """By protocol and the target's port."""
    protocol, negated = _value(spec, "-p")
    if protocol not in ("", "all") and (protocol == traffic.protocol) is negated:
        return False
    for flag in ("--dport", "--dports"):
        ports, negated = _value(spec, flag)
        if ports and any(_holds_port(one, traffic.port) for one in ports.split(",")) is negated:
            return False
    return True


def _holds_port(ports: str, port: int) -> bool:
    """`80`, or `8000:8080`."""
    first, _, last = ports.partition(":")
    return first.isdecimal() and int(first) <= port <= int(last if last.isdecimal() else first)


def _value(spec: tuple[str, ...], flag: str) -> tuple[str, bool]:
    """The flag's word, and whether it is negated."""
    if flag not in spec[:-1]:
        return "", False
    at = spec.index(flag)
    return spec[at + 1], at > 0 and spec[at - 1] == "!"


def _held(spec: tuple[str, ...], flag: str, address: str) -> bool:
    network, negated = _value(spec, flag)
    try:
        return not network or holds(network, address) is not negated
    except ValueError:  # no network: as for other matches
        return True


def _leaves_by(spec: tuple[str, ...], interface: str) -> bool:
    wanted, negated = _value(spec, "-o")
    if not wanted:
        return True
    fits = interface.startswith(wanted[:-1]) if wanted.endswith("+") else interface == wanted
    return fits is not negated

"""What kube-proxy has made of a Service on one node: the rules of iptables, or the kernel's ipvs table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.linux import iptables

_LED_ON = 3
_TO = re.compile(r"--to-destination (\S+)")
_IPVS = re.compile(
    r"^(TCP|UDP)\s+([0-9A-F]{8}):([0-9A-F]{4})|^[ \t]+->[ \t]+([0-9A-F]{8}):([0-9A-F]{4})", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class ServiceRules:
    mode: str
    """iptables or ipvs; empty when neither knows the Service; `other` when kube-proxy writes neither there, as in
    its mode nftables or with a program in the kernel in its place."""
    backends: tuple[str, ...]
    """ADDRESS:PORT to which connections are sent."""
    rejects: bool
    """Connections are refused on purpose: kube-proxy believes that nobody stands behind the Service."""


NO_RULES = ServiceRules("", (), False)
OTHER = ServiceRules("other", (), False)


def parse_rules(nat: str, filters: str, address: str, port: int) -> ServiceRules:
    """Of `iptables-save`, TCP only."""
    rules = nat.splitlines()
    wanted = (f"-d {address}/32 ", "-p tcp ", f"--dport {port} ")
    chains = [_target(rule) for rule in rules if rule.startswith("-A KUBE-SERVICES ") and _has(rule, wanted)]
    rejects = any(_has(rule, wanted) and " -j REJECT" in rule for rule in filters.splitlines())
    if "KUBE-SERVICES" not in nat + filters:
        return OTHER
    if not chains:
        return ServiceRules("iptables" if rejects else "", (), rejects)
    serving = _serving(rules, chains[0])
    ends = [_target(rule) for rule in rules if rule.startswith(f"-A {serving} ") and "KUBE-SEP-" in rule]
    backends = [
        found[1] for end in ends for rule in rules if rule.startswith(f"-A {end} ") and (found := _TO.search(rule))
    ]
    return ServiceRules("iptables", tuple(sorted(set(backends))), rejects)


def _serving(rules: list[str], chain: str) -> str:
    """The chain of the Service's endpoints: an external address leads there by one or two of its own."""
    for _ in range(_LED_ON):
        if chain.startswith("KUBE-SVC-"):
            break
        led = (_target(rule) for rule in rules if rule.startswith(f"-A {chain} "))
        chain = next((one for one in reversed([*led]) if one.startswith(("KUBE-SVC-", "KUBE-EXT-"))), chain)
    return chain


def _has(rule: str, parts: tuple[str, ...]) -> bool:
    return all(part in f"{rule} " for part in parts)


def _target(rule: str) -> str:
    return iptables.option(tuple(rule.split()), "-j")


def parse_ipvs(text: str, address: str, port: int) -> ServiceRules:
    """Of /proc/net/ip_vs: addresses and ports in hex."""
    backends: list[str] = []
    known = within = False
    for protocol, virtual, virtual_port, real, real_port in _IPVS.findall(text):
        if protocol:
            within = protocol == "TCP" and _place(virtual, virtual_port) == f"{address}:{port}"
            known = known or within
        elif within:
            backends.append(_place(real, real_port))
    return ServiceRules("ipvs", tuple(sorted(backends)), False) if known else NO_RULES


def _place(address: str, port: str) -> str:
    return f"{'.'.join(str(byte) for byte in bytes.fromhex(address))}:{int(port, 16)}"

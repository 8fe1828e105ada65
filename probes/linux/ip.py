"""Parsers of `ip -j …`: iproute2 5.10 (Debian 11) to 6.15 (trixie) and RHEL 9; netlink answers look the same."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from probes.errors import UnreadableOutput
from probes.facts import Address, Link, Neighbour, Route, RouteGet, Rule

Entry = dict[str, Any]


def entries(text: str, what: str) -> tuple[Entry, ...]:
    """The objects of a JSON list. iproute2 prints nothing at all, or `{}`, for what it filtered out."""
    if not text.strip():
        return ()
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise _unreadable(what, "an iproute2 older than 4.18 has no JSON output") from error
    if not (isinstance(data, list) and all(isinstance(entry, dict) for entry in data)):
        raise _unreadable(what)
    return tuple(entry for entry in data if entry)


def _unreadable(what: str, hint: str = "") -> UnreadableOutput:
    return UnreadableOutput(f"`{what}` answered in a form that is not known", hint=hint or "is it iproute2's `ip`?")


def parse_addresses(text: str) -> tuple[Address, ...]:
    """Of `ip -j addr`."""
    found = []
    for link in entries(text, "ip -j addr"):
        for info in link.get("addr_info", ()):
            if info:  # 5.10 leaves {} for addresses of a family that was not asked for
                found.append(_address(link, info))
    return tuple(found)


def _address(link: Entry, info: Entry) -> Address:
    try:
        return Address(
            interface=link["ifname"],
            address=str(ipaddress.ip_address(info["local"])),
            prefix_length=int(info["prefixlen"]),
            scope=info.get("scope", "global"),
            family=info["family"],
            up="UP" in link["flags"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable("ip -j addr") from error


def parse_links(text: str) -> tuple[Link, ...]:
    """Of `ip -j -s -d link` (or `addr`, without kind and counters)."""
    return tuple(_link(entry) for entry in entries(text, "ip -j -s -d link"))


def _link(entry: Entry) -> Link:
    stats = entry.get("stats64") or entry.get("stats") or {}
    rx, tx = stats.get("rx", {}), stats.get("tx", {})
    try:
        return Link(
            name=entry["ifname"],
            state=entry.get("operstate", "UNKNOWN"),
            up="UP" in entry["flags"],
            mtu=int(entry["mtu"]),
            mac=entry.get("address", ""),
            master=entry.get("master", ""),
            kind=entry.get("linkinfo", {}).get("info_kind", ""),
            rx_packets=int(rx.get("packets", 0)),
            tx_packets=int(tx.get("packets", 0)),
            rx_dropped=int(rx.get("dropped", 0)),
            tx_dropped=int(tx.get("dropped", 0)),
            rx_errors=int(rx.get("errors", 0)),
            tx_errors=int(tx.get("errors", 0)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable("ip -j -s -d link") from error


def parse_neighbours(text: str) -> tuple[Neighbour, ...]:
    """Of `ip -j neigh`. An entry without a state is one the kernel is still making: NONE."""
    return tuple(_neighbour(entry) for entry in entries(text, "ip -j neigh"))


def _neighbour(entry: Entry) -> Neighbour:
    states = entry.get("state") or ["NONE"]
    try:
        return Neighbour(entry["dst"], entry.get("dev", ""), entry.get("lladdr", ""), str(states[0]))
    except (KeyError, IndexError, TypeError) as error:
        raise _unreadable("ip -j neigh") from error


def parse_routes(text: str) -> tuple[Route, ...]:
    """Of `ip -j route show table all`, without the table `local`."""
    found = entries(text, "ip -j route")
    return tuple(route for entry in found for route in _routes(entry) if route.table != "local")


def _routes(entry: Entry) -> tuple[Route, ...]:
    """One route, or one for each next hop of a multipath route."""
    return tuple(_route(entry, hop) for hop in entry.get("nexthops") or (entry,))


def _route(entry: Entry, hop: Entry) -> Route:
    gateway = hop.get("gateway") or hop.get("via", {}).get("host", "")  # `via`: IPv4 over an IPv6 next hop
    try:
        return Route(
            destination=_destination(entry["dst"]),
            gateway=gateway,
            interface=str(hop.get("dev") or entry.get("dev", "")),
            protocol=entry.get("protocol", "boot"),
            scope=entry.get("scope", "global"),
            source=entry.get("prefsrc", ""),
            metric=int(entry.get("metric", 0)),
            kind=entry.get("type", "unicast"),
            table=str(entry.get("table", "main")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable("ip -j route") from error


def _destination(text: str) -> str:
    if text in ("default", "0.0.0.0/0", "::/0"):
        return "default"
    return str(ipaddress.ip_network(text, strict=False))


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Of `ip -j rule`. `text` is the rule as `ip rule` prints it, without the priority."""
    return tuple(_rule(entry) for entry in entries(text, "ip -j rule"))


def _rule(entry: Entry) -> Rule:
    try:
        source = _prefix(entry, "src")
        table = str(entry.get("table", entry.get("action", "")))
        return Rule(int(entry["priority"]), source, table, _rule_text(entry, source, table))
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable("ip -j rule") from error


def _prefix(entry: Entry, key: str) -> str:
    address = str(entry.get(key, "all"))
    return f"{address}/{entry[key + 'len']}" if key + "len" in entry else address


def _rule_text(entry: Entry, source: str, table: str) -> str:
    words = ["not"] * ("not" in entry) + ["from", source]
    if "dst" in entry:
        words += ["to", _prefix(entry, "dst")]
    if "fwmark" in entry:
        words += ["fwmark", entry["fwmark"] + (f"/{entry['fwmask']}" if "fwmask" in entry else "")]
    for key in ("iif", "oif", "ipproto", "sport", "dport", "uid_start"):
        if key in entry:
            words += [key, str(entry[key])]
    return " ".join([*words, "lookup" if "table" in entry else "", table]).replace("  ", " ")


_ERRORS = (
    ("Network is unreachable", "unreachable"),
    ("No route to host", "unreachable"),
    ("Invalid cross-device link", "invalid-source"),  # strict reverse path filter, kernels before 6.13
    ("Permission denied", "prohibited"),
)


def parse_route_get(host: str, target: str, stdout: str, stderr: str) -> RouteGet:
    """Of `ip -j route get`. `Invalid argument` stays in the kernel's words: a blackhole route says it, and so
    does the reverse path filter of newer kernels."""
    found = entries(stdout, "ip -j route get")
    if not found:
        return RouteGet(host, target, "", "", "", False, route_error(stderr))
    entry = found[0]
    gateway = entry.get("gateway") or entry.get("via", {}).get("host", "")
    local = entry.get("type") == "local"
    source = entry.get("prefsrc") or entry.get("from", "")
    return RouteGet(host, target, gateway, entry.get("dev", ""), source, local, "")


def route_error(stderr: str) -> str:
    """`unreachable`, `invalid-source`, `prohibited`, or what the kernel said; UnreadableOutput on silence."""
    for words, error in _ERRORS:
        if words in stderr:
            return error
    said = stderr.strip().splitlines()
    if not said:
        raise _unreadable("ip -j route get")
    return said[0].removeprefix("RTNETLINK answers: ")

"""Parsers of `ip -j …`: iproute2 5.10 (Debian 11) to 6.15 (trixie) and RHEL 9; netlink answers look the same."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from base.text import clip
from probes.errors import UnreadableOutput
from probes.linux.facts import Address, Link, Neighbour, Route, RouteGet, Rule
from probes.linux.fields import address, json_of, number, part, parts, reading, word

Entry = Mapping[str, Any]
_HINT = "is it iproute2's `ip`?"


def entries(text: str, what: str) -> tuple[Entry, ...]:
    """The objects of a JSON list. iproute2 prints nothing at all, or `{}`, for what it filtered out."""
    if not text.strip():
        return ()
    try:
        data = json_of(text)
    except ValueError as error:
        raise _unreadable(what, "an iproute2 older than 4.18 has no JSON output") from error
    if not (isinstance(data, list) and all(isinstance(entry, dict) for entry in data)):
        raise _unreadable(what)
    return tuple(entry for entry in data if entry)


def _unreadable(what: str, hint: str = "") -> UnreadableOutput:
    return UnreadableOutput(f"`{what}` answered in a form that is not known", hint=hint or _HINT)


@reading("ip -j addr", _HINT)
def parse_addresses(text: str) -> tuple[Address, ...]:
    """Of `ip -j addr`."""
    found = []
    for link in entries(text, "ip -j addr"):
        for info in parts(link, "addr_info"):
            if info:  # 5.10 leaves {} for addresses of a family that was not asked for
                found.append(_address(link, info))
    return tuple(found)


def _address(link: Entry, info: Entry) -> Address:
    own = ipaddress.ip_interface(f"{word(info, 'local')}/{number(info, 'prefixlen')}")
    return Address(
        interface=word(link, "ifname"),
        address=str(own.ip),
        prefix_length=number(info, "prefixlen"),
        scope=word(info, "scope", "global"),
        family=word(info, "family"),
        up="UP" in link["flags"],
    )


@reading("ip -j -s -d link", _HINT)
def parse_links(text: str) -> tuple[Link, ...]:
    """Of `ip -j -s -d link` (or `addr`, without kind and counters)."""
    return tuple(_link(entry) for entry in entries(text, "ip -j -s -d link"))


def _link(entry: Entry) -> Link:
    stats = part(entry, "stats64") or part(entry, "stats")
    rx, tx = part(stats, "rx"), part(stats, "tx")
    return Link(
        name=word(entry, "ifname"),
        state=word(entry, "operstate", "UNKNOWN"),
        up="UP" in entry["flags"],
        mtu=number(entry, "mtu"),
        mac=word(entry, "address", ""),
        master=word(entry, "master", ""),
        kind=word(part(entry, "linkinfo"), "info_kind", ""),
        rx_packets=number(rx, "packets", 0),
        tx_packets=number(tx, "packets", 0),
        rx_dropped=number(rx, "dropped", 0),
        tx_dropped=number(tx, "dropped", 0),
        rx_errors=number(rx, "errors", 0),
        tx_errors=number(tx, "errors", 0),
    )


@reading("ip -j neigh", _HINT)
def parse_neighbours(text: str) -> tuple[Neighbour, ...]:
    """Of `ip -j neigh`. An entry without a state is one the kernel is still making: NONE."""
    return tuple(_neighbour(entry) for entry in entries(text, "ip -j neigh"))


def _neighbour(entry: Entry) -> Neighbour:
    states = entry.get("state") or ["NONE"]
    return Neighbour(word(entry, "dst"), word(entry, "dev", ""), word(entry, "lladdr", ""), str(states[0]))


@reading("ip -j route", _HINT)
def parse_routes(text: str) -> tuple[Route, ...]:
    """Of `ip -j route show table all`, without the table `local`."""
    found = entries(text, "ip -j route")
    return tuple(route for entry in found for route in _routes(entry) if route.table != "local")


def _routes(entry: Entry) -> tuple[Route, ...]:
    """One route, or one for each next hop of a multipath route."""
    return tuple(_route(entry, hop) for hop in parts(entry, "nexthops") or (entry,))


def _route(entry: Entry, hop: Entry) -> Route:
    return Route(
        destination=_destination(word(entry, "dst")),
        gateway=_gateway(hop),
        interface=word(hop, "dev", "") or word(entry, "dev", ""),
        protocol=word(entry, "protocol", "boot"),
        scope=word(entry, "scope", "global"),
        source=address(entry, "prefsrc"),
        metric=number(entry, "metric", 0),
        kind=word(entry, "type", "unicast"),
        table=str(entry.get("table", "main")),
    )


def _gateway(hop: Entry) -> str:
    """`via` is an IPv6 next hop of an IPv4 route."""
    return address(hop, "gateway") or address(part(hop, "via"), "host")


def _destination(text: str) -> str:
    if text in ("default", "0.0.0.0/0", "::/0"):
        return "default"
    return str(ipaddress.ip_network(text, strict=False))


@reading("ip -j rule", _HINT)
def parse_rules(text: str) -> tuple[Rule, ...]:
    """Of `ip -j rule`. `text` is the rule as `ip rule` prints it, without the priority."""
    return tuple(_rule(entry) for entry in entries(text, "ip -j rule"))


def _rule(entry: Entry) -> Rule:
    source = _prefix(entry, "src")
    table = str(entry.get("table", entry.get("action", "")))
    return Rule(number(entry, "priority"), source, table, _rule_text(entry, source, table))


def _prefix(entry: Entry, key: str) -> str:
    address = str(entry.get(key, "all"))
    return f"{address}/{entry[key + 'len']}" if key + "len" in entry else address


def _rule_text(entry: Entry, source: str, table: str) -> str:
    words = ["not"] * ("not" in entry) + ["from", source]
    if "dst" in entry:
        words += ["to", _prefix(entry, "dst")]
    if "fwmark" in entry:
        words += ["fwmark", str(entry["fwmark"]) + (f"/{entry['fwmask']}" if "fwmask" in entry else "")]
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


@reading("ip -j route get", _HINT)
def parse_route_get(host: str, target: str, stdout: str, stderr: str) -> RouteGet:
    """Of `ip -j route get`. `Invalid argument` stays in the kernel's words: a blackhole route says it, and so
    does the reverse path filter of newer kernels."""
    found = entries(stdout, "ip -j route get")
    if not found:
        return RouteGet(host, target, "", "", "", False, route_error(stderr))
    entry = found[0]
    local = entry.get("type") == "local"
    source = address(entry, "prefsrc") or address(entry, "from")
    return RouteGet(host, target, _gateway(entry), word(entry, "dev", ""), source, local, "")


def route_error(stderr: str) -> str:
    """`unreachable`, `invalid-source`, `prohibited`, or what the kernel said; UnreadableOutput on silence."""
    for words, error in _ERRORS:
        if words in stderr:
            return error
    said = stderr.strip().splitlines()
    if not said:
        raise _unreadable("ip -j route get")
    return clip(said[0].removeprefix("RTNETLINK answers: "), 200)

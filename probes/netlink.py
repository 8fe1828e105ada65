"""The operator's own machine over netlink: no `ip` needed. Answers have the shape of `ip -j`."""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from probes.errors import ProbeError
from probes.exchange import Reply

WORD = "netlink"
"""First word of the requests: `netlink addresses|links|neighbours|routes|rules`."""

Entry = dict[str, Any]
_INET = 2
_FLAGS = {
    "LOOPBACK": 0x8,
    "BROADCAST": 0x2,
    "POINTOPOINT": 0x10,
    "MULTICAST": 0x1000,
    "NOARP": 0x80,
    "UP": 0x1,
    "LOWER_UP": 0x10000,
}
_FAMILIES = {2: "inet", 10: "inet6"}
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_TABLES = {253: "default", 254: "main", 255: "local"}
_STATES = {
    0x01: "INCOMPLETE",
    0x02: "REACHABLE",
    0x04: "STALE",
    0x08: "DELAY",
    0x10: "PROBE",
    0x20: "FAILED",
    0x80: "PERMANENT",
}
"""Without NOARP, as `ip neigh` leaves it out."""
_KINDS = {
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
    10: "nat",
}
_PROTOCOLS = {
    1: "redirect",
    2: "kernel",
    3: "boot",
    4: "static",
    8: "gated",
    9: "ra",
    11: "zebra",
    12: "bird",
    16: "dhcp",
    17: "mrouted",
    18: "keepalived",
    42: "babel",
    84: "ovn",
    186: "bgp",
    187: "isis",
    188: "ospf",
    189: "rip",
    192: "eigrp",
}
_ACTIONS = {6: "blackhole", 7: "unreachable", 8: "prohibit"}
_CACHED = 0x200


async def netlink_reply(text: str) -> Reply:
    """The answer to `netlink WHAT`; stdout is JSON. Nothing is left behind."""
    begun = time.monotonic()
    try:
        entries = await _ASK[text.removeprefix(f"{WORD} ")]()
    except KeyError:
        return _failed(f"netlink has no question `{text}`", "", begun)
    except (ImportError, OSError, AttributeError) as error:  # no Linux: no netlink sockets at all
        return _failed(f"netlink does not answer: {error}", "this needs Linux on the operator's machine", begun)
    return Reply(0, json.dumps(entries), seconds=round(time.monotonic() - begun, 4))


def _failed(message: str, hint: str, begun: float) -> Reply:
    seconds = round(time.monotonic() - begun, 4)
    return Reply(None, seconds=seconds, failure=ProbeError.reason, message=message, hint=hint)


async def _dump(*questions: str, **filters: int) -> list[list[Any]]:
    """All messages to each question (`get_links` …), one after the other over one socket."""
    pyroute2 = await asyncio.to_thread(importlib.import_module, "pyroute2")
    async with pyroute2.AsyncIPRoute() as netlink:
        return [[message async for message in await getattr(netlink, name)(**filters)] for name in questions]


async def _links() -> list[Entry]:
    (links,) = await _dump("get_links")
    names = _names(links)
    return [_link(link, names) for link in links]


async def _addresses() -> list[Entry]:
    links, addresses = await _dump("get_links", "get_addr")
    names = _names(links)
    entries = {link["index"]: {**_link(link, names), "addr_info": []} for link in links}
    for address in addresses:
        if address["index"] in entries:
            entries[address["index"]]["addr_info"].append(_address(address))
    return list(entries.values())


async def _neighbours() -> list[Entry]:
    links, neighbours = await _dump("get_links", "get_neighbours")
    names = _names(links)
    return [_neighbour(one, names) for one in neighbours if one["family"] in _FAMILIES and one["state"] in _STATES]


async def _routes() -> list[Entry]:
    links, routes = await _dump("get_links", "get_routes")
    names = _names(links)
    return [
        _route(route, names) for route in routes if route["family"] in _FAMILIES and not route["flags"] & _CACHED
    ]


async def _rules() -> list[Entry]:
    """Of IPv4, like `ip rule`."""
    (rules,) = await _dump("get_rules", family=_INET)
    return [_rule(rule) for rule in rules]


_ASK: dict[str, Callable[[], Awaitable[list[Entry]]]] = {
    "addresses": _addresses,
    "links": _links,
    "neighbours": _neighbours,
    "routes": _routes,
    "rules": _rules,
}


def _names(links: list[Any]) -> dict[int, str]:
    return {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in links}


def _held(**values: Any) -> Entry:
    """`ip -j` leaves out what is not there."""
    return {key: value for key, value in values.items() if value not in (None, "")}


def _link(link: Any, names: dict[int, str]) -> Entry:
    flags = [name for name, bit in _FLAGS.items() if link["flags"] & bit]
    info = link.get_attr("IFLA_LINKINFO")
    kind = info.get_attr("IFLA_INFO_KIND") if info else None
    stats = link.get_attr("IFLA_STATS64") or {}
    return _held(
        ifindex=link["index"],
        ifname=names[link["index"]],
        flags=["NO-CARRIER", *flags] if "UP" in flags and "LOWER_UP" not in flags else flags,
        mtu=link.get_attr("IFLA_MTU"),
        operstate=link.get_attr("IFLA_OPERSTATE"),
        address=link.get_attr("IFLA_ADDRESS"),
        master=names.get(link.get_attr("IFLA_MASTER") or 0),
        linkinfo={"info_kind": kind} if kind else None,
        stats64={side: _counters(stats, side) for side in ("rx", "tx")},
    )


def _counters(stats: Any, side: str) -> dict[str, int]:
    return {name: int(stats.get(f"{side}_{name}", 0)) for name in ("bytes", "packets", "errors", "dropped")}


def _address(message: Any) -> Entry:
    return _held(
        family=_FAMILIES.get(message["family"], str(message["family"])),
        local=message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS"),
        prefixlen=message["prefixlen"],
        scope=_SCOPES.get(message["scope"], str(message["scope"])),
        label=message.get_attr("IFA_LABEL"),
    )


def _neighbour(message: Any, names: dict[int, str]) -> Entry:
    return _held(
        dst=message.get_attr("NDA_DST"),
        dev=names.get(message["ifindex"]),
        lladdr=message.get_attr("NDA_LLADDR"),
        state=[_STATES[message["state"]]],
    )


def _route(message: Any, names: dict[int, str]) -> Entry:
    table = message.get_attr("RTA_TABLE") or message["table"]
    hops = message.get_attr("RTA_MULTIPATH") or ()
    return _held(
        type=_KINDS.get(message["type"], str(message["type"])),
        dst=f"{message.get_attr('RTA_DST')}/{message['dst_len']}" if message["dst_len"] else "default",
        **_hop(message, names.get(message.get_attr("RTA_OIF") or 0)),
        protocol=_PROTOCOLS.get(message["proto"], str(message["proto"])),
        scope=_SCOPES.get(message["scope"], str(message["scope"])),
        prefsrc=message.get_attr("RTA_PREFSRC"),
        metric=message.get_attr("RTA_PRIORITY"),
        table=_TABLES.get(table, str(table)),
        nexthops=[_hop(hop, names.get(hop["oif"])) for hop in hops] or None,
    )


def _hop(message: Any, device: str | None) -> Entry:
    via = message.get_attr("RTA_VIA")
    return _held(
        gateway=message.get_attr("RTA_GATEWAY"),
        via={"family": _FAMILIES.get(via["family"], ""), "host": via["addr"]} if via else None,
        dev=device,
    )


def _rule(message: Any) -> Entry:
    table = message.get_attr("FRA_TABLE") or message["table"]
    mark, mask = message.get_attr("FRA_FWMARK"), message.get_attr("FRA_FWMASK")
    source, destination = message.get_attr("FRA_SRC"), message.get_attr("FRA_DST")
    return _held(
        priority=message.get_attr("FRA_PRIORITY") or 0,
        src=source or "all",
        srclen=message["src_len"] if source and message["src_len"] != 32 else None,
        dst=destination,
        dstlen=message["dst_len"] if destination and message["dst_len"] != 32 else None,
        fwmark=hex(mark) if mark else None,
        fwmask=hex(mask) if mark and mask != 0xFFFFFFFF else None,
        iif=message.get_attr("FRA_IIFNAME"),
        oif=message.get_attr("FRA_OIFNAME"),
        table=_TABLES.get(table, str(table)) if message["action"] not in _ACTIONS else None,
        action=_ACTIONS.get(message["action"]),
    )

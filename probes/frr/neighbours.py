"""Reads `show bgp neighbors json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from probes.frr.facts import BgpSession
from probes.linux.fields import json_of, number, part, reading, word

_FAMILIES = {"ipv4Unicast": "ipv4 unicast", "ipv6Unicast": "ipv6 unicast"}
_REQUIRED = {"in": "inboundEbgpRequiresPolicy", "out": "outboundEbgpRequiresPolicy"}
_STATES = frozenset(("Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established", "Clearing", "Deleted"))


@reading("show bgp neighbors", hint="does `vtysh` answer there?")
def parse_neighbours(text: str) -> tuple[BgpSession, ...]:
    """Each with an empty `peer_host`."""
    found = json_of(text)
    if not isinstance(found, dict):
        raise TypeError("no object")
    sessions = [_session(name, one) for name, one in found.items() if isinstance(one, dict) and "bgpState" in one]
    return tuple(sorted(sessions, key=lambda one: one.neighbour))


def _session(name: str, one: Mapping[str, Any]) -> BgpSession:
    state, shut = word(one, "bgpState"), one.get("adminShutDown") is True
    if state not in _STATES or not name.isprintable():
        raise ValueError(state)
    families = part(one, "addressFamilyInfo")
    family, lacks = next(_lacking(families), ("", ())) if state == "Established" else ("", ())
    return BgpSession(
        neighbour=name,
        peer_host="",
        local_as=_as_number(one, "localAs"),
        remote_as=_as_number(one, "remoteAs"),
        state=state,
        wrong="shut" if shut else "down" if state != "Established" else "policy" if lacks else "",
        error=word(one, "lastNotificationReason", "") if state != "Established" else "",
        family=family,
        lacks=lacks,
        received=_sum(families, "acceptedPrefixCounter"),
        sent=_sum(families, "sentPrefixCounter"),
    )


def _lacking(families: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, family in _FAMILIES.items():
        said = part(families, key)
        lacks = tuple(way for way, field in _REQUIRED.items() if field in said)
        if lacks:
            yield family, lacks


def _sum(families: Mapping[str, Any], counter: str) -> int:
    return sum(number(part(families, key), counter, 0) for key in families)


def _as_number(one: Mapping[str, Any], key: str) -> str:
    """Up to 32 bits; with `asnotation dot` it is a text of two numbers."""
    value = one[key]
    if isinstance(value, str):
        high, _, low = value.rpartition(".")
        if not all(half.isascii() and half.isdigit() and len(half) <= 10 for half in (high or "0", low)):
            raise ValueError(key)
        return value
    if number(one, key) >= 2**32:
        raise ValueError(key)
    return str(value)

"""Hosts and addresses that a text mentions, and which inputs they are."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from base.errors import UsageError
from base.values import check
from knowledge.model import Input

_TOKEN = re.compile(r"(?<![A-Za-z0-9_.:/%-])[A-Za-z0-9_\[][A-Za-z0-9_.:\]-]*(?!/\d)")
_BEFORE = {
    "source": re.compile(r"(?:\b(?:from|source|src)[ :=]+|출발지[: ]+)$", re.IGNORECASE),
    "target": re.compile(
        r"(?:\b(?:to|target|towards?|dst|destination|reach|ping6?(?: -\S+(?: \d+)?)*|traceroute|ssh|host|on)[ :=]+"
        r"|[-=]> ?|→ ?|목적지[: ]+|\w@)$",
        re.IGNORECASE,
    ),
}
_AFTER = {
    "source": re.compile(r" ?(?:에서|발 |[-=]>|→)"),
    "target": re.compile(r" ?(?:으?로(?!부터)|까지|에게|에(?!서)|[을를이가은는]? ?(?:응답|ping|핑))"),
}
_SOURCES = ("source", "from", "client", "sender")


@dataclass(frozen=True, slots=True)
class Mention:
    kind: str
    """`host` or `address`."""
    value: str
    role: str
    """`source`, `target`, or empty where the words around do not say."""


@dataclass(frozen=True, slots=True)
class HostNames:
    """Names of the site's hosts, prepared for looking up what a text calls them."""

    by_name: Mapping[str, str]
    """Lower case → name."""
    by_label: Mapping[str, str]
    """First label in lower case → name; empty when several hosts share it."""
    addresses: Mapping[str, str]
    """Name → the address that is meant when something is sent to the host by its name."""

    def known(self, name: str) -> str:
        """The host that a name means (also by its first label); empty when there is none or several."""
        wanted = name.casefold()
        label = wanted.partition(".")[0]
        return self.by_name.get(wanted) or ("" if label.isdigit() else self.by_label.get(label, ""))


@lru_cache(maxsize=8)
def host_names(hosts: tuple[tuple[str, str], ...]) -> HostNames:
    """Of names and addresses; an address may be empty."""
    labels: dict[str, str] = {}
    for host, _ in hosts:
        label = host.casefold().partition(".")[0]
        labels[label] = "" if label in labels else host
    return HostNames({host.casefold(): host for host, _ in hosts}, labels, dict(hosts))


def mentions(text: str, hosts: HostNames) -> tuple[Mention, ...]:
    """Names of `hosts` and IP addresses in the text, in order; a host as a target is its address as well."""
    found = [mention for token in _TOKEN.finditer(text) for mention in _mention(text, token, hosts.by_name)]
    targets = (one for one in found if (one.kind, one.role) == ("host", "target") and hosts.addresses[one.value])
    meant = [Mention("address", hosts.addresses[one.value], "target") for one in targets]
    named = any((one.kind, one.role) == ("address", "target") for one in found)
    return (*found, *([] if named else meant))


def without_mentions(text: str, hosts: HostNames) -> str:
    """The text without names of hosts and addresses, which say nothing of what is wrong."""

    def blank(found: re.Match[str]) -> str:
        token = found[0].rstrip(".:-")
        return " " if token.casefold() in hosts.by_name or _address(token) else found[0]

    return _TOKEN.sub(blank, text)


def _mention(text: str, found: re.Match[str], names: Mapping[str, str]) -> Iterator[Mention]:
    token = found[0].rstrip(".:-")
    host = names.get(token.casefold())
    address = "" if host else _address(token)
    if host or address:
        before, after = text[max(found.start() - 40, 0) : found.start()], text[found.start() + len(token) :][:12]
        yield Mention("host" if host else "address", host or address, _role(before, after))


def _address(token: str) -> str:
    for text in (token, token.rpartition(":")[0]):
        try:
            address = ipaddress.ip_address(text.strip("[]"))
        except ValueError:
            continue
        return "" if address.is_unspecified or str(address) == "255.255.255.255" else str(address)
    return ""


def _role(before: str, after: str) -> str:
    for role in ("source", "target"):
        if _AFTER[role].match(after) or _BEFORE[role].search(before):
            return role
    return ""


def checked(wanted: Input, value: str) -> str:
    """The value in its canonical form; empty when it is not of the input's kind."""
    try:
        found = check(wanted.kind, value, name=wanted.name)
    except UsageError:
        return ""
    return "" if isinstance(found, tuple) else str(found).lower() if isinstance(found, bool) else str(found)


def assign(inputs: Iterable[Input], found: Iterable[Mention]) -> dict[str, str]:
    """Inputs that the mentions fill without doubt. What could be two things fills nothing."""
    missing, found = list(inputs), list(found)
    filled: dict[str, str] = {}
    for role in ("source", "target"):
        for wanted in missing:
            values = _values(found, wanted.kind, role)
            alike = [
                other for other in missing if (other.kind, _is_source(other)) == (wanted.kind, _is_source(wanted))
            ]
            if _is_source(wanted) == (role == "source") and len(values) == 1 and len(alike) == 1:
                filled[wanted.name] = values[0]
    for wanted in missing:
        rest = [value for value in _values(found, wanted.kind, "") if value not in filled.values()]
        open_ones = [other for other in missing if other.kind == wanted.kind and other.name not in filled]
        if wanted in open_ones and len(rest) == len(open_ones) == 1:
            filled[wanted.name] = rest[0]
    return filled


def _values(found: Iterable[Mention], kind: str, role: str) -> list[str]:
    return list(dict.fromkeys(mention.value for mention in found if (mention.kind, mention.role) == (kind, role)))


def _is_source(wanted: Input) -> bool:
    return wanted.name.startswith(_SOURCES)

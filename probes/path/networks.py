"""Which network an address belongs to, by the addresses a host has."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from probes.linux.facts import Address


def usable(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Addresses others can send to: no loopback, no link-local, interface up."""
    return tuple(one for one in addresses if one.up and one.scope != "host" and not _special(one.address))


def plain(addresses: Iterable[str], like: str = "") -> list[str]:
    """The same of bare addresses; of the family of `like`, where that is given."""
    usable = [one for one in addresses if not _special(one)]
    return [one for one in usable if not like or (":" in one) == (":" in like)]


def _special(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return parsed.is_loopback or parsed.is_link_local


def network_of(address: Address) -> str:
    return str(ipaddress.ip_network(f"{address.address}/{address.prefix_length}", strict=False))


def holds(network: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network)


def connected(addresses: Iterable[Address], address: str) -> Address | None:
    """The host's own address on the smallest connected network that holds the other address."""
    fitting = [one for one in usable(addresses) if not _lone(one) and holds(network_of(one), address)]
    return max(fitting, key=lambda one: one.prefix_length, default=None)


def _lone(address: Address) -> bool:
    """A /32 or /128: nobody else is on it."""
    return address.prefix_length == ipaddress.ip_address(address.address).max_prefixlen


def alone(address: str) -> str:
    """The address as a network of one."""
    return str(ipaddress.ip_network(address))

"""What tells our packets from everybody else's, and how a capture finds them."""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

_ICMP_HEADER, _IPV4_HEADER, _IPV6_HEADER = 8, 20, 40
_SMALLEST, _LARGEST = 65, 255
"""Bytes of payload: above what ping sends by itself, and not its 56 + 8, 100 or a full packet."""
_SYN = ("tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn", "ip6[53] & 0x12 = 0x02")
_ANSWER = ("tcp[tcpflags] & (tcp-syn|tcp-rst) != 0", "ip6[53] & 0x06 != 0")
"""Of IPv4, and of IPv6 without extension headers."""
_COMMON = (92, 100, 128, 200)


@dataclass(frozen=True, slots=True)
class Mark:
    protocol: str
    """icmp, tcp or udp."""
    port: int
    size: int
    """Bytes of payload of an echo request."""
    targets: tuple[str, ...]
    """The target and what it is translated to."""
    ports: tuple[int, ...]
    """Likewise."""
    sources: tuple[str, ...] = ()
    """What the source's address may be on the way: connections have no other mark."""
    uncut: bool = False
    """The size was asked for: no router may cut such a packet into pieces."""

    @property
    def six(self) -> bool:
        return ipaddress.ip_address(self.targets[0]).version == 6

    def there(self) -> str:
        """Filter of pcap for what we send."""
        if self.protocol == "icmp":
            return self._echo(128 if self.six else 8)
        hosts = " or ".join(f"dst host {one}" for one in self.targets)
        ports = " or ".join(f"dst port {one}" for one in self.ports)
        return f"{self.protocol} and ({hosts}) and ({ports}){self._ours('src')}{self._flags(_SYN)}"

    def back(self) -> str:
        """Filter of pcap for the answers."""
        if self.protocol == "icmp":
            return self._echo(129 if self.six else 0)
        hosts = " or ".join(f"src host {one}" for one in self.targets)
        ports = " or ".join(f"src port {one}" for one in self.ports)
        return f"{self.protocol} and ({hosts}) and ({ports}){self._ours('dst')}{self._flags(_ANSWER)}"

    def _ours(self, side: str) -> str:
        known = " or ".join(f"{side} host {one}" for one in self.sources)
        return f" and ({known})" if known else ""

    def _flags(self, wanted: tuple[str, str]) -> str:
        if self.protocol != "tcp":
            return ""
        return f" and {wanted[self.six]}"

    def _echo(self, kind: int) -> str:
        if self.six:
            return f"icmp6 and ip6[{_IPV6_HEADER}] = {kind} and ip6[4:2] = {_ICMP_HEADER + self.size}"
        return f"icmp and icmp[icmptype] = {kind} and ip[2:2] = {_IPV4_HEADER + _ICMP_HEADER + self.size}"


def drawn(*ends: str) -> int:
    """Bytes of payload that two traces between other ends hardly share. Of the ends alone, so that a replay asks
    what was recorded; where two operators trace between the same ones each sees the other's packets too."""
    free = [one for one in range(_SMALLEST, _LARGEST) if one not in _COMMON]
    return free[zlib.crc32(" ".join(ends).encode()) % len(free)]


def fresh_mark(
    protocol: str,
    port: int,
    target: str,
    translated: Sequence[tuple[str, int]] = (),
    size: int = 0,
    sources: Sequence[str] = (),
    origin: str = "",
) -> Mark:
    """Of the size that was asked for, uncut; else of one that is drawn."""
    targets = tuple(dict.fromkeys((target, *(address for address, _ in translated))))
    ports = tuple(dict.fromkeys((port, *(other for _, other in translated))))
    own = tuple(dict.fromkeys(sources))
    return Mark(protocol, port, size or drawn(origin, target), targets, ports, own, uncut=bool(size))

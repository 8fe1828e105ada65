"""How many of our packets each interface on the way has seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from probes.trace.capturing import Sighted
from probes.trace.growing import UNKNOWN, Growing
from probes.trace.stations import Station
from probes.trace.ways import Ways


@dataclass(frozen=True, slots=True)
class Sight:
    station: Station
    seen: int
    by: str
    """capture, counter, or empty."""

    def is_seen(self, sent: int) -> bool:
        return bool(self.by) and self.seen >= max(1, sent / 2)

    def is_lost(self, sent: int) -> bool:
        return bool(self.by) and not self.is_seen(sent)


@dataclass(frozen=True, slots=True)
class Watched:
    """All that was seen of one sending."""

    ways: Ways
    growing: Mapping[str, Growing]
    sighted: Mapping[str, Sighted]
    sent: int
    sights: tuple[Sight, ...]
    protocol: str = "icmp"

    def last_seen(self) -> int:
        """Number of the last station that saw them; -1 where none is known to have. What a capture saw stands over
        what a counter did not."""
        captured = [n for n, one in enumerate(self.sights) if one.by == "capture" and one.is_seen(self.sent)]
        last = captured[-1] if captured else -1
        for number in range(last + 1, len(self.sights)):
            if self.sights[number].is_lost(self.sent):
                break
            if self.sights[number].is_seen(self.sent):
                last = number
        return last

    def first_lost(self) -> int:
        """Number of the first station behind it that did not; the number of stations where none is known to lack
        them."""
        last = self.last_seen()
        behind = range(last + 1, len(self.sights))
        return next((n for n in behind if self.sights[n].is_lost(self.sent)), len(self.sights))

    def at(self, host: str, direction: str, side: str, interface: str = "") -> int:
        """How many, at this interface if it is on the way, else at the first; -1 where it is not known."""
        of = self.of(host, direction, side)
        named = [one for one in of if one.station.interface == interface]
        return next((one.seen for one in named or of if one.by), -1)

    def echoed(self) -> bool:
        """The target's own kernel counted our echo requests: they arrived."""
        growing = self.growing.get(self.ways.owner)
        return growing is not None and growing.counter("IcmpInEchos").is_like(self.sent)

    def ends_unanswered(self) -> bool:
        """The target's machine could capture and sent no echo reply by any interface, nor may its kernel have
        counted our requests. Of others a target may owe no answer."""
        sighted, growing = self.sighted.get(self.ways.owner), self.growing.get(self.ways.owner)
        if self.protocol != "icmp" or sighted is None or not sighted.able or growing is None:
            return False
        answers = (n for (_, side, way), n in sighted.counts.items() if (side, way) == ("out", "back"))
        return not any(answers) and not growing.counter("IcmpInEchos").may_be(self.sent)

    def captured(self, host: str, direction: str, side: str) -> Sight | None:
        """What a capture says of that side, where one could."""
        return next((one for one in reversed(self.of(host, direction, side)) if one.by == "capture"), None)

    def of(self, host: str, direction: str, side: str) -> list[Sight]:
        """A bridge of Open vSwitch and its port are two of the same side."""
        wanted = (host, direction, side)
        return [one for one in self.sights if (one.station.host, one.station.direction, one.station.side) == wanted]


def watched(
    ways: Ways, growing: Mapping[str, Growing], sighted: Mapping[str, Sighted], sent: int, protocol: str = "icmp"
) -> Watched:
    return Watched(ways, growing, sighted, sent, tuple(_sights(ways, growing, sighted, sent, protocol)), protocol)


def _sights(
    ways: Ways, growing: Mapping[str, Growing], sighted: Mapping[str, Sighted], sent: int, protocol: str
) -> Iterator[Sight]:
    doubted = _behind_translation(ways, growing) if protocol != "icmp" else frozenset()
    for number, station in enumerate(ways.stations):
        if _is_inside(station, growing.get(station.host)):
            yield _at_port(station, growing.get(station.host), sent)
            continue
        seen = sighted.get(station.host)
        count = seen.at(_interface(station, seen), station.side, station.direction) if seen else 0
        if seen is not None and seen.able and not station.outer and (count or number not in doubted):
            # Far more than ours: somebody else sends the like, and nothing can be told.
            yield Sight(station, min(count, sent), "capture") if count <= 3 * sent else Sight(station, 0, "")
        else:
            yield _counted(station, growing.get(station.host), sent)


def _is_inside(station: Station, growing: Growing | None) -> bool:
    """A port of Open vSwitch alone: no capture of the machine sees it."""
    return bool(station.bridge) and (growing is None or station.interface not in growing.after.links)


def _at_port(station: Station, growing: Growing | None, sent: int) -> Sight:
    grown = growing.of_port(station.bridge, station.interface, station.counts) if growing else UNKNOWN
    return Sight(station, min(grown.ours, sent), "counter") if grown.is_quiet(sent) else Sight(station, 0, "")


def _behind_translation(ways: Ways, growing: Mapping[str, Growing]) -> frozenset[int]:
    """Numbers of the stations where connections may have another address than captures look for: on the way there
    from where a host that translates lets them out, on the way back until it has them again."""
    places = [n for n, one in enumerate(ways.stations) if one.host in growing and growing[one.host].translates()]
    out = [n for n in places if (ways.stations[n].direction, ways.stations[n].side) == ("there", "out")]
    back = [n for n in places if (ways.stations[n].direction, ways.stations[n].side) == ("back", "in")]
    there = (n for n, one in enumerate(ways.stations) if one.direction == "there" and out and n >= out[0])
    behind = (n for n, one in enumerate(ways.stations) if one.direction == "back" and back and n <= back[-1])
    return frozenset((*there, *behind))


def _interface(station: Station, seen: Sighted) -> str:
    """An address on the loopback is reached by whichever interface they come in on."""
    if station.interface != "lo":
        return station.interface
    like = {at: n for (at, side, way), n in seen.counts.items() if (side, way) == (station.side, station.direction)}
    return max(like, key=lambda at: like[at], default="lo")


def _counted(station: Station, growing: Growing | None, sent: int) -> Sight:
    if growing is None:
        return Sight(station, 0, "")
    link = growing.received if station.side == "in" else growing.sent
    grown = link(station.interface)
    return Sight(station, min(grown.ours, sent), "counter") if grown.is_quiet(sent) else Sight(station, 0, "")

"""From what was seen and counted to the hop where our packets end. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from probes.linux.firewall import BLOCKING
from probes.path.firewall_hits import can_see
from probes.trace.facts import DeadHop, TracedHop
from probes.trace.growing import Growing
from probes.trace.sending import Answered
from probes.trace.suspects import MISSING, REASONS, suspects
from probes.trace.watching import Sight, Watched

_FEWEST = 5
"""Of fewer lost packets some counter on the way always shows as many, by chance."""
SURE = 20
"""So many counted ones are no chance."""


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: str
    received: int
    """Answers that are the target's own."""
    dead: DeadHop | None
    hops: tuple[TracedHop, ...]
    last_seen: str
    next_unseen: str
    changed: tuple[str, ...] = ()
    """Hosts whose rules changed meanwhile, where that may be why nothing is named."""


def judge(watched: Watched, answered: Answered, source: str, refuser: str) -> Judgement:
    """`refuser` is the host of the site that sent the error; empty if nobody did or it is none."""
    answered, dead = _told_apart(watched, answered, refuser)
    verdict = _verdict(watched, answered, dead)
    at = _position(watched, dead) if dead else watched.last_seen()
    last, following = _ends(watched, verdict, dead, source)
    hops = _hops(watched, verdict, at)
    doubted = changed(watched) if verdict not in ("arrives", "refused") and dead is None else ()
    return Judgement(verdict, answered.received, dead, hops, last, following, doubted)


def by_chance(answered: Answered, judged: Judgement) -> bool:
    """Too few were sent for a counter to prove anything, and nobody said that he takes them."""
    return bool(judged.dead and judged.dead.packets) and answered.sent < _FEWEST and not answered.error


# ------------------------------------------------------------------ the dead hop


def _told_apart(watched: Watched, answered: Answered, refuser: str) -> tuple[Answered, DeadHop | None]:
    """A REJECT on the way looks to the sender as if nobody listened: then the refusals are none of the target's."""
    if answered.received >= answered.sent and not answered.refused:
        return answered, None
    dead = _dead(watched, answered, refuser)
    if dead is not None and answered.refused and "reject" in dead.rule.lower():
        return replace(answered, received=answered.received - answered.refused, refused=0), dead
    return answered, None if answered.received >= answered.sent else dead


def _dead(watched: Watched, answered: Answered, refuser: str) -> DeadHop | None:
    if answered.received - answered.refused > 0:
        return _takes_some(watched, answered, refuser)
    arrived = watched.echoed()
    fitting = [one for one in suspects(watched, answered.error) if _fits(watched, one, arrived=arrived)]
    return min(fitting, key=lambda one: _order(watched, one, refuser), default=None)


def _takes_some(watched: Watched, answered: Answered, refuser: str) -> DeadHop | None:
    """Most are seen everywhere: a counter that grew by as many as are lost is blamed where captures show that they
    are lost there, else only where that number is no chance."""
    missing = answered.sent - answered.received
    lost = replace(watched, sent=missing)
    whole = [one.by == "capture" and one.seen > watched.sent - missing / 2 for one in watched.sights]
    last = max((number for number, all_there in enumerate(whole) if all_there), default=-1)
    first = next(
        (n for n, one in enumerate(watched.sights) if n > last and one.by == "capture" and not whole[n]),
        len(watched.sights),
    )
    placed = last >= 0 and first < len(watched.sights)
    if not placed:
        if missing < _FEWEST:
            return None
        last, first = -1, len(watched.sights)
    counted = [
        one
        for one in suspects(lost, answered.error)
        if one.packets
        and (_stands_between(watched, one, last, first) if _span(watched, one) else missing >= _FEWEST)
    ]
    return min(counted, key=lambda one: _order(lost, one, refuser), default=None)


def _fits(watched: Watched, one: DeadHop, *, arrived: bool) -> bool:
    """It stands where they vanish. One without a station of its own bridges for an end."""
    if arrived and one.direction == "there" and one.host != watched.ways.owner and _is_hop(watched, one):
        return False
    return not _span(watched, one) or _stands_between(watched, one, watched.last_seen(), watched.first_lost())


def _stands_between(watched: Watched, one: DeadHop, last: int, first: int) -> bool:
    """Not before the last station that saw them leave, not behind the first that lacked them."""
    spans = _span(watched, one)
    behind = spans[-1] < last or (spans[-1] == last and watched.sights[last].station.side == "out")
    return not behind and spans[0] <= first


def _is_hop(watched: Watched, one: DeadHop) -> bool:
    return any(hop.host == one.host for _, hop in watched.ways.hops) or bool(_span(watched, one))


def _span(watched: Watched, one: DeadHop) -> list[int]:
    """Numbers of the host's stations in that direction; of a tunnel's packets those that it lies between."""
    if one.reason in MISSING:  # not even the questions for a neighbour come through, so ours may end before it
        return [n for n, seen in enumerate(watched.sights) if _is_inside(seen, one.direction)]
    if one.outer:
        own = [n for n, seen in enumerate(watched.sights) if _is_tunnels(seen, one.direction)]
        return list(range(max(own[0] - 1, 0), own[-1] + 2)) if own else []
    return [
        number
        for number, sight in enumerate(watched.sights)
        if sight.station.host == one.host and sight.station.direction == one.direction
    ]


def _is_inside(seen: Sight, direction: str) -> bool:
    return seen.station.direction == direction and (seen.station.outer or bool(seen.station.bridge))


def _is_tunnels(seen: Sight, direction: str) -> bool:
    return seen.station.outer and seen.station.direction == direction


def _order(watched: Watched, one: DeadHop, refuser: str) -> tuple[bool, bool, int, int, int]:
    """Who said so itself, then what packets prove, then the first on the way, then the most telling."""
    return (
        bool(refuser) and one.host != refuser,
        not one.confirmed,
        _position(watched, one),
        REASONS.index(one.reason) if one.reason in REASONS else len(REASONS),
        abs(one.packets - watched.sent),
    )


def _position(watched: Watched, one: DeadHop) -> int:
    spans = _span(watched, one)
    return spans[0] if spans else len(watched.sights)


# ------------------------------------------------------------------ what is said of it


def _verdict(watched: Watched, answered: Answered, dead: DeadHop | None) -> str:
    silent = watched.protocol == "udp" and dead is None and _reached(watched) and _is_open(watched)
    all_there = answered.received >= answered.sent or silent
    if all_there:  # nobody has to answer by UDP, and refusals are told a few a second
        return "refused" if answered.refused and answered.refused == answered.received else "arrives"
    if (
        watched.protocol == "udp"
        and answered.refused
        and answered.refused == answered.received
        and _reached(watched)
    ):
        return "refused"  # its kernel says so a few times a second
    if answered.received:
        return "some-lost"
    if dead is not None:
        return "dies"
    if _hidden(watched) or changed(watched):
        return "ambiguous"
    blind = watched.ways.unseen or watched.protocol == "udp" or not all(map(_tells, watched.growing.values()))
    return "unseen" if blind else "dies"


def changed(watched: Watched) -> tuple[str, ...]:
    """Hosts whose rules changed while we looked: what dropped ours may count nothing now."""
    return tuple(host for host, growing in watched.growing.items() if growing.rules_changed)


def _tells(growing: Growing) -> bool:
    return growing.after.firewall is not None and not growing.after.uncounted


def _is_open(watched: Watched) -> bool:
    """Behind the interface that saw them nothing on the target's host can have dropped them unseen."""
    growing = watched.growing.get(watched.ways.owner)
    return growing is not None and _tells(growing)


def _reached(watched: Watched) -> bool:
    """The last station on the way there, at the target's own host, saw them."""
    there = [one for one in watched.sights if one.station.direction == "there"]
    return bool(there) and there[-1].station.host == watched.ways.owner and there[-1].is_seen(watched.sent)


def _hidden(watched: Watched) -> bool:
    """On a host where they may have ended a rule that drops counts so many others' that ours would not show."""
    return any(
        grown.is_hidden(watched.sent)
        and rule.verdict in BLOCKING
        and (can_see(rule, watched.protocol) or (host in watched.ways.below and can_see(rule, "udp")))
        for host, growing in watched.growing.items()
        for rule, grown in growing.rules()
    )


def _ends(watched: Watched, verdict: str, dead: DeadHop | None, source: str) -> tuple[str, str]:
    """The last host that saw them, and what comes behind it."""
    if verdict in ("arrives", "refused"):
        return watched.ways.owner or source, ""
    if dead is not None:
        return dead.host, ""
    last = watched.last_seen()
    here = watched.sights[last].station.host if last >= 0 else source
    if _vanish_inside(watched, last):
        return here, here
    behind = (one.station.host for one in watched.sights[last + 1 :] if one.station.host != here)
    return here, next(behind, next(iter(watched.ways.unseen), ""))


def _vanish_inside(watched: Watched, last: int) -> bool:
    """Captured where they enter a host, and captured as missing where they should leave it: nothing between two
    hosts can have done that."""
    if not 0 <= last < len(watched.sights) - 1:
        return False
    entered, left = watched.sights[last], watched.sights[last + 1]
    both = entered.by == left.by == "capture" and entered.station.host == left.station.host
    return both and entered.station.side == "in" and left.is_lost(watched.sent)


def _hops(watched: Watched, verdict: str, dead_at: int) -> tuple[TracedHop, ...]:
    arrives = verdict in ("arrives", "refused")
    return tuple(
        _hop(watched, _passed(watched, sight) if arrives else sight, beyond=not arrives and number > dead_at)
        for number, sight in enumerate(watched.sights)
    )


def _passed(watched: Watched, sight: Sight) -> Sight:
    """They arrived: where they were not seen they took another interface than the tables say."""
    return Sight(sight.station, 0, "") if sight.is_lost(watched.sent) else sight


def _hop(watched: Watched, sight: Sight, *, beyond: bool) -> TracedHop:
    station = sight.station
    verdict = "seen" if sight.is_seen(watched.sent) else "lost" if sight.by else "unknown"
    return TracedHop(
        host=station.host,
        at=station.interface,
        side=station.side,
        direction=station.direction,
        outer=station.outer,
        sent=watched.sent,
        seen=sight.seen,
        by=sight.by,
        verdict="beyond" if beyond and verdict != "seen" else verdict,
    )

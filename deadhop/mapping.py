"""deadhop site show --map: node, server, port, host, tap, bridge, one under the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from base.errors import UsageError
from deadhop.front import Front
from deadhop.output import columns, wrap
from probes.site import Site
from sitemap.model import Cell, Contradiction, Kind, SiteMap, State, Strip, Unseen
from sitemap.words import KINDS, pods_line, says, services_line, source

if TYPE_CHECKING:
    from sitemap.selecting import Selected

CONTRADICTS, NOT_ALL_SEEN = 1, 2
_LABEL, _FEW = 10, 4
_ALL = 1_000_000


async def show_map(front: Front, site: Site, listed: dict[str, object]) -> int:
    """1 when something contradicts itself, 2 when something could not be looked at, else 0."""
    from probes.toolbox import LiveToolbox
    from sitemap.selecting import selected

    name = _asked(front)
    if not (site.clouds or site.clusters):
        raise UsageError(
            front.say("there is neither a cloud nor a cluster to map", "지도로 그릴 클라우드도 클러스터도 없다"),
            hint=front.say("name one in site.yaml: docs/site.md", "site.yaml 에 적는다: docs/site.md"),
        )
    front.out.progress(front.say("… looking at clouds and clusters", "… 클라우드와 클러스터를 보는 중"))
    looks: list[Selected] = []
    async with LiveToolbox(site) as toolbox:
        async for found in selected(toolbox, name):
            if not looks:
                front.out.progress(front.say("… looking at hypervisors", "… 하이퍼바이저를 보는 중"))
            looks.append(found)
    return _report(front, looks[-1], name, listed)


def _asked(front: Front) -> str:
    wanted = [word for word in (front.arguments.node, front.arguments.what) if word]
    if len(wanted) > 1:
        raise UsageError(
            front.say("give one name: --node NAME or ADDRESS", "이름은 하나만 준다: --node NAME 또는 ADDRESS")
        )
    return wanted[0] if wanted else ""


def _report(front: Front, found: Selected, name: str, listed: dict[str, object]) -> int:
    whole, now = found.lexicon.map, datetime.now(UTC)
    alone = () if name else whole.contradictions
    if front.out.json:
        front.out.object("site", listed | map_json(found, name, now))
    else:
        for line in _known_lines(front, found, name):
            front.out.line(line)
        if not name and not found.strips and not whole.unseen:
            front.out.line(front.say("no node and no server was seen", "노드도 서버도 보이지 않았다"))
        for strip in _shown(found, name):
            _say_strip(front, strip, now, _ALL if name else _FEW)
        _say_rest(front, found, alone, name)
    if alone or any(strip.contradictions for strip in found.strips):
        return CONTRADICTS
    nothing = bool(name) and not found.lexicon.find(name)
    return NOT_ALL_SEEN if whole.unseen or nothing else 0


def _known_lines(front: Front, found: Selected, name: str) -> Iterator[str]:
    from sitemap.whatis import what_is

    known = what_is(name, found.lexicon) if name else ()
    for one in known:
        yield wrap(front.text(one.line))
    if name and not known:
        nothing = front.say("{} is nothing that the map knows", "{} 은(는) 지도에 없다")
        blind = front.say(
            "{} may be there: not everything could be looked at, and what could be does not know it",
            "{} 이(가) 있는지 알 수 없다. 확인하지 못한 곳이 있고, 확인한 곳에는 없다",
        )
        yield wrap((blind if found.lexicon.map.unseen else nothing).format(name))


def _shown(found: Selected, name: str) -> tuple[Strip, ...]:
    """Without a cluster's nodes every server; else nodes alone, for clouds are larger than their clusters."""
    nodes = tuple(strip for strip in found.strips if strip.is_node)
    return found.strips if name or not nodes else nodes


# ------------------------------------------------------------------ in words


def _say_strip(front: Front, strip: Strip, now: datetime, most: int) -> None:
    front.out.line(f"\n{'✗' if strip.contradictions else '✓' if _complete(strip) else '?'} {strip.title}")
    for cell in strip.cells:
        front.out.line(_cell_line(front, strip, cell, now, most))
    for one in strip.contradictions:
        _say_contradiction(front, one)


def _complete(strip: Strip) -> bool:
    return all(cell.state is not State.UNKNOWN for cell in strip.cells)


def _cell_line(front: Front, strip: Strip, cell: Cell, now: datetime, most: int) -> str:
    said = says(cell, front.lang)
    if cell.kind is Kind.PODS and cell.state is State.SEEN:
        said = pods_line(strip.pods, most, front.lang)
    if cell.kind is Kind.SERVICES and cell.state is State.SEEN:
        said = services_line(strip.services, most, front.lang)
    label = front.text(KINDS[cell.kind])
    at = source(cell.source, now, front.lang)
    first = f"  {label}{' ' * (_LABEL - columns(label))}"
    return wrap(f"{said} ({at})" if at else said, " " * (_LABEL + 2), first=first)


def _say_contradiction(front: Front, one: Contradiction) -> None:
    front.out.alarm(wrap(f"{front.text(one.text)} ({', '.join(one.sources)})", "    ", first="  ✗ "))


def _say_rest(front: Front, found: Selected, alone: Sequence[Contradiction], name: str) -> None:
    if alone:
        front.out.line()
    for one in alone:
        _say_contradiction(front, one)
    others = len(found.strips) - len(_shown(found, name))
    if others:
        said = front.say(
            "{} servers are no nodes; `site show --map NAME` shows one",
            "노드가 아닌 서버 {} 대: `site show --map 이름`",
        )
        front.out.line("\n" + said.format(others))
    for missed in found.lexicon.map.unseen:
        why = f"? {missed.target} {missed.what}: {front.text(missed.why)}"
        front.out.talk(wrap(why, "    ", first=""))


# ------------------------------------------------------------------ for programs


def map_json(found: Selected, name: str, now: datetime) -> dict[str, object]:
    from sitemap.whatis import what_is

    whole: SiteMap = found.lexicon.map
    known = what_is(name, found.lexicon) if name else ()
    return {
        "maps": [_strip_json(strip, now) for strip in found.strips],
        "means": [{"text": one.text, "is": one.means.en, "sources": list(one.sources)} for one in known],
        "contradictions": [_contradiction_json(one) for one in (() if name else whole.contradictions)],
        "unseen": [_unseen_json(one) for one in whole.unseen],
    }


def _strip_json(strip: Strip, now: datetime) -> dict[str, object]:
    return {
        "node": _cell_json(strip.node, now),
        "server": _cell_json(strip.server, now),
        "joined_by": strip.by,
        "ports": [{cell.kind.value: _cell_json(cell, now) for cell in way.cells} for way in strip.ways],
        "pods": _cell_json(strip.pods_cell, now)
        | {
            "items": [
                {"namespace": pod.namespace, "name": pod.name, "addresses": pod.addresses} for pod in strip.pods
            ]
        },
        "services": _cell_json(strip.services_cell, now)
        | {
            "items": [
                {
                    "namespace": one.namespace,
                    "name": one.name,
                    "addresses": one.addresses,
                    "ready_here": one.here,
                    "endpoints": one.all,
                }
                for one in strip.services
            ]
        },
        "contradictions": [_contradiction_json(one) for one in strip.contradictions],
    }


def _cell_json(cell: Cell, now: datetime) -> dict[str, object]:
    at = cell.source
    return {
        "state": cell.state.value,
        "name": cell.name,
        "id": cell.id,
        "details": dict(cell.details),
        "source": at.target if at else None,
        "at": at.at.isoformat(timespec="milliseconds") if at else None,
        "age": round(max((now - at.at).total_seconds(), 0.0), 1) if at else None,
        "reason": cell.why.en if cell.why else "",
    }


def _contradiction_json(one: Contradiction) -> dict[str, object]:
    return {"kind": one.kind, "says": {"en": one.text.en, "ko": one.text.ko}, "sources": list(one.sources)}


def _unseen_json(one: Unseen) -> dict[str, object]:
    return {"target": one.target, "probe": one.what, "reason": one.why.en}

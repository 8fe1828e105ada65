"""How the steps of one tree lead to each other: order, loops, and whose facts are known where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """One edge between steps. `seen`: it is a branch, so the step's own facts are known on it."""

    to: str
    seen: bool


@dataclass(frozen=True, slots=True)
class Flow:
    known: Mapping[str, frozenset[str]]
    """Step → steps whose facts are known whichever way led there. Steps that cannot be reached are not in it."""
    loops: tuple[tuple[str, ...], ...]
    """Each as the steps on it, the first one repeated at the end."""


def flow_of(first: str, ways: Mapping[str, tuple[Way, ...]]) -> Flow:
    loops: list[tuple[str, ...]] = []
    order: list[str] = []
    _visit(first, ways, [], set(), order, loops)
    known: dict[str, frozenset[str]] = {first: frozenset()}
    closed = {(loop[-2], loop[-1]) for loop in loops}
    for step in reversed(order):
        for way in ways[step]:
            if way.to in ways and (step, way.to) not in closed:
                carried = known[step] | ({step} if way.seen else frozenset())
                known[way.to] = known[way.to] & carried if way.to in known else carried
    return Flow(known, tuple(loops))


def _visit(
    step: str,
    ways: Mapping[str, tuple[Way, ...]],
    path: list[str],
    done: set[str],
    order: list[str],
    loops: list[tuple[str, ...]],
) -> None:
    """Depth first; `order` gets every step after all it leads to."""
    path.append(step)
    for to in dict.fromkeys(way.to for way in ways[step]):
        if to in path:
            loops.append((*path[path.index(to) :], to))
        elif to in ways and to not in done:
            _visit(to, ways, path, done, order, loops)
    path.pop()
    done.add(step)
    order.append(step)

"""What `ofproto/trace` answers: the flows of Open vSwitch that a packet meets, one after the other, and where none
lets it go on. Pure; the answer explains, and proves nothing: packets are counted elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from base.text import clip, inert
from probes.linux.fields import reading

_MOST_LINES = 5000
_MOST_WAYS = 16
_LONGEST_LINE = 2000
"""Characters; of a longer one no more is looked at."""
_LONGEST = 200
"""Characters of what Open vSwitch remarks by itself."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
"""What a bridge is called that may stand in a command, or be named."""
_BRIDGE = re.compile(r'(?P<indent> *)bridge\("(?P<name>[^"]{1,64})"\) *')
_STEP = re.compile(r"(?P<indent> *)(?P<table>[0-9]{1,3})(?:\([^)]{0,64}\))?\. (?P<rest>.*)")
_FLOW = re.compile(
    r"(?:(?P<match>\S+), )?priority (?P<priority>[0-9]{1,5})(?:, cookie (?P<cookie>0x[0-9a-f]{1,16}))?"
)
_MISS = ("No match.", "No match, and")
_MISSES_ELSEWHERE = ("reg0=0x1, priority 0", "reg0=0x2, priority 0")
"""How the same is printed of a bridge that is not the one that was asked for: as its own hidden flows."""
_RESUMES = re.compile(r" *Resuming from table (?P<table>[0-9]{1,3})")
_FORKS = re.compile(r"\bct\([^()]{0,500}\btable=(?P<table>[0-9]{1,3})\b")
"""The table stands before everything that has brackets of its own."""
_DATAPATH = "Datapath actions: "
_SILENT = re.compile(r"(?:drop|ct|ct_clear|recirc|set|push_\w+|pop_\w+|hash|meter|trunc|sample)(?![\w-])")
"""What the datapath does without sending a packet anywhere."""
DROP = "drop"


@dataclass(frozen=True, slots=True)
class Step:
    """One table on the way, and the flow of it that matches."""

    bridge: str
    table: int
    priority: int
    """-1 where no flow matches."""
    cookie: str
    match: str
    """Empty where it takes all."""
    depth: int = 0
    """Of what branches off: a packet may be sent to several."""
    branches: bool = False
    """First of a bridge that branches off: the step before it on the way stands above, not beside it."""
    part: int = 0
    """So many times it was in a table of connections before."""
    actions: tuple[str, ...] = ()
    remark: str = ""
    """What Open vSwitch says of it last."""

    @property
    def misses(self) -> bool:
        return self.priority < 0

    @property
    def drops(self) -> bool:
        return self.actions == (DROP,)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All that becomes of one packet."""

    ends: tuple[tuple[Step, ...], ...] = ()
    """Each way through the tables at whose end nothing goes on."""
    sends: bool = False
    """By another way it goes out of a port: what ends is a copy."""


NOTHING = Pipeline()


@reading("ofproto/trace")
def parse_pipeline(text: str, bridge: str) -> Pipeline:
    """NOTHING where the answer is not whole: then nobody knows what the datapath does. Nor of more ways than any
    network has."""
    lines = text.splitlines()
    if len(lines) > _MOST_LINES:
        raise ValueError("too long")
    doings = [line.removeprefix(_DATAPATH) for line in lines if line.startswith(_DATAPATH)]
    if not doings or not _is_whole(lines, doings):
        return NOTHING
    ways = tuple(islice(_ways(_steps(lines, bridge)), _MOST_WAYS + 1))
    return Pipeline(ways, any(map(_sends, doings))) if len(ways) <= _MOST_WAYS else NOTHING


def _is_whole(lines: list[str], doings: list[str]) -> bool:
    """Everything that goes on behind a table of connections was told, too."""
    failed = any(line.lstrip().startswith("Translation failed") for line in lines)
    return not failed and len(doings) == 1 + sum(doing.count("recirc(") for doing in doings)


def _sends(doing: str) -> bool:
    return not all(_SILENT.match(one) for one in _apart(doing))


def _apart(actions: str) -> Iterator[str]:
    """At the commas that are in no brackets."""
    depth, begun = 0, 0
    for at, char in enumerate(actions):
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            yield actions[begun:at].strip()
            begun = at + 1
    yield actions[begun:].strip()


def _steps(lines: list[str], bridge: str) -> list[Step]:
    """A packet that comes back from connection tracking does so where it left, whatever the heading says."""
    found: list[Step] = []
    forked: dict[int, str] = {}
    headings, part = _Headings(bridge), 0
    for line in (line[:_LONGEST_LINE] for line in lines):
        if said := _STEP.fullmatch(line):
            name, branches = headings.of(said["indent"])
            found.append(replace(_step(said, name, bridge), part=part, branches=branches))
        elif line.startswith(_DATAPATH):
            part += 1
        elif said := _BRIDGE.fullmatch(line):
            headings.put(said["indent"], _named(said["name"]))
        elif said := _RESUMES.fullmatch(line):
            headings = _Headings(forked.get(int(said["table"]), bridge))
        elif (at := _whose(found, line, part)) is not None:
            found[at] = _with(found[at], line.strip())
            if said := _FORKS.search(line):
                forked[int(said["table"])] = found[at].bridge
    return found


def _named(bridge: str) -> str:
    if not NAME.fullmatch(bridge):
        raise ValueError("no bridge")
    return bridge


class _Headings:
    """Bridges that are told inside of each other."""

    def __init__(self, bridge: str) -> None:
        self._names = [(0, bridge)]
        self._levels = {0: 0}
        """Heading → where the tables of its bridge stand."""

    def put(self, indent: str, name: str) -> None:
        at = len(indent)
        self._names = [one for one in self._names if one[0] < at] + [(at, name)]
        self._levels = {depth: level for depth, level in self._levels.items() if depth < at}
        if not at:
            self._levels[at] = 0

    def of(self, indent: str) -> tuple[str, bool]:
        """The bridge, and whether it branches off with this table. ValueError for a table inside of another one of
        the same bridge: a flow goes on behind it, and that is told in a form that nobody follows here."""
        depth, name = [one for one in self._names if one[0] <= len(indent)][-1]
        level, above, is_first = _level(indent), _level(" " * depth), depth not in self._levels
        if self._levels.setdefault(depth, level) != level or level not in (above, above + 1):
            raise ValueError("a table inside of a table")
        return name, is_first and level > above


def _level(indent: str) -> int:
    return len(indent) // 4


def _whose(steps: list[Step], line: str, part: int) -> int | None:
    """Number of the step that does it: what branches off stands between a step and what it does next."""
    depth = _level(line[: len(line) - len(line.lstrip(" "))]) - 1
    if depth < 0 or not line.strip():
        return None
    numbers = (n for n in reversed(range(len(steps))) if steps[n].depth <= depth)
    at = next(numbers, None)
    return at if at is not None and steps[at].depth == depth and steps[at].part == part else None


def _step(line: re.Match[str], bridge: str, first: str) -> Step:
    depth, table, rest = _level(line["indent"]), int(line["table"]), line["rest"].strip()
    if rest.startswith(_MISS) or (bridge != first and rest in _MISSES_ELSEWHERE):
        return Step(bridge, table, -1, "", "", depth)
    flow = _FLOW.fullmatch(rest)
    if flow is None:
        raise ValueError("no flow")
    return Step(bridge, table, int(flow["priority"]), flow["cookie"] or "", flow["match"] or "", depth)


def _with(step: Step, said: str) -> Step:
    if said.startswith(("->", ">>")):
        return replace(step, remark=clip(inert(said[2:].strip()), _LONGEST))
    return replace(step, actions=(*step.actions, said))


def _ways(steps: list[Step]) -> Iterator[tuple[Step, ...]]:
    for number, step in enumerate(steps):
        behind = steps[number + 1] if number + 1 < len(steps) else None
        ends = behind is None or behind.part != step.part or behind.depth - behind.branches < step.depth
        if ends and not any(_FORKS.search(one) for one in step.actions):
            yield tuple(_to(steps[: number + 1]))


def _to(steps: list[Step]) -> Iterator[Step]:
    """The last of them; without what branched off before and came to its own end."""
    found: list[Step] = []
    depth = steps[-1].depth
    for step in reversed(steps):
        if step.depth <= depth:
            depth = step.depth - step.branches
            found.append(step)
    yield from reversed(found)

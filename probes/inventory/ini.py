"""Ansible's ini format: `[group]`, `[group:children]`, `[group:vars]`, hosts with ranges and `key=value` words."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from base.errors import Place, Problem
from probes.inventory.groups import ALL, UNGROUPED, Group, Variables
from probes.inventory.names import TOO_MANY, Names, colons_of_ranges
from probes.site_reader import shown
from probes.yaml_tree import Mistakes

_SECTION = re.compile(r"\[([^\[\]:]+)(?::(\w+))?\]\s*(?:[#;].*)?")
_RANGE = re.compile(r"\[[^\[\]\s:]+:[^\[\]\s]+\]")
"""What a host's name may begin with."""
_PORT = re.compile(r"(.+):(\d+)")
_KINDS = ("", "hosts", "children", "vars")


@dataclass(slots=True)
class _Reader:
    path: Path
    groups: dict[str, Group] = field(default_factory=lambda: {ALL: Group(), UNGROUPED: Group()})
    problems: list[Problem] = field(default_factory=list)
    section: tuple[str, str] = (UNGROUPED, "")
    names: Names = field(default_factory=Names)

    def wrong(self, number: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(Place(str(self.path), number), message, hint))


def parse_ini(text: str, path: Path) -> dict[str, Group]:
    """Groups by name. Mistakes with all that is wrong."""
    reader = _Reader(path)
    for number, line in enumerate(text.splitlines(), start=1):
        if (bare := line.strip()) and bare[0] not in "#;":
            _line(reader, number, bare)
    if reader.problems:
        raise Mistakes(tuple(reader.problems))
    return reader.groups


def _line(reader: _Reader, number: int, line: str) -> None:
    if line.startswith("[") and (section := _SECTION.fullmatch(line)):
        _begin(reader, number, section[1].strip(), section[2] or "")
        return
    if line.startswith("[") and not _RANGE.match(line):
        reader.wrong(number, f"{shown(line)} is no section", "[group], [group:children] or [group:vars]")
        return
    name, kind = reader.section
    group = reader.groups[name]
    if kind == "children":
        child = line.split("#")[0].strip()
        group.children[child] = None
        reader.groups.setdefault(child, Group())
    elif kind == "vars":
        key, equals, value = line.partition("=")
        if not equals:
            reader.wrong(number, f"{shown(line)} is no `key=value`", f"under [{name}:vars] stand variables")
        group.variables[key.strip()] = _bare(value)
    else:
        _hosts(reader, number, line, group)


def _begin(reader: _Reader, number: int, name: str, kind: str) -> None:
    if kind not in _KINDS:
        reader.wrong(number, f"{shown(kind)} is no kind of section", "[group], [group:children] or [group:vars]")
    reader.section = (name, kind)
    reader.groups.setdefault(name, Group())


def _hosts(reader: _Reader, number: int, line: str, group: Group) -> None:
    try:
        pattern, *words = shlex.split(line, comments=True) or [""]
    except ValueError:
        reader.wrong(number, f"{shown(line)}: quotes do not match", "is a quote missing?")
        return
    variables: Variables = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            reader.wrong(number, f"{shown(word)} is no `key=value`", "one host stands on each line")
        variables[key] = value
    if (port := _PORT.fullmatch(pattern)) and pattern.count(":") == 1 + colons_of_ranges(pattern):
        pattern, variables = port[1], {"ansible_port": port[2]} | variables
    names = reader.names.of(pattern)
    if names is None:
        reader.wrong(number, f"{shown(pattern)}: {TOO_MANY}", "is the range right?")
    for name in names or ():
        group.hosts[name] = group.hosts.get(name, {}) | variables


def _bare(value: str) -> str:
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value

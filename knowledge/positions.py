"""YAML files as plain values, with the place of everything in them.

Every scalar stays the text its author wrote (`no` is no boolean and `1.10` no number): types are the schema's.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from base.errors import Place, Problem
from base.files import opened

Where = tuple[str | int, ...]
"""Keys and indices from the top of a file."""

_Base: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_Base):  # type: ignore[misc]
    def resolve(self, kind: object, value: object, implicit: object) -> str:
        """Tags are not used here, and finding them costs a fifth of the time."""
        return ""

    _depth = 0

    def descend_resolver(self, parent: yaml.Node | None, index: object) -> None:
        """Called for each level on the way down. The fast loader composes recursively and would crash."""
        self._depth += 1
        if self._depth > _DEEPEST and parent is not None:
            mark = parent.start_mark
            place = Place(str(mark.name), mark.line + 1, mark.column + 1)
            raise _Refused(Problem(place, f"nested deeper than {_DEEPEST} levels"))

    def ascend_resolver(self) -> None:
        self._depth -= 1


_DEEPEST = 60
_BIGGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Document:
    file: str
    plain: object
    """dict, list and str."""
    root: yaml.Node | None = field(repr=False, compare=False)
    text: str = field(repr=False, compare=False)

    def place(self, where: Where, offset: int | None = None) -> Place:
        """Of a value, or of the deepest part of the way to it that is there. `offset` counts characters inside
        a scalar."""
        node = self._node(where)
        if node is None:
            return Place(self.file)
        line, column = node.start_mark.line, node.start_mark.column
        if offset is not None and isinstance(node, yaml.ScalarNode):
            line, column = _inside(node, offset, self.text)
        return Place(self.file, line + 1, column + 1)

    def place_of_key(self, where: Where) -> Place:
        node = self._node(where[:-1])
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.value == where[-1]:
                return Place(self.file, key.start_mark.line + 1, key.start_mark.column + 1)
        return self.place(where)

    def _node(self, where: Where) -> yaml.Node | None:
        node = self.root
        for part in where:
            below = _child(node, part)
            if below is None:
                break
            node = below
        return node


def _child(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child
    return None


def _inside(node: yaml.ScalarNode, offset: int, text: str) -> tuple[int, int]:
    """Line and column (from 0) of a character of a scalar; of its start where the two cannot be matched."""
    line, column = node.start_mark.line, node.start_mark.column
    before = node.value[:offset]
    if node.style == "|":
        below = text.split("\n")[line + 1 :]
        indent = next((len(row) - len(row.lstrip()) for row in below if row.strip()), 0)
        line_in_block = before.count("\n")
        return line + 1 + line_in_block, indent + offset - (before.rfind("\n") + 1)
    if line != node.end_mark.line:
        return line, column
    if node.style == "'":
        return line, column + 1 + offset + before.count("'")
    if node.style == '"':
        return line, column + 1 + offset + before.count('"') + before.count("\\")
    return line, column + offset


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_document(path: Path) -> tuple[Document | None, tuple[Problem, ...]]:
    """A file's values, or why it cannot be read. Duplicate keys are told beside the values."""
    try:
        text = _read(path)
        root = _compose(path, text)
        reader = _Reader(str(path))
        plain = reader.plain(root)
    except _Refused as refused:
        return None, (replace(refused.problem, place=replace(refused.problem.place, file=str(path))),)
    except RecursionError:
        return None, (Problem(Place(str(path)), "nested too deeply to be read"),)
    return Document(str(path), plain, root, text), tuple(reader.problems)


def _read(path: Path) -> str:
    try:
        with opened(path) as file:
            content = file.read(_BIGGEST + 1)
        if len(content) > _BIGGEST:
            raise _Refused(Problem(Place(str(path)), f"larger than {_BIGGEST} bytes"))
        return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8").read()
    except OSError as error:
        raise _Refused(Problem(Place(str(path)), f"cannot be read: {error.strerror or error}")) from error
    except UnicodeDecodeError as error:
        raise _Refused(Problem(Place(str(path)), "is no UTF-8 text", "save it as UTF-8")) from error


def _compose(path: Path, text: str) -> yaml.Node:
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path))
        hint = "a text that contains `: ` or ` #`, or starts with one of `[{*&!|>%@\"'`, goes into quotes"
        raise _Refused(Problem(place, f"no YAML: {error.problem or error.context}", hint)) from error
    except yaml.YAMLError as error:
        raise _Refused(Problem(Place(str(path)), f"no YAML: {error}".split("\n")[0])) from error
    if root is None:
        raise _Refused(Problem(Place(str(path)), "the file is empty"))
    return root


@dataclass
class _Reader:
    """Nodes to plain values. Aliases are followed, but a few of them can fill the memory: there is a budget."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    left: int = 50_000

    def plain(self, node: yaml.Node) -> object:
        self.left -= 1
        if self.left < 0:
            raise _Refused(
                Problem(_at(self.file, node), "too many values", "aliases (`*name`) multiply: use fewer")
            )
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item) for item in node.value]
        return dict(self._pairs(node))

    def _pairs(self, node: yaml.Node) -> Iterator[tuple[str, object]]:
        keys: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _Refused(Problem(_at(self.file, key), "a key that is no text"))
            if key.value in keys:
                self.problems.append(Problem(_at(self.file, key), f"`{key.value}` stands here twice"))
            keys.add(key.value)
            yield key.value, self.plain(value)


def _at(file: str, node: yaml.Node) -> Place:
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)

"""Reads a YAML tree node by node: what is wrong has its line and column, and is collected."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import yaml

from base.errors import Place, Problem
from base.text import clip, inert


@dataclass(slots=True)
class Reader:
    """Collects what is wrong, so that one look shows all of it."""

    path: Path
    problems: list[Problem] = field(default_factory=list)

    def place(self, node: yaml.Node) -> Place:
        return Place(str(self.path), node.start_mark.line + 1, node.start_mark.column + 1)

    def wrong(self, node: yaml.Node, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.place(node), message, hint))

    def entries(self, node: yaml.Node, what: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Key → (key node, value node) of a mapping; keys given twice are wrong."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what} is not a mapping", "write `key: value` lines")
            return {}
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not name:
                self.wrong(key, f"{what}: a key must be a word")
            elif name in found:
                first = found[name][0].start_mark.line + 1
                self.wrong(key, f"{shown(name)} is given twice, first in line {first}", "keep one of them")
            else:
                found[name] = (key, value)
        return found

    def known(self, node: yaml.Node, what: str, keys: tuple[str, ...]) -> dict[str, yaml.Node]:
        values = {}
        for name, (key, value) in self.entries(node, what).items():
            if name in keys:
                values[name] = value
                continue
            close = get_close_matches(name, keys, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(keys)}"
            self.wrong(key, f"{what} has no key {shown(name)}", hint)
        return values

    def words(self, node: yaml.Node | None, what: str) -> list[yaml.ScalarNode]:
        """A list of words, or none for a missing or empty value."""
        if node is None or is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, f"{what} is not a list", f"write `{what}: [first, second]`")
            return []
        for item in node.value:
            if not isinstance(item, yaml.ScalarNode) or not item.value:
                self.wrong(item, f"{what}: a word is wanted here", "put quotes around it if it is one")
        return [item for item in node.value if isinstance(item, yaml.ScalarNode) and item.value]

    def word(self, node: yaml.Node | None, what: str) -> str:
        """One word; empty for a missing value."""
        if node is None or is_null(node):
            return ""
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.wrong(node, f"{what}: a word is wanted here", "put quotes around it if it is one")
        return ""

    def yes(self, node: yaml.Node | None, what: str) -> bool:
        """`true` or `false`; false for a missing value."""
        if node is None or is_null(node):
            return False
        text = str(node.value).lower() if isinstance(node, yaml.ScalarNode) else ""
        if text not in ("true", "false"):
            self.wrong(node, f"{what} is neither `true` nor `false`", f"write `{what}: true`")
        return text == "true"


def is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")


def shown(text: str) -> str:
    return f"`{clip(inert(text), 60)}`"

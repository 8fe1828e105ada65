"""clouds.yaml without the SDK: which clouds a file names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from base.errors import ConfigError, Place, Problem
from base.text import clip, inert
from probes.ssh_config import at_home, is_there, read_text
from probes.yaml_tree import Mistakes, compose

_MOST = 100_000
_MERGE = "tag:yaml.org,2002:merge"
ENVIRONMENT = "envvars"
"""What the SDK calls the cloud of OS_*."""
_SYSTEM = Path("/etc/openstack")
_ENDS = (".yaml", ".yml", ".json")


def default_file() -> Path | None:
    """The first there is, in the order of the `openstack` client; the others are not read."""
    named = os.environ.get("OS_CLIENT_CONFIG_FILE", "")
    folders = (Path.cwd(), at_home("~/.config/openstack"), _SYSTEM)
    files = [at_home(named)] if named else []
    files += [folder / f"clouds{end}" for folder in folders for end in _ENDS]
    return next((file for file in files if is_there(file)), None)


def of_environment() -> str:
    """The name of the cloud that OS_* describe; empty when they describe none."""
    if os.environ.get("OS_AUTH_URL") or os.environ.get("OS_ENDPOINT"):
        return os.environ.get("OS_CLOUD_NAME") or ENVIRONMENT
    return ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A cloud of a clouds.yaml. What is wrong with it takes the others from nobody: it is said where it is used."""

    place: Place
    settings: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()

    def good(self) -> Mapping[str, Any]:
        """Mistakes when it is of no use."""
        if self.problems:
            raise Mistakes(self.problems)
        return self.settings


def names_in(path: Path) -> tuple[str, ...]:
    """ConfigError with the place when the file is of no use."""
    return tuple(read_entries(path))


def read_entries(path: Path) -> Mapping[str, Entry]:
    return entries_in(read_text(path, Place(str(path))), str(path))


def entries_in(text: str, path: str) -> Mapping[str, Entry]:
    """`clouds` of a clouds.yaml's text; ConfigError when it is none."""
    root = compose(text, Path(path))  # says what is wrong with its place, and refuses what is too deep
    marked = _Marked(path, root)
    try:
        if root is not None and _pairs(root, {}) > _MOST:
            raise ValueError("merges that multiply")
        data = yaml.SafeLoader("").construct_document(root) if root is not None else None  # not parsed twice
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: has no `clouds`", hint="is it a clouds.yaml?") from error
    clouds = data.get("clouds") if isinstance(data, dict) else None
    if clouds is None:
        raise ConfigError(f"{path}: has no `clouds`", hint="is it a clouds.yaml?")
    if not isinstance(clouds, dict):
        place = marked.place(marked.clouds)
        raise Mistakes((Problem(place, "`clouds` is not a mapping", "write `key: value` lines"),))
    return {str(name): marked.entry(name, settings) for name, settings in clouds.items()}


class _Marked:
    """Where the entries stand, and which of them is there twice; looked at before YAML's merges move them."""

    def __init__(self, path: str, root: yaml.Node | None) -> None:
        self._path = path
        self.clouds = next((node for key, node in reversed(_own_pairs(root)) if key.value == "clouds"), root)
        self._met: dict[str, list[tuple[yaml.Node, yaml.Node]]] = {}
        for key, node in _own_pairs(self.clouds):
            self._met.setdefault(str(key.value), []).append((key, node))

    def place(self, node: yaml.Node | None) -> Place:
        mark = node.start_mark if node is not None else None
        return Place(self._path, mark.line + 1, mark.column + 1) if mark else Place(self._path)

    def entry(self, name: object, settings: Any) -> Entry:
        met = self._met.get(str(name), [])
        key, node = met[-1] if met else (self.clouds, self.clouds)
        shown = clip(inert(str(name)), 60)
        wrong = [
            Problem(self.place(at), f"the cloud {shown} cannot be used: {why}", hint)
            for at, why, hint in _wrong(name, settings, key, node)
        ]
        for again, _ in met[1:]:
            first = self.place(met[0][0]).line
            message = f"`{shown}` is given twice, first in line {first}"
            wrong.append(Problem(self.place(again), message, "keep one of them"))
        return Entry(self.place(key), settings if isinstance(settings, dict) else {}, tuple(wrong))


def _own_pairs(node: yaml.Node | None) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return [(key, value) for key, value in pairs if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE]


_LOGIN = "below it belongs `auth:` with `auth_url`, `username` and `password`"


def _wrong(
    name: object, settings: Any, key: yaml.Node | None, node: yaml.Node | None
) -> Iterator[tuple[yaml.Node | None, str, str]]:
    """Where, what and a hint."""
    if not isinstance(name, str):
        yield key, "its name is not read as a word", "put quotes around it"
    if not isinstance(settings, dict):
        yield key, "there are no settings below it", _LOGIN
    elif not isinstance(settings.get("auth") or {}, dict):
        at = next((value for one, value in _own_pairs(node) if one.value == "auth"), key)
        yield at, "`auth` is not a mapping", "write `key: value` lines"


def _pairs(node: yaml.Node, known: dict[int, int]) -> int:
    """How many pairs a reader would copy for its merges (`<<: *defaults`): ten lines can ask for 10^9."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = _MOST + 1  # for one that merges itself
    inside = node.value if isinstance(node, yaml.CollectionNode) else ()
    if isinstance(node, yaml.MappingNode):
        count = sum(_pairs(value, known) if key.tag == _MERGE else 1 for key, value in inside)
        inner = max((_pairs(value, known) for key, value in inside if key.tag != _MERGE), default=0)
    else:
        count, inner = sum(_pairs(one, known) for one in inside), 0
    known[id(node)] = max(count, inner)
    return known[id(node)]

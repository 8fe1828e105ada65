"""YAML as a tree of nodes, each with its place, from text that may be anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from base.errors import ConfigError, Place, Problem

_DEPTH = 20
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Mistakes(ConfigError):
    """Mistakes in a file, each with its place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first, *more = sorted(problems)
        super().__init__("\n".join([f"{first.place}: {first.message}", *map(str, more)]), hint=first.hint)
        self.problems = (first, *more)


def compose(text: str, path: Path) -> yaml.Node | None:
    """None for an empty file; Mistakes where it is no YAML. Aliases stay what they are: nothing multiplies."""
    try:
        _refuse_depth(text, path)
        root: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        place = _place(path, error.problem_mark or error.context_mark)
        raise Mistakes((Problem(place, f"wrong YAML: {error.problem}", "is the indentation right?"),)) from error
    except yaml.YAMLError as error:
        message = str(error).splitlines()[0]
        raise Mistakes((Problem(Place(str(path)), f"wrong YAML: {message}"),)) from error
    return root


def _place(path: Path, mark: Any) -> Place:
    return Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path))


def _refuse_depth(text: str, path: Path) -> None:
    """The fast loader composes recursively and would crash."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            raise Mistakes((Problem(_place(path, event.start_mark), f"is nested deeper than {_DEPTH}"),))

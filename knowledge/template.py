"""Command templates: sandboxed Jinja whose every value is quoted for the shell by construction.

Only `{{ name }}` is allowed. What `mistakes` accepts cannot be broken out of by any value: each one stays inside
exactly one word of the command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from base.errors import DeadhopError
from base.values import Value
from knowledge.mistakes import Mistake

if TYPE_CHECKING:
    import jinja2
    from jinja2.nodes import Node
    from jinja2.sandbox import SandboxedEnvironment


class RenderError(DeadhopError):
    """A command that cannot be written: a value is missing, or is nothing that can be quoted."""


class Hole(NamedTuple):
    """A place for a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    source: str

    def variables(self) -> frozenset[str]:
        return frozenset(part.name for part in _parts(self.source) if isinstance(part, Hole))

    def render(self, values: Mapping[str, Value]) -> str:
        """The command; RenderError when a value is missing."""
        import jinja2

        try:
            return _compiled(self.source).render(values)
        except jinja2.TemplateError as error:
            raise RenderError(f"`{self.source}` cannot be written: {error}") from error

    def mistakes(self, *, sudo: bool, lists: frozenset[str] = frozenset()) -> tuple[Mistake, ...]:
        """All that makes the template refused. `lists` names the values that become several words."""
        try:
            parts = _parts(self.source)
        except _NotAllowed as error:
            return (error.mistake,)
        if found := tuple(_syntax(parts, sudo)):
            return found
        words = _words(parts)
        return tuple(_broken_out(parts, words)) or tuple(_reread(words or [], lists))


@lru_cache(maxsize=1024)
def _compiled(source: str) -> jinja2.Template:
    return _environment().from_string(source)


# ------------------------------------------------------------------ Jinja


class _NotAllowed(Exception):
    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


_ONLY = "only `{{ name }}` is allowed in a command"


def _quoted(value: object) -> str:
    """What Jinja writes for any value: it is quoted, or it is not written."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | str():
            return shlex.quote(str(value))
        case tuple():
            return shlex.join(map(str, value))
    import jinja2

    if isinstance(value, jinja2.Undefined):
        return str(value)
    raise RenderError(f"a {type(value).__name__} cannot be part of a command")


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, finalize=_quoted, keep_trailing_newline=True, autoescape=False
    )


_PLAIN_HOLE = re.compile(r"\{\{ *([a-z_][a-z0-9_]*) *\}\}")
_JINJA = re.compile(r"\{[{%#]|[}%#]\}")
_JINJA_WORDS = frozenset({"true", "false", "none", "not", "and", "or", "in", "is", "if", "else", "self"})


@lru_cache(maxsize=8192)
def _parts(source: str) -> tuple[str | Hole, ...]:
    """Text and holes in order; _NotAllowed for any other Jinja."""
    pieces = _PLAIN_HOLE.split(source)
    if _JINJA.search("".join(pieces[::2])) or _touching(pieces[::2]) or _JINJA_WORDS.intersection(pieces[1::2]):
        return _parsed(source)
    parts = (Hole(piece) if index % 2 else piece for index, piece in enumerate(pieces))
    return tuple(part for part in parts if part)


def _touching(texts: list[str]) -> bool:
    """A brace right before or after a hole: `{{{ x }}` is something else to Jinja."""
    return any(text.endswith("{") for text in texts[:-1]) or any(text.startswith("}") for text in texts[1:])


def _parsed(source: str) -> tuple[str | Hole, ...]:
    """The same from Jinja's own tree, for what is not plain. A test holds the two equal."""
    if "{#" in source:
        raise _NotAllowed(Mistake(source.index("{#"), "a comment in a command", _ONLY))
    import jinja2

    try:
        tree = _environment().parse(source)
    except (jinja2.TemplateError, RecursionError, ValueError) as error:
        raise _NotAllowed(Mistake(_first_jinja(source), f"no template: {error}", _ONLY)) from error
    return tuple(_checked_parts(source, tree.body))


def _checked_parts(source: str, body: list[Node]) -> Iterator[str | Hole]:
    from jinja2 import nodes

    for node in body:
        if not isinstance(node, nodes.Output):
            raise _NotAllowed(Mistake(_first_jinja(source), "a statement in a command", _ONLY))
        for part in node.nodes:
            match part:
                case nodes.TemplateData(data=data):
                    yield data
                case nodes.Name(name=name) if not re.search(r"\{\{[-+]|-\}\}", source):
                    yield Hole(name)
                case _:
                    raise _NotAllowed(Mistake(_first_jinja(source), "an expression in a command", _ONLY))


def _first_jinja(source: str) -> int:
    match = re.search(r"\{[{%#]", source)
    return match.start() if match else 0


# ------------------------------------------------------------------ the shell

_HOLE = "\ue000"
_LEXEME = re.compile(
    r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|&&|>>|\$|(?<![^\s;&|(])\#|[;&|<>`()\n'"]|[^\s;&|<>`()'"\\$]+|.""",
    re.DOTALL,
)
_NEVER = {
    ";": "write two actions",
    "|": "a pipe hides the first command's failure: use one command",
    "&": "commands run in the foreground; both of two is `&&`",
    "<": "",
    "`": "take it from a probe instead",
    "$": "take it from a value instead",
    "(": "",
    ")": "",
    "\n": "write two actions",
    "#": "explain it in the action's `text`",
}
_WITHOUT_SUDO = {"&&": "write two actions", ">": "use `tee` or `install`", ">>": "use `tee -a`"}


def _syntax(parts: tuple[str | Hole, ...], sudo: bool) -> Iterator[Mistake]:
    """Quoting around holes and operators of the shell, told by where they stand."""
    skeleton = "".join(part if isinstance(part, str) else _HOLE for part in parts)
    if not skeleton.strip():
        yield Mistake(0, "an empty command")
    for match in _LEXEME.finditer(skeleton):
        text, at = match[0], _source_offset(parts, match.start())
        if text[0] in "'\"" and len(text) == 1:
            yield Mistake(at, f"`{text}` is not closed")
        elif text[0] in "'\"\\" and _HOLE in text:
            yield Mistake(at, "a value inside quotes", "values are quoted by themselves: leave the quotes out")
        elif text[0] == '"' and re.search(r"(?<!\\)[`$]", text):
            yield Mistake(at, "the shell would replace a part of this text", "single quotes keep it as it is")
        elif text in _NEVER:
            yield Mistake(at, f"`{text}` in a command".replace("\n", "␊"), _NEVER[text])
        elif sudo and text in _WITHOUT_SUDO:
            yield Mistake(at, f"`{text}` would run without sudo", _WITHOUT_SUDO[text])


def _source_offset(parts: tuple[str | Hole, ...], offset: int) -> int:
    """Where a character of the skeleton stands in the source, were holes written `{{ name }}`."""
    at = 0
    for part in parts:
        width = len(part) if isinstance(part, str) else 1
        if offset < width:
            break
        offset -= width
        at += width if isinstance(part, str) else len(part.name) + 6
    return at + offset


_HOSTILE = "\ue001'\"$(`;&|<>#\\\n {{\ue002"
"""A value with everything that means something to a shell, and marks around it."""


def _words(parts: tuple[str | Hole, ...]) -> list[tuple[str | Hole, ...]] | None:
    """The words of the command, each as text and holes, as a shell reads it with a hostile value in every hole.
    None when it cannot be read at all."""
    text = "".join(part if isinstance(part, str) else shlex.quote(_HOSTILE) for part in parts)
    holes = iter([part for part in parts if isinstance(part, Hole)])
    try:
        words = [word.split(_HOSTILE) for word in shlex.split(text, posix=True)]
        return [tuple(_woven(texts, holes)) for texts in words]
    except ValueError:
        return None


def _woven(texts: list[str], holes: Iterator[Hole]) -> Iterator[str | Hole]:
    for index, text in enumerate(texts):
        if index:
            yield next(holes, Hole(""))
        if text:
            yield text


def _broken_out(parts: tuple[str | Hole, ...], words: list[tuple[str | Hole, ...]] | None) -> Iterator[Mistake]:
    """The proof: each hostile value arrived whole inside exactly one word."""
    written = [part for part in parts if isinstance(part, Hole)]
    arrived = [part for word in words or () for part in word if isinstance(part, Hole)]
    if arrived != written or words is None:
        yield Mistake(0, "a value could break out of its word", "put spaces around it")


_SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})
_READ_AGAIN = frozenset({"eval", "ssh", "su", "xargs", "watch", "source", "."})
_SCRIPTED = frozenset({"sed", "awk", "perl", "python", "python3"})
_SCRIPT_OPTIONS = frozenset({"-c", "-e", "-E", "--expression", "--command"})


def _reread(words: list[tuple[str | Hole, ...]], lists: frozenset[str]) -> Iterator[Mistake]:
    """Quoting ends where a second program reads its argument as program: no value may stand there."""
    programs: set[str] = set()
    for before, word in zip([("&&",), *words], words, strict=False):
        holes = [part.name for part in word if isinstance(part, Hole)]
        text = "".join(part for part in word if isinstance(part, str))
        if holes and before == ("&&",):
            yield Mistake(0, f"`{holes[0]}` would be the program to run", "the program's name is written out")
        if holes and _is_program(programs, before, len(word) == 1):
            yield Mistake(0, f"`{holes[0]}` would be read as program text", _POSITIONAL)
        if len(word) > 1 and (glued := lists.intersection(holes)):
            yield Mistake(0, f"`{min(glued)}` is a list and must stand alone as words", "put spaces around it")
        programs.add(text.rpartition("/")[2])


_POSITIONAL = "hand it over as an argument: `sh -c 'use \"$1\"' sh {{ name }}`"


def _is_program(programs: set[str], before: tuple[str | Hole, ...], alone: bool) -> bool:
    previous = "".join(part for part in before if isinstance(part, str))
    if programs & _READ_AGAIN:
        return True
    if programs & (_SHELLS | _SCRIPTED) and previous in _SCRIPT_OPTIONS:
        return True
    return bool(programs & _SCRIPTED) and (not alone or previous.rpartition("/")[2] in _SCRIPTED)

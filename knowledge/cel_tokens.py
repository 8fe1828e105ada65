"""CEL source to tokens, and what their literals mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from knowledge.mistakes import Mistake


class SyntaxMistake(Exception):
    """The text is no CEL."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


class Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""(?P<space>[\ \t\r\n\f]+|//[^\n]*)
    |(?P<raw>[rR](?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\n]*"|'[^'\n]*'))
    |(?P<string>\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<float>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    |(?P<int>0[xX][0-9a-fA-F]+|[0-9]+)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<op>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)

_BIGGEST_INT = 2**63 - 1


def tokens_of(source: str) -> list[Token]:
    """Tokens and an end mark; SyntaxMistake at the first character that starts none."""
    found: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise mistake_at(at, f"unexpected `{source[at]}`", _CHARACTER_HINTS.get(source[at], ""))
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match[0], at))
        at = match.end()
    found.append(Token("end", "", len(source)))
    return found


_CHARACTER_HINTS = {
    "=": "equality is `==`",
    "&": "and is `&&`",
    "|": "or is `||`",
    '"': "this text is not closed",
    "'": "this text is not closed",
}


def mistake_at(at: int, message: str, hint: str = "") -> SyntaxMistake:
    return SyntaxMistake(Mistake(at, message, hint))


# ------------------------------------------------------------------ literals

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
_PLAIN_ESCAPES = dict(zip("abfnrtv\\?\"'`", "\a\b\f\n\r\t\v\\?\"'`", strict=True))


def _inside(text: str) -> str:
    width = 3 if text[:3] in ('"""', "'''") and len(text) >= 6 else 1
    return text[width:-width]


def _read_string(token: Token) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code:
            return chr(int(code, 16))
        if match[4]:
            return chr(int(match[4], 8))
        if match[5] not in _PLAIN_ESCAPES:
            raise mistake_at(token.at, f"`\\{match[5]}` is no escape", 'a regular expression is written r"…"')
        return _PLAIN_ESCAPES[match[5]]

    return _ESCAPE.sub(plain, _inside(token.text))


def _read_int(token: Token) -> int:
    value = int(token.text, 0) if token.text[:2] in ("0x", "0X") else int(token.text)
    if value > _BIGGEST_INT:
        raise mistake_at(token.at, f"{token.text} does not fit 64 bits")
    return value


READERS: dict[str, Callable[[Token], str | int | float]] = {
    "string": _read_string,
    "raw": lambda token: _inside(token.text[1:]),
    "int": _read_int,
    "float": lambda token: float(token.text),
}

"""CEL source to a syntax tree. The evaluating package shows no tree, and types are checked on one.

The grammar is the language definition's, without message construction, bytes, unsigned numbers and optionals.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from knowledge.cel_tokens import READERS, SyntaxMistake, Token, mistake_at, tokens_of


class Literal(NamedTuple):
    at: int
    value: str | int | float | bool


class Null(NamedTuple):
    at: int


class Name(NamedTuple):
    at: int
    name: str


class Select(NamedTuple):
    at: int
    """Of the field's name, as for calls of the function's name and for operators of the operator."""
    target: Node
    field: str


class Index(NamedTuple):
    at: int
    target: Node
    key: Node


class Call(NamedTuple):
    at: int
    function: str
    target: Node | None
    arguments: tuple[Node, ...]


class Items(NamedTuple):
    at: int
    items: tuple[Node, ...]


class Pairs(NamedTuple):
    at: int
    pairs: tuple[tuple[Node, Node], ...]


class Unary(NamedTuple):
    at: int
    operator: str
    operand: Node


class Binary(NamedTuple):
    at: int
    operator: str
    left: Node
    right: Node


class Choice(NamedTuple):
    at: int
    condition: Node
    yes: Node
    no: Node


Node = Literal | Null | Name | Select | Index | Call | Items | Pairs | Unary | Binary | Choice
_NODES = (Literal, Null, Name, Select, Index, Call, Items, Pairs, Unary, Binary, Choice)


_LEVEL = {"||": 1, "&&": 2, "in": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
_LEVEL |= dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 3)
_RESERVED = frozenset(
    {
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    }
)
_DEEPEST = 40
_LONGEST = 4000
_MOST_LINKS = 200
"""Operators, fields and indices of one expression: in a row they make a tree as deep as nesting does."""


@lru_cache(maxsize=4096)
def parse(source: str) -> Node:
    """The tree of a CEL expression; SyntaxMistake when it is none."""
    if len(source) > _LONGEST:
        raise mistake_at(0, f"longer than {_LONGEST} characters")
    return _Parser(tokens_of(source)).whole()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for part in node[1:]:
        for below in _flat(part):
            yield from walk(below)


def _flat(part: object) -> Iterator[Node]:
    if isinstance(part, _NODES):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from _flat(one)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._links = 0

    def _link(self, at: int) -> None:
        self._links += 1
        if self._links > _MOST_LINKS:
            raise mistake_at(at, f"more than {_MOST_LINKS} operators and fields", "make several conditions of it")

    def whole(self) -> Node:
        node = self._expression()
        if self._peek().kind != "end":
            raise self._unexpected()
        return node

    # ------------------------------------------------------------ tokens

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _is(self, text: str) -> bool:
        token = self._tokens[self._next]
        return token.text == text and token.kind == "op"

    def _accept(self, text: str) -> bool:
        if self._is(text):
            self._next += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._unexpected(f"`{text}` is missing before it")

    def _unexpected(self, hint: str = "") -> SyntaxMistake:
        token = self._peek()
        if token.kind == "end":
            return mistake_at(token.at, "the expression ends too early", hint.removesuffix(" before it"))
        hint = hint or {"and": "and is `&&`", "or": "or is `||`", "not": "not is `!`"}.get(token.text, "")
        return mistake_at(token.at, f"unexpected `{token.text}`", hint)

    # ------------------------------------------------------------ grammar

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise mistake_at(self._peek().at, f"nested deeper than {_DEEPEST} levels")
        node = self._binary(1)
        at = self._peek().at
        if self._accept("?"):
            yes = self._binary(1)
            self._expect(":")
            node = Choice(at, node, yes, self._expression())
        self._depth -= 1
        return node

    def _binary(self, lowest: int) -> Node:
        left = self._unary()
        while True:
            token = self._peek()
            level = _LEVEL.get(token.text, 0) if token.kind in ("op", "name") else 0
            if level < lowest:
                return left
            self._next += 1
            self._link(token.at)
            left = Binary(token.at, token.text, left, self._binary(level + 1))

    def _unary(self) -> Node:
        token = self._peek()
        if token.kind != "op" or token.text not in "!-":
            return self._member()
        self._next += 1
        self._depth += 1
        if self._depth > _DEEPEST:
            raise mistake_at(token.at, f"nested deeper than {_DEEPEST} levels")
        operand = self._unary()
        self._depth -= 1
        return Unary(token.at, token.text, operand)

    def _member(self) -> Node:
        node = self._primary()
        while True:
            at = self._peek().at
            if self._is(".") or self._is("["):
                self._link(at)
            if self._accept("."):
                node = self._selected(node)
            elif self._accept("["):
                node = Index(at, node, self._expression())
                self._expect("]")
            else:
                return node

    def _selected(self, target: Node) -> Node:
        token = self._peek()
        if token.kind != "name":
            raise self._unexpected("the name of a field belongs here")
        self._next += 1
        if self._accept("("):
            return Call(token.at, token.text, target, self._list(")"))
        return Select(token.at, target, token.text)

    def _primary(self) -> Node:
        token = self._peek()
        if token.kind == "name":
            return self._named()
        if token.kind in READERS:
            self._next += 1
            return Literal(token.at, READERS[token.kind](token))
        if self._accept("("):
            node = self._expression()
            self._expect(")")
            return node
        if self._accept("["):
            return Items(token.at, self._list("]"))
        if self._accept("{"):
            return Pairs(token.at, self._pairs())
        raise self._unexpected()

    def _named(self) -> Node:
        token = self._peek()
        if token.text == "in" or token.text in _RESERVED:
            raise mistake_at(token.at, f"`{token.text}` is a reserved word")
        self._next += 1
        if token.text in ("true", "false"):
            return Literal(token.at, token.text == "true")
        if token.text == "null":
            return Null(token.at)
        if self._accept("("):
            return Call(token.at, token.text, None, self._list(")"))
        return Name(token.at, token.text)

    def _list(self, closing: str) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while not self._accept(closing):
            if nodes:
                self._expect(",")
            nodes.append(self._expression())
        return tuple(nodes)

    def _pairs(self) -> tuple[tuple[Node, Node], ...]:
        pairs: list[tuple[Node, Node]] = []
        while not self._accept("}"):
            if pairs:
                self._expect(",")
            key = self._expression()
            self._expect(":")
            pairs.append((key, self._expression()))
        return tuple(pairs)

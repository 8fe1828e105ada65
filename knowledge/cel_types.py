"""Type checking of CEL over the shapes of facts: what passes here evaluates without a type error.

CEL coerces nothing, so `"22" == 22` is a mistake and not `false`. Only what the evaluating package really has is
accepted: it knows no `lowerAscii`, no `bool()` and no global `matches()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from knowledge.cel_parse import (
    Binary,
    Call,
    Choice,
    Index,
    Items,
    Literal,
    Name,
    Node,
    Null,
    Pairs,
    Select,
    Unary,
    parse,
)
from knowledge.cel_tokens import SyntaxMistake
from knowledge.mistakes import Mistake, did_you_mean
from knowledge.shapes import (
    ANYTHING,
    BOOL,
    DOUBLE,
    INT,
    STRING,
    Anything,
    ListOf,
    MapOf,
    Record,
    Scalar,
    Shape,
    fits,
    named,
)

Scope = Mapping[str, Shape]
"""Name → shape of everything a condition may read."""


@dataclass(frozen=True, slots=True)
class Checked:
    shape: Shape
    mistakes: tuple[Mistake, ...]
    tree: Node | None
    """None when the text is no CEL."""


def check(
    source: str, scope: Scope, wanted: Shape = ANYTHING, elsewhere: Mapping[str, str] = MappingProxyType({})
) -> Checked:
    """The type of an expression over these variables, and all that is wrong with it. `elsewhere` says of names
    that exist but cannot be read here, why."""
    try:
        tree = parse(source)
    except SyntaxMistake as error:
        return Checked(ANYTHING, (error.mistake,), None)
    checker = _Checker(scope, elsewhere)
    shape = checker.of(tree)
    if not checker.mistakes and not fits(shape, wanted):
        checker.wrong(tree.at, f"this is {named(shape)}, {named(wanted)} is wanted", _conversion(shape, wanted))
    return Checked(shape, tuple(checker.mistakes), tree)


def _conversion(shape: Shape, wanted: Shape) -> str:
    if wanted == BOOL:
        return "a condition is true or false: compare it with something"
    if isinstance(shape, Scalar) and wanted in (INT, STRING, DOUBLE) and shape != BOOL:
        return f"convert it with `{named(wanted)}(…)`"
    return ""


_NUMBERS = (INT, DOUBLE)
_MACROS = frozenset({"exists", "all", "exists_one", "filter", "map"})
_METHODS = frozenset({"startsWith", "endsWith", "contains", "matches"})
_CONVERSIONS = {
    "int": ((STRING, INT, DOUBLE), INT),
    "double": ((STRING, INT, DOUBLE), DOUBLE),
    "string": ((STRING, INT, DOUBLE), STRING),
}
_FUNCTIONS = frozenset({"size", "has", "host_of", "within", *_CONVERSIONS})
_KNOWN_METHODS = frozenset({"size", *_METHODS, *_MACROS})


class _Checker:
    def __init__(self, scope: Scope, elsewhere: Mapping[str, str]) -> None:
        self._scope = dict(scope)
        self._elsewhere = elsewhere
        self.mistakes: list[Mistake] = []

    def wrong(self, at: int, message: str, hint: str = "") -> Shape:
        self.mistakes.append(Mistake(at, message, hint))
        return ANYTHING

    def of(self, node: Node) -> Shape:
        match node:
            case Literal(at, value):
                return _LITERALS[type(value)]
            case Name(at, name):
                return self._name(at, name)
            case Select(at, target, field):
                return self._field(at, self.of(target), field)
            case Binary():
                return self._binary(node)
            case Call(_, _, None, _):
                return self._function(node)
            case Call():
                return self._method(node)
            case Unary(at, operator, operand):
                return self._unary(at, operator, self.of(operand))
            case Index(at, target, index):
                return self._index(at, self.of(target), self.of(index))
            case Choice():
                return self._choice(node)
            case Items(at, items):
                return ListOf(self._common(at, [self.of(item) for item in items]))
            case Pairs(at, pairs):
                return self._pairs(at, pairs)
            case Null(at):
                return self.wrong(at, "no fact is ever null", 'empty text is `""`, an empty list `[]`')

    # ------------------------------------------------------------ names, fields, members

    def _name(self, at: int, name: str) -> Shape:
        if name in self._scope:
            return self._scope[name]
        if name in self._elsewhere:
            return self.wrong(at, f"`{name}` is not known here", self._elsewhere[name])
        hint = did_you_mean(name, self._scope)
        return self.wrong(at, f"unknown name `{name}`", hint or f'a text is written "{name}"')

    def _field(self, at: int, target: Shape, field: str) -> Shape:
        match target:
            case Record(name, fields):
                if field in fields:
                    return fields[field]
                return self.wrong(at, f"{name} has no field `{field}`", did_you_mean(field, fields))
            case MapOf(value):
                return value
            case Anything():
                return ANYTHING
        hint = "a list's members are reached by `.exists(x, x.field == …)`" if isinstance(target, ListOf) else ""
        return self.wrong(at, f"a {named(target)} has no fields", hint)

    def _index(self, at: int, target: Shape, index: Shape) -> Shape:
        match target:
            case ListOf(item):
                return item if fits(index, INT) else self.wrong(at, f"a list is indexed by int, not {named(index)}")
            case MapOf(value):
                return value if fits(index, STRING) else self.wrong(at, "a map is indexed by string")
            case Anything():
                return ANYTHING
        return self.wrong(at, f"a {named(target)} has no members")

    def _common(self, at: int, shapes: list[Shape]) -> Shape:
        known = [shape for shape in shapes if not isinstance(shape, Anything)]
        if not known:
            return ANYTHING
        other = next((shape for shape in known if not fits(shape, known[0])), None)
        if other is not None:
            return self.wrong(at, f"members of different types: {named(known[0])} and {named(other)}")
        return known[0]

    def _pairs(self, at: int, pairs: tuple[tuple[Node, Node], ...]) -> Shape:
        for key, _ in pairs:
            self._want(key, STRING, "a key")
        return MapOf(self._common(at, [self.of(value) for _, value in pairs]))

    # ------------------------------------------------------------ operators

    def _want(self, node: Node, wanted: Shape, what: str) -> None:
        shape = self.of(node)
        if not fits(shape, wanted):
            self.wrong(node.at, f"{what} is {named(wanted)}, not {named(shape)}", _conversion(shape, wanted))

    def _unary(self, at: int, operator: str, operand: Shape) -> Shape:
        if isinstance(operand, Anything):
            return ANYTHING if operator == "-" else BOOL
        if operator == "!":
            return BOOL if operand == BOOL else self.wrong(at, f"`!` needs bool, not {named(operand)}")
        return operand if operand in _NUMBERS else self.wrong(at, f"`-` needs a number, not {named(operand)}")

    def _choice(self, node: Choice) -> Shape:
        self._want(node.condition, BOOL, "what stands before `?`")
        yes, no = self.of(node.yes), self.of(node.no)
        if fits(no, yes):
            return no if isinstance(yes, Anything) else yes
        return self.wrong(node.at, f"one way gives {named(yes)}, the other {named(no)}")

    def _binary(self, node: Binary) -> Shape:
        operator = node.operator
        if operator in ("&&", "||"):
            self._want(node.left, BOOL, f"what `{operator}` joins")
            self._want(node.right, BOOL, f"what `{operator}` joins")
            return BOOL
        left, right = self.of(node.left), self.of(node.right)
        if operator == "in":
            return self._in(node.at, left, right)
        if operator in ("==", "!="):
            return self._compared(node, left, right, _comparable(left, right))
        if operator in ("<", "<=", ">", ">="):
            ordered = _comparable(left, right) and all(_ordered(shape) for shape in (left, right))
            return self._compared(node, left, right, ordered)
        return self._arithmetic(node, left, right)

    def _compared(self, node: Binary, left: Shape, right: Shape, possible: bool) -> Shape:
        if not possible:
            message = f"`{node.operator}` cannot compare {named(left)} with {named(right)}"
            self.wrong(node.at, message, _conversion(right, left))
        return BOOL

    def _in(self, at: int, left: Shape, right: Shape) -> Shape:
        match right:
            case ListOf(item) if not _comparable(left, item):
                self.wrong(at, f"{named(left)} is never in a {named(right)}")
            case MapOf() if not fits(left, STRING):
                self.wrong(at, f"a map's keys are string, not {named(left)}")
            case Scalar() | Record():
                hint = 'part of a text is `.contains("…")`' if right == STRING else ""
                self.wrong(at, f"`in` needs a list or a map, not {named(right)}", hint)
        return BOOL

    def _arithmetic(self, node: Binary, left: Shape, right: Shape) -> Shape:
        if isinstance(left, Anything) or isinstance(right, Anything):
            return left if isinstance(right, Anything) else right
        allowed = _OPERANDS[node.operator]
        if fits(left, right) and (left in allowed or (node.operator == "+" and isinstance(left, ListOf))):
            return right if left == ListOf(ANYTHING) else left
        message = f"`{node.operator}` cannot take {named(left)} and {named(right)}"
        return self.wrong(node.at, message, "both sides must be of one type: convert with `int(…)` or `double(…)`")

    # ------------------------------------------------------------ calls

    def _function(self, node: Call) -> Shape:
        if node.function == "has":
            return self._has(node)
        if node.function == "within":
            return self._within(node)
        if node.function not in _FUNCTIONS:
            return self._unknown_function(node)
        if len(node.arguments) != 1:
            return self.wrong(node.at, f"`{node.function}` takes 1 argument, not {len(node.arguments)}")
        shape = self.of(node.arguments[0])
        if node.function == "size":
            return self._size(node, shape)
        accepted, result = _CONVERSIONS.get(node.function, ((STRING,), STRING))
        if not any(fits(shape, one) for one in accepted):
            self.wrong(node.at, f"`{node.function}` cannot take {named(shape)}")
        return result

    def _within(self, node: Call) -> Shape:
        if len(node.arguments) != 2:
            return self.wrong(node.at, f"`within` takes 2 arguments, not {len(node.arguments)}")
        for shape in map(self.of, node.arguments):
            if not fits(shape, STRING):
                self.wrong(node.at, f"`within` cannot take {named(shape)}")
        return BOOL

    def _unknown_function(self, node: Call) -> Shape:
        if node.function in _KNOWN_METHODS:
            hint = f"it is called on a value: `x.{node.function}(…)`"
        else:
            hint = did_you_mean(node.function, _FUNCTIONS)
        return self.wrong(node.at, f"unknown function `{node.function}`", hint)

    def _has(self, node: Call) -> Shape:
        if len(node.arguments) != 1 or not isinstance(node.arguments[0], Select):
            return self.wrong(node.at, "`has` takes one field: `has(a.b)`")
        self.of(node.arguments[0])
        return BOOL

    def _size(self, node: Call, shape: Shape) -> Shape:
        if shape != STRING and not isinstance(shape, (ListOf, MapOf, Anything)):
            self.wrong(node.at, f"a {named(shape)} has no size")
        return INT

    def _method(self, node: Call) -> Shape:
        assert node.target is not None
        target = self.of(node.target)
        if node.function in _MACROS:
            return self._macro(node, target)
        if node.function == "size" and not node.arguments:
            return self._size(node, target)
        if node.function not in _METHODS:
            return self._unknown_method(node)
        if not fits(target, STRING):
            hint = "a member of a list is found by `in` or `.exists(…)`" if isinstance(target, ListOf) else ""
            self.wrong(node.at, f"`{node.function}` is called on string, not {named(target)}", hint)
        if len(node.arguments) != 1:
            return self.wrong(node.at, f"`{node.function}` takes 1 argument, not {len(node.arguments)}")
        self._want(node.arguments[0], STRING, f"the argument of `{node.function}`")
        if node.function == "matches":
            self._pattern(node.arguments[0])
        return BOOL

    def _unknown_method(self, node: Call) -> Shape:
        if node.function in _FUNCTIONS:
            hint = f"it takes its value in brackets: `{node.function}(x)`"
        else:
            hint = did_you_mean(node.function, _KNOWN_METHODS)
        return self.wrong(node.at, f"unknown method `{node.function}`", hint)

    def _pattern(self, node: Node) -> None:
        if not (isinstance(node, Literal) and isinstance(node.value, str)):
            return
        import cel

        try:
            cel.evaluate('"".matches(p)', {"p": node.value})
        except Exception as error:
            self.wrong(node.at, "no regular expression", str(error).partition("error:")[2].strip().split("\n")[-1])

    def _macro(self, node: Call, target: Shape) -> Shape:
        counts = (2, 3) if node.function == "map" else (2,)
        if len(node.arguments) not in counts or not isinstance(node.arguments[0], Name):
            return self.wrong(node.at, f"`{node.function}` is written `list.{node.function}(x, condition on x)`")
        item = self._member(node, target)
        name = node.arguments[0].name
        if name in self._scope:
            return self.wrong(node.arguments[0].at, f"`{name}` is taken already", "choose another name")
        self._scope[name] = item
        for condition in node.arguments[1:2] if node.function != "map" else node.arguments[1:-1]:
            self._want(condition, BOOL, "the condition")
        shape = ListOf(self.of(node.arguments[-1])) if node.function == "map" else BOOL
        del self._scope[name]
        return ListOf(item) if node.function == "filter" else shape

    def _member(self, node: Call, target: Shape) -> Shape:
        match target:
            case ListOf(item):
                return item
            case MapOf():
                return STRING
            case Anything():
                return ANYTHING
        return self.wrong(node.at, f"`{node.function}` goes over a list or a map, not {named(target)}")


_LITERALS: Mapping[type, Shape] = {str: STRING, bool: BOOL, int: INT, float: DOUBLE}
_OPERANDS = {"+": (*_NUMBERS, STRING), "-": _NUMBERS, "*": _NUMBERS, "/": _NUMBERS, "%": (INT,)}


def _comparable(left: Shape, right: Shape) -> bool:
    return fits(left, right) or (left in _NUMBERS and right in _NUMBERS)


def _ordered(shape: Shape) -> bool:
    return isinstance(shape, Anything) or shape in (*_NUMBERS, STRING)

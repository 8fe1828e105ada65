"""Every sentence the product can say to an operator, read from its source.

A sentence is what is given to a parameter named `message`, `hint`, `error` or `reason` of anything the rooms
define: errors of the DeadhopError family, Failure, Reply, NotKnown, Problem, `_show`, and helpers on the way.
Left out by rule, not by list:
- one word without a space: a code for programs (`timeout`), an option or an example;
- what `say(en, ko)` returns: it is in both languages already;
- in `knowledge/`, Problem and Mistake and what leads to them: they speak to authors of YAML, as compilers do;
- what is to be typed (`deadhop …`, `--option …`) and examples in quotes.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("base", "probes", "knowledge", "journal", "diagnosis", "deadhop", "tui")
SPOKEN = frozenset({"message", "hint", "error", "reason"})
HOLE = "{}"
_COMMAND = re.compile(r'(?:deadhop |--|`[^`]*`$|"[^"]*"$)')
_FIELD = re.compile(r"\{[^{}]*\}")
_MOST = 6
"""How far a name is followed."""


@dataclass(frozen=True)
class Sentence:
    shape: str
    """The text with `{}` for every value."""
    place: str


@dataclass
class Source:
    """What the rooms define, by name."""

    trees: dict[Path, ast.Module] = field(default_factory=dict)
    parameters: dict[str, list[tuple[Path, list[str]]]] = field(default_factory=lambda: defaultdict(list))
    functions: dict[tuple[Path, str], ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    constants: dict[tuple[Path, str], ast.expr] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)


def source() -> Source:
    found = Source()
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            found.trees[path] = ast.parse(path.read_text(encoding="utf-8"))
            _define(found, path, found.trees[path])
    return found


def _define(found: Source, path: Path, tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.bases[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]
            found.parameters[node.name].append((path, _fields(node)))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            found.parameters[node.name].append((path, [name for name in names if name not in ("self", "cls")]))
            found.functions[path, node.name] = node
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            found.constants[path, statement.targets[0].id] = statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            found.constants[path, statement.target.id] = statement.value


def _fields(node: ast.ClassDef) -> list[str]:
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return [one.arg for one in (*part.args.args, *part.args.kwonlyargs) if one.arg != "self"]
    fields = [part.target for part in node.body if isinstance(part, ast.AnnAssign)]
    return [target.id for target in fields if isinstance(target, ast.Name)]


def is_error(found: Source, name: str) -> bool:
    return name == "DeadhopError" or any(is_error(found, base) for base in found.bases.get(name, ()))


def sentences() -> list[Sentence]:
    found = source()
    said = (one for path in found.trees for one in _of_file(found, path))
    return sorted(set(said), key=lambda one: (one.place, one.shape))


def _of_file(found: Source, path: Path) -> Iterator[Sentence]:
    tree = found.trees[path]
    for function, call in _calls(tree, None):
        for given in _spoken(found, path, call):
            for shape in _shapes(found, path, function, given, _MOST):
                if _is_sentence(shape):
                    yield Sentence(shape, f"{path.relative_to(ROOT)}:{call.lineno}")


def _calls(node: ast.AST, function: ast.AST | None) -> Iterator[tuple[ast.AST | None, ast.Call]]:
    """Every call with the function it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield function, child
        inside = child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        yield from _calls(child, inside)


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _spoken(found: Source, path: Path, call: ast.Call) -> Iterator[ast.expr]:
    """The arguments that are said to somebody."""
    name = _name(call)
    if path.is_relative_to(ROOT / "knowledge") and not (is_error(found, name) or name in ("NotKnown", "_unknown")):
        return
    signatures = [["message", "hint"]] if is_error(found, name) else _signatures(found, path, call)
    for keyword in call.keywords:
        if keyword.arg in SPOKEN and (signatures or keyword.arg == "hint"):
            yield keyword.value
    for signature in signatures:
        for parameter, given in zip(signature, call.args, strict=False):
            if parameter in SPOKEN:
                yield given


def _signatures(found: Source, path: Path, call: ast.Call) -> list[list[str]]:
    """A function of a file's own is that file's; methods may be inherited from elsewhere."""
    own = isinstance(call.func, ast.Name) and call.func.id.startswith("_")
    return [names for where, names in found.parameters.get(_name(call), ()) if where == path or not own]


def _is_sentence(shape: str) -> bool:
    words = shape.replace(HOLE, "")
    return bool(re.search(r"[a-z]{2}", words)) and " " in shape.strip() and not _COMMAND.match(shape)


def _shapes(found: Source, path: Path, function: ast.AST | None, given: ast.expr, most: int) -> Iterator[str]:
    """What an expression can say; nothing for what only runs can tell."""

    def again(inner: ast.expr) -> Iterator[str]:
        return _shapes(found, path, function, inner, most - 1)

    if not most:
        return
    match given:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr():
            parts = [_part(found, path, function, part, most - 1) for part in given.values]
            yield from map("".join, product(*parts))
        case ast.Await():
            yield from again(given.value)
        case ast.IfExp():
            yield from again(given.body)
            yield from again(given.orelse)
        case ast.BoolOp():
            for inner in given.values:
                yield from again(inner)
        case ast.BinOp(op=ast.Add()):
            yield from (left + right for left in again(given.left) for right in again(given.right))
        case ast.Dict():
            for inner in given.values:
                yield from again(inner)
        case ast.Tuple():
            for inner in given.elts:
                yield from again(inner)
        case ast.Subscript(value=ast.Name()):
            yield from again(given.value)
        case ast.Call(func=ast.Attribute(attr="format", value=text)):
            yield from (_FIELD.sub(HOLE, shape) for shape in again(text))
        case ast.Call(func=ast.Attribute(attr="get", value=ast.Name() as table)):
            yield from again(table)
            for inner in given.args[1:]:
                yield from again(inner)
        case ast.Call() if _name(given) not in ("say", "_say"):
            for where, helper in _helpers(found, path, given):
                for node in ast.walk(helper):
                    if isinstance(node, ast.Return) and node.value is not None:
                        yield from _shapes(found, where, helper, node.value, most - 1)
        case ast.Name(id=name):
            local = list(_assigned(function, name)) if function else []
            constant = found.constants.get((path, name))
            for inner in local or ([constant] if constant is not None else []):
                yield from again(inner)


def _helpers(found: Source, path: Path, call: ast.Call) -> Iterator[tuple[Path, ast.AST]]:
    """The function that is called: of the same file, or a method of the same object from another."""
    name, method = _name(call), ast.unparse(call.func).startswith("self.")
    for (where, other), helper in found.functions.items():
        if other == name and (where == path or method):
            yield where, helper


def _part(found: Source, path: Path, function: ast.AST | None, part: ast.expr, most: int) -> list[str]:
    """Of a formatted text: the text itself, the texts of a table, or a hole."""
    if isinstance(part, ast.Constant):
        return [str(part.value)]
    value = part.value if isinstance(part, ast.FormattedValue) else part
    table = list(_shapes(found, path, function, value, most)) if isinstance(value, ast.Subscript) else []
    return table or [HOLE]


def _assigned(function: ast.AST, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for one, value in zip(targets, values, strict=False):
                    if isinstance(one, ast.Name) and one.id == name:
                        yield value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Subscript(value=ast.Name()) as value):
                if any(isinstance(one, ast.Name) and one.id == name for one in targets):
                    yield value

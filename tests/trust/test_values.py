"""A value can only be quoted: whatever it is, it is refused by its kind, or it is one word of a command.

And what is no shell: conditions take values as variables, regular expressions come from authors, Jinja is not asked
to read what a value says, and paths are one file."""

from __future__ import annotations

import ast
import random
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from base.errors import UsageError
from base.text import inert
from base.values import KINDS, check
from knowledge.cel import EvaluationError, Expression
from knowledge.template import RenderError, Template
from tests.hostile.strings import SHORT as HOSTILE

ROOT = Path(__file__).parents[2]
ROOMS = ("base", "deadhop", "diagnosis", "journal", "knowledge", "probes", "tui")
ROUNDS = 4_000
PIECES = (
    *"abcXYZ019./:-_@=+%,~^!?*[]{}()<>|&;#$`'\"\\ \t\n\r\x00\x1b\x7f",
    "$(id)", "${IFS}", "{{ x }}", "{% if %}",
    "&&", "||", "/../", "한글", "\u202e", "\u200b", "\ufeff", "\u2028", "e\u0301", "\udc80",
    "::1", "::1%", "10.0.0.0/8", "/",
)  # fmt: skip
COMMAND = Template("printf %s {{ x }} end")


def made_up(seed: int) -> Iterator[str]:
    """Strings nobody types; the same ones at every run."""
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        yield "".join(chance.choices(PIECES, k=chance.randint(0, 12)))


def taken(kind: str, text: str) -> object:
    """The value a kind makes of it; None when it refuses."""
    try:
        return check(kind, text)
    except UsageError:
        return None


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_value_of_any_kind_is_refused_or_one_word(kind: str) -> None:
    accepted = 0
    for text in (*made_up(sum(kind.encode())), *HOSTILE):
        value = taken(kind, text)
        if value is None:
            continue
        accepted += 1
        written = COMMAND.render({"x": value})  # type: ignore[dict-item]
        words = shlex.split(written)
        plain = str(value).lower() if isinstance(value, bool) else str(value)
        assert words == ["printf", "%s", plain, "end"], text
        assert inert(plain) == plain, text
        assert "\n" not in written
    assert accepted or kind not in ("line", "name", "host", "interface")


@pytest.mark.parametrize("kind", ["line", "path"])
def test_a_real_shell_agrees(kind: str) -> None:
    values = [value for value in (taken(kind, text) for text in (*made_up(7), *HOSTILE)) if value is not None]
    values += [check(kind, f"/{text}") for text in HOSTILE if taken(kind, f"/{text}") is not None]
    words = list(dict.fromkeys(str(value) for value in values))[:3000]
    script = "\n".join(Template("printf '%s\\0' {{ x }}").render({"x": word}) for word in words)
    for shell in ("dash", "bash"):
        done = subprocess.run([shell], input=script.encode(), capture_output=True, check=True)
        assert done.stdout.decode().split("\0")[:-1] == words


@pytest.mark.parametrize("kind", ["words", "words[]", "line[]", "name[]", "fingerprint[]"])
def test_lists_are_refused_or_as_many_words(kind: str) -> None:
    for text in HOSTILE:
        plain = [[text, "-j"]] if kind == "words[]" else [text, "x"]
        try:
            value = check(kind, plain)
        except UsageError:
            continue
        assert isinstance(value, tuple)
        for member in value if kind == "words[]" else (value,):
            assert isinstance(member, tuple)
            assert shlex.split(Template("a {{ x }} b").render({"x": member})) == ["a", *member, "b"]


@pytest.mark.parametrize("value", [{}, None, 1.5, b"x", object(), ["a"], ("a", ["b"])])
def test_what_is_no_value_is_no_word(value: object) -> None:
    try:
        written = Template("a {{ x }}").render({"x": value})  # type: ignore[dict-item]
    except RenderError:
        return
    assert shlex.split(written)[0] == "a"
    assert written == "a " + shlex.join(map(str, value)) if isinstance(value, tuple) else False


def test_a_zone_of_an_address_is_an_interface() -> None:
    """Python's ipaddress takes whatever follows the `%`."""
    assert check("address", "fe80::1%br-ex") == "fe80::1%br-ex"
    assert check("address", "[FE80::1%eth0]") == "fe80::1%eth0"
    for zone in ("", "a b", "x\ny", "$(id)", "-e", "a/b", "a%b", "\u202e", "x" * 17):
        assert taken("address", f"fe80::1%{zone}") is None
        assert taken("cidr", f"fe80::1%{zone}/64") is None
        assert taken("destination", f"fe80::1%{zone}/64") is None


def test_unseen_text_cannot_make_a_command_read_other_than_it_is() -> None:
    for text in (
        "/tmp/a\u202eb",
        "/tmp/\u200bx",
        "/a\u00ad",
        "/x\ufeffy",
        "/y\u0085z",
        "/\udc80",
        "/e" + "\u0301" * 9,
    ):
        assert taken("path", text) is None
        assert taken("line", text) is None
    assert taken("path", "/home/김철수/설정 파일") == "/home/김철수/설정 파일"


# ------------------------------------------------------------------ what is no shell


def test_a_condition_reads_a_value_and_never_runs_it() -> None:
    """`" || "a" == "a` in a value is a text like any other."""
    same = Expression('x == "needle"')
    for value in (part for text in HOSTILE for part in (text, f'needle" || "a" == "a{text}', f'" + {text} + "')):
        try:
            assert same.evaluate({"x": value}) is False
        except EvaluationError:
            assert any("\ud800" <= letter <= "\udfff" for letter in value)


def test_a_value_is_not_read_by_jinja_again() -> None:
    for text in ("{{ 7*7 }}", "{% for x in y %}", "{{ self.__init__ }}", "{# x #}"):
        assert shlex.split(Template("a {{ x }}").render({"x": text})) == ["a", text]


def calls(module: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call with its dotted name."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


RE = frozenset(
    f"re.{name}"
    for name in ("compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer")
)
PATTERNS = {
    "knowledge/signatures.py": "an author's, its time measured at load",
    "knowledge/symptom_file.py": "an author's",
    "knowledge/slow.py": "an author's, in the process that measures its time",
    "knowledge/style.py": "an author's, at lint",
    "knowledge/paste.py": "put together of constants",
    "knowledge/likeness.py": "put together of a constant table",
    "deadhop/parsing.py": "a constant table",
    "journal/secret_rules.py": "a constant table",
    "journal/secret_names.py": "constant tables",
    "journal/redact.py": "words of a constant table, escaped",
    "journal/anonymise.py": "names, each escaped",
}
"""Where a pattern is no literal, and why no value gets into it as a pattern."""


def test_no_regular_expression_is_made_of_a_value() -> None:
    made = [
        f"{module.relative_to(ROOT)}:{call.lineno}: {ast.unparse(call)[:80]}"
        for module in modules()
        for name, call in calls(module)
        if name in RE and not _constant(call.args[0], module)
        if str(module.relative_to(ROOT)) not in PATTERNS
    ]
    assert made == []


def _constant(node: ast.expr, module: Path) -> bool:
    """A literal, or put together of literals and names in capitals, or of `re.escape`."""
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.isupper() or name.strip("_").isupper()
        case ast.Attribute(attr=name):
            return name.isupper()
        case ast.JoinedStr(values=parts):
            return all(_constant(part, module) for part in parts)
        case ast.FormattedValue(value=value):
            return _constant(value, module)
        case ast.BinOp(left=left, right=right):
            return _constant(left, module) and _constant(right, module)
        case ast.Call(func=ast.Attribute(attr="escape")):
            return True
        case ast.Call(
            func=ast.Attribute(attr="join"), args=[ast.GeneratorExp(elt=inner)] | [ast.Call(args=[_, inner])]
        ):
            return _constant(inner, module) or ast.unparse(inner) == "re.escape"
    return False


def test_expressions_and_templates_come_from_files_alone() -> None:
    """CEL and Jinja are only made of an author's text, where knowledge is loaded, and of the export's own page."""
    makers = {
        str(module.relative_to(ROOT))
        for module in modules()
        for name, call in calls(module)
        if name in ("Expression", "Template", "cel.compile", "jinja2.Template", "from_string")
        or name.endswith(".from_string")
    }
    assert makers <= {"knowledge/expressions.py", "knowledge/cause_file.py", "knowledge/symptom_file.py",
                      "knowledge/template.py", "knowledge/cel.py",
                      "journal/html.py"}  # fmt: skip


def test_no_shell_is_given_text_but_by_a_fix() -> None:
    """`script=` is for commands that were shown, and for the few constant ones around them."""
    users = {
        str(module.relative_to(ROOT))
        for module in modules()
        for name, call in calls(module)
        if name.endswith("Command") and any(keyword.arg == "script" for keyword in call.keywords)
    }
    fixes = {f"diagnosis/{name}.py" for name in ("guard", "hands", "past_look", "repair", "resuming")}
    assert users <= fixes
    for module in modules():
        for name, call in calls(module):
            assert name not in ("os.system", "os.popen", "eval", "exec", "subprocess.getoutput"), module
            assert not any(
                keyword.arg == "shell" and getattr(keyword.value, "value", True) for keyword in call.keywords
            ), f"{module}:{call.lineno}: {name}"

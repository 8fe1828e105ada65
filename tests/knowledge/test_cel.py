"""The checker's promise: what it accepts evaluates without a type error, what it refuses has a place and a hint."""

from __future__ import annotations

import random

import pytest

from knowledge.cel import EvaluationError, Expression
from knowledge.cel_types import check
from knowledge.shapes import BOOL, DOUBLE, INT, STRING, ListOf, MapOf, Record

HIT = Record("Hit", {"chain": STRING, "verdict": STRING, "packets": INT, "spec": ListOf(STRING), "blanket": BOOL})
REACH = Record(
    "Reach", {"error": STRING, "error_from": STRING, "sent": INT, "received": INT, "rtt_ms": DOUBLE, "ok": BOOL}
)
SCOPE = {
    "reach": REACH,
    "hits": ListOf(HIT),
    "counters": MapOf(INT),
    "names": ListOf(STRING),
    "host": STRING,
    "port": INT,
}
VALUES: dict[str, object] = {
    "reach": {
        "error": "port-unreachable",
        "error_from": "10.0.0.1",
        "sent": 5,
        "received": 0,
        "rtt_ms": 0.0,
        "ok": True,
    },
    "hits": (
        {"chain": "LIBVIRT_FWI", "verdict": "REJECT", "packets": 20, "spec": ("-j", "REJECT"), "blanket": False},
    ),
    "counters": {"IpForwDatagrams": 7},
    "names": ("a", "b"),
    "host": "web1",
    "port": 22,
}
FUNCTIONS = {"host_of": lambda address: f"host-of-{address}"}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("reach.received == reach.sent", False),
        ('reach.error == "port-unreachable" && reach.error_from != ""', True),
        ('hits.exists(h, h.verdict == "REJECT" && h.chain.startsWith("LIBVIRT_FW"))', True),
        ('hits.filter(h, h.verdict == "REJECT")[0].chain', "LIBVIRT_FWI"),
        ("hits.map(h, h.spec)", [["-j", "REJECT"]]),
        ("hits.map(h, h.packets > 5, h.chain)", ["LIBVIRT_FWI"]),
        ("hits.all(h, h.packets >= 20) && hits.exists_one(h, !h.blanket)", True),
        ('reach.ok ? host : "operator"', "web1"),
        ('counters["IpForwDatagrams"] + 1', 8),
        ("counters.IpForwDatagrams", 7),
        ('"x" in counters || "a" in names', True),
        ("reach.rtt_ms < 1 && reach.rtt_ms == 0.0", True),
        ("size(names) == 2 && names.size() == 2 && size(host) == 4", True),
        ('host.matches("^web[0-9]+$") && host.contains("eb") && host.endsWith("1")', True),
        ('int("3") + port', 25),
        ('string(port) + "/" + host', "22/web1"),
        ("double(port) / 4.0", 5.5),
        ("host_of(reach.error_from)", "host-of-10.0.0.1"),
        ('within("10.244.2.1", "10.244.0.0/16") && within("10.244.2.0/24", "10.244.0.0/16")', True),
        ('within("10.244.0.0/16", "10.244.2.0/24") || within("10.1.1.1", "fd00::/8") || within(host, "")', False),
        ("has(reach.error)", True),
        (r'r"\d" + "\u00e9\n"', "\\dé\n"),
        ("-port + 0x10 % 7", -20),
        ('["a", "b"] == names', True),
        ('{"a": 1}["a"] == 1 // a comment', True),
        ("!reach.ok == false", True),
        ("1 + 2 * 3 == 7", True),
    ],
)
def test_accepted_and_evaluated(source: str, value: object) -> None:
    assert check(source, SCOPE).mistakes == ()
    assert Expression(source).evaluate(VALUES, FUNCTIONS) == value


@pytest.mark.parametrize(
    ("source", "column", "message", "hint"),
    [
        ('raech.error == "x"', 0, "unknown name `raech`", "did you mean `reach`?"),
        ('reach.error_form == "x"', 6, "Reach has no field `error_form`", "did you mean `error_from`?"),
        ('reach.sent == "5"', 11, "`==` cannot compare int with string", "convert it with `int(…)`"),
        ("reach.sent + reach.rtt_ms", 11, "`+` cannot take int and double", "both sides must be of one type"),
        ("hits.chain", 5, "a list of Hit has no fields", "`.exists(x, x.field == …)`"),
        ("hits.exists(h, h.chian != host)", 17, "Hit has no field `chian`", "did you mean `chain`?"),
        ("hits.exists(h, h.chain)", 17, "the condition is bool, not string", "compare it with something"),
        ('"REJECT" in hits', 9, "string is never in a list of Hit", ""),
        ('"a" in host', 4, "`in` needs a list or a map, not string", '`.contains("…")`'),
        ("names.startsWith(host)", 6, "called on string, not list of string", "`in` or `.exists(…)`"),
        ("host.startswith(host)", 5, "unknown method `startswith`", "did you mean `startsWith`?"),
        ("host.lowerAscii()", 5, "unknown method `lowerAscii`", ""),
        ('matches(host, "x")', 0, "unknown function `matches`", "`x.matches(…)`"),
        ('host.matches("[")', 13, "no regular expression", "unclosed character class"),
        ("size(port)", 0, "a int has no size", ""),
        ("host_of(host, host)", 0, "`host_of` takes 1 argument, not 2", ""),
        ("within(host)", 0, "`within` takes 2 arguments, not 1", ""),
        ("within(host, port)", 0, "`within` cannot take int", ""),
        ("bool(host)", 0, "unknown function `bool`", ""),
        ("reach.ok ? host : port", 9, "one way gives string, the other int", ""),
        ("reach.ok = true", 9, "unexpected `=`", "equality is `==`"),
        ("reach.ok and true", 9, "unexpected `and`", "and is `&&`"),
        ("reach.ok &&", 11, "the expression ends too early", ""),
        ('host == "web1', 8, 'unexpected `"`', "not closed"),
        ('host == "\\d"', 8, "`\\d` is no escape", 'r"…"'),
        ("host == null", 8, "no fact is ever null", ""),
        ("host == package", 8, "`package` is a reserved word", ""),
        ("hits.exists(port, true)", 12, "`port` is taken already", "another name"),
        ("99999999999999999999 > 1", 0, "does not fit 64 bits", ""),
        ('[1, "a"]', 0, "members of different types: int and string", ""),
        ("!host", 0, "`!` needs bool, not string", ""),
        ("names[host]", 5, "indexed by int, not string", ""),
        ("has(host)", 0, "`has` takes one field", ""),
        ("reach.ok < true", 9, "`<` cannot compare bool with bool", ""),
        ("(" * 60 + "1" + ")" * 60, 40, "nested deeper than 40 levels", ""),
        ("1 1", 2, "unexpected `1`", ""),
    ],
)
def test_refused_with_place_and_hint(source: str, column: int, message: str, hint: str) -> None:
    mistakes = check(source, SCOPE).mistakes
    assert len(mistakes) == 1, mistakes
    assert mistakes[0].offset == column
    assert message in mistakes[0].message
    assert hint in mistakes[0].hint


def test_a_condition_is_bool() -> None:
    (mistake,) = check("host", SCOPE, BOOL).mistakes
    assert mistake.message == "this is string, bool is wanted"


def test_what_has_no_value_says_so() -> None:
    with pytest.raises(EvaluationError, match=r"`names\[5\]` cannot be evaluated"):
        Expression("names[5]").evaluate(VALUES)


# ------------------------------------------------------------------ the property

_ATOMS = (
    "reach",
    "hits",
    "counters",
    "names",
    "host",
    "port",
    "x",
    "1",
    "2.5",
    '"a"',
    "true",
    "[]",
    '["a"]',
    "[1]",
)
_FIELDS = ("error", "sent", "rtt_ms", "ok", "chain", "spec", "packets", "blanket", "IpForwDatagrams")
_BINARY = ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "&&", "||", "in")
_CALLS = ("startsWith", "endsWith", "contains")
_MACROS = ("exists", "all", "exists_one", "filter", "map")
_FUNCTIONS = ("size", "int", "double", "string", "host_of")


def _random(dice: random.Random, depth: int) -> str:
    if depth == 0:
        return dice.choice(_ATOMS)
    one, two = (_random(dice, depth - 1) for _ in range(2))
    match dice.randrange(10):
        case 0 | 1 | 2:
            return f"({one} {dice.choice(_BINARY)} {two})"
        case 3 | 4:
            return f"{one}.{dice.choice(_FIELDS)}"
        case 5:
            return f"{one}.{dice.choice(_CALLS)}({two})"
        case 6:
            return f"{one}.{dice.choice(_MACROS)}(x, {two})"
        case 7:
            return f"{dice.choice(_FUNCTIONS)}({one})"
        case 8:
            return f"({one} ? {two} : {_random(dice, depth - 1)})"
        case _:
            return dice.choice((f"{one}[0]", f"{one}[{two}]", f"(!{one})", f"(-{one})", f"[{one}, {two}]"))


def _type_error(source: str) -> str:
    """Empty when it evaluates, or fails only for what the facts hold."""
    try:
        Expression(source).evaluate(VALUES, FUNCTIONS)
    except EvaluationError as error:
        if isinstance(error.__cause__, (IndexError, KeyError, ZeroDivisionError, OverflowError)):
            return ""
        return "" if "parse error" in error.message else error.message
    return ""


def test_what_is_accepted_evaluates() -> None:
    dice = random.Random(20)
    sources = (_random(dice, dice.randint(1, 3)) for _ in range(30_000))
    accepted = [source for source in sources if not check(source, SCOPE).mistakes]
    assert len(accepted) > 1_000
    assert [message for message in map(_type_error, accepted) if message] == []

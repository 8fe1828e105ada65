"""The `fixes:` part of site.yaml: where, when and by whom fixes may be applied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo, available_timezones

import yaml

from probes.site import OPERATOR, FixPolicy, Window
from probes.site_reader import Reader, is_null, shown
from probes.ssh_config import matches

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RISKS = ("reversible", "disruptive", "destructive")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00")


def policy_of(reader: Reader, node: yaml.Node | None, names: Sequence[str], marked: tuple[str, ...]) -> FixPolicy:
    """The policy; what is wrong in it is collected by the reader. `names`: those of all that could be changed."""
    if node is None or is_null(node):
        return FixPolicy(read_only_hosts=marked)
    values = reader.known(node, "fixes", ("read_only", "window", "max_risk", "second_person"))
    return FixPolicy(
        read_only=_patterns(reader, values.get("read_only"), names),
        read_only_hosts=marked,
        window=_window(reader, values.get("window")),
        max_risk=_risk(reader, values.get("max_risk")),
        second_person=reader.yes(values.get("second_person"), "second_person"),
    )


def _patterns(reader: Reader, node: yaml.Node | None, known: Sequence[str]) -> tuple[str, ...]:
    """A pattern that protects nothing is a mistake: it was meant to protect something."""
    words = reader.words(node, "read_only")
    names = [OPERATOR, *known]
    for word in words:
        pattern = str(word.value)
        if not any(matches(name, (pattern.removeprefix("!"),)) for name in names):
            reader.wrong(word, f"{shown(pattern)} matches nothing of the site", "is it spelled right?")
    patterns = tuple(str(word.value) for word in words)
    if patterns and all(pattern.startswith("!") for pattern in patterns):
        return ("*", *patterns)
    return patterns


def _risk(reader: Reader, node: yaml.Node | None) -> str:
    if node is None or is_null(node):
        return RISKS[-1]
    text = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    if text not in RISKS:
        reader.wrong(
            node, f"{shown(text)} is no risk" if text else "max_risk is no word", f"one of: {', '.join(RISKS)}"
        )
    return text


# ------------------------------------------------------------------ the window


def _window(reader: Reader, node: yaml.Node | None) -> Window | None:
    if node is None or is_null(node):
        return None
    values = reader.known(node, "window", ("days", "from", "to", "timezone"))
    missing = [name for name in ("from", "to", "timezone") if name not in values]
    for name in missing if isinstance(node, yaml.MappingNode) else ():
        reader.wrong(node, f"window has no `{name}`", _EXAMPLE)
    if missing:
        return None
    opens, closes = _minutes(reader, values["from"], "from"), _minutes(reader, values["to"], "to")
    if opens == closes:
        reader.wrong(
            values["to"], "the window opens and closes at the same time", 'all day is `from: "00:00", to: "24:00"`'
        )
    return Window(_days(reader, values.get("days")), opens, closes, _timezone(reader, values["timezone"]))


_EXAMPLE = 'such as `window: {days: [mon-fri], from: "22:00", to: "06:00", timezone: Asia/Seoul}`'


def _minutes(reader: Reader, node: yaml.Node, what: str) -> int:
    text = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    if not _CLOCK.fullmatch(text) or (what == "from" and text == "24:00"):
        reader.wrong(node, f"{what}: {shown(text)} is no time of day", f'such as `{what}: "22:00"`')
        return -1 if what == "from" else -2
    hours, minutes = map(int, text.split(":"))
    return hours * 60 + minutes


def _days(reader: Reader, node: yaml.Node | None) -> tuple[int, ...]:
    words = reader.words(node, "days")
    if not words:
        return tuple(range(7))
    return tuple(sorted({day for word in words for day in _range(reader, word)}))


def _range(reader: Reader, node: yaml.ScalarNode) -> tuple[int, ...]:
    """`mon`, `mon-fri`, or over the weekend `fri-mon`."""
    first, dash, last = str(node.value).lower().partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        reader.wrong(node, f"{shown(str(node.value))} is no day", f"`mon-fri`, or any of: {', '.join(DAYS)}")
        return ()
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return tuple((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _timezone(reader: Reader, node: yaml.Node) -> str:
    text = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        known = available_timezones()
        hint = "such as Asia/Seoul, or UTC" if known else "this machine knows none: install `tzdata`"
        reader.wrong(node, f"{shown(text)} is no time zone", hint)
    return text

"""What is not as it was, line by line, and the commands that somebody could put it back with. They are shown, never
run: what changed it in between may have been right."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Iterator, Mapping

from base.text import inert
from diagnosis.fixes import SUDO
from journal.redact import redact_text
from probes.facts import Kept

LONGEST = 60
"""Lines of one thing that are said; the journal has all of them."""
HIDDEN = "(it differs in what the journal hides, or in what is too long to keep)"


def differences(was: Kept, now: Kept | None) -> tuple[str, ...]:
    """Nothing where both are the same. What a journal kept is without its secrets, so both sides are."""
    if now is not None and was.digest == now.digest:
        return ()
    changed = [*_changed(_shown(was.lines), _shown(now.lines if now else ()))]
    return (f"{was.what}:", *(changed[:LONGEST] or [HIDDEN]), *(["…"] if len(changed) > LONGEST else []))


def _shown(lines: tuple[str, ...]) -> list[str]:
    return inert(redact_text("\n".join(lines))).split("\n")


def _changed(was: list[str], now: list[str]) -> Iterator[str]:
    for line in difflib.unified_diff(was, now, lineterm="", n=0):
        if not line.startswith(("---", "+++", "@@")):
            yield f"{line[0]} {line[1:]}"


def by_hand(was: Kept, now: Kept | None, *, sudo: bool) -> tuple[str, ...]:
    """One command a line; none where nobody can tell them."""
    if now is None or was.digest == now.digest:
        return ()
    kind, _, name = was.what.partition(" ")
    maker = _MAKERS.get(kind)
    prefix = SUDO if sudo else ""
    return tuple(prefix + command for command in maker(name, was, now)) if maker else ()


def _rules(name: str, was: Kept, now: Kept) -> Iterator[str]:
    """Rules in iptables' own quoting, which a shell reads alike but for what somebody wanted to hide in it."""
    tool, table, chain = name.split("/", 2)
    for line in now.lines:
        if line.startswith("-A ") and line not in was.lines:
            yield f"{tool} -t {table} {line.replace('-A ', '-D ', 1)}"
    place = 0
    for line in was.lines:
        place += line.startswith("-A ")
        if line.startswith("-A ") and line not in now.lines:
            yield f"{tool} -t {table} -I {chain} {place}{line.removeprefix(f'-A {chain}')}"
        elif line.startswith("policy ") and line not in now.lines:
            yield f"{tool} -t {table} -P {chain} {line.removeprefix('policy ')}"


def _sysctl(name: str, was: Kept, now: Kept) -> Iterator[str]:
    if was.lines != ("absent",):
        yield shlex.join(["sysctl", "-w", f"{name}={was.lines[0]}"])


def _route(name: str, was: Kept, now: Kept) -> Iterator[str]:
    yield from (f"ip route del {line}" for line in now.lines if line not in was.lines and line != "absent")
    yield from (f"ip route add {line}" for line in was.lines if line not in now.lines and line != "absent")


def _mtu(name: str, was: Kept, now: Kept) -> Iterator[str]:
    if was.lines:
        yield shlex.join(["ip", "link", "set", "dev", name, "mtu", was.lines[0]])


def _unit(name: str, was: Kept, now: Kept) -> Iterator[str]:
    before, after = (dict(line.split("=", 1) for line in one.lines if "=" in line) for one in (was, now))
    verbs = {"active": "start", "inactive": "stop", "enabled": "enable", "disabled": "disable", "masked": "mask"}
    for key in ("ActiveState", "UnitFileState"):
        verb = verbs.get(before.get(key, ""))
        if before.get(key) != after.get(key) and verb:
            yield shlex.join(["systemctl", verb, name])
    stopped = ["process stopped" in one.lines for one in (was, now)]
    if stopped[0] != stopped[1]:
        yield shlex.join(["systemctl", "kill", "-s", "STOP" if stopped[0] else "CONT", name])


def _file(name: str, was: Kept, now: Kept) -> Iterator[str]:
    if was.lines == ("absent",):
        yield shlex.join(["rmdir" if "kind directory" in now.lines else "rm", name])
        return
    before, after = (dict(line.split(" ", 1) for line in one.lines[:5] if " " in line) for one in (was, now))
    tools: Mapping[str, str] = {"mode": "chmod", "owner": "chown", "label": "chcon"}
    for key, tool in tools.items():
        if before.get(key) != after.get(key) and before.get(key):
            yield shlex.join([tool, before[key].split(" ")[0], name])


_MAKERS: Mapping[str, Callable[[str, Kept, Kept], Iterator[str]]] = {
    "rules": _rules,
    "sysctl": _sysctl,
    "route": _route,
    "mtu": _mtu,
    "unit": _unit,
    "file": _file,
}

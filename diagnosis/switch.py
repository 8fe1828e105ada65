"""The dead man's switch: before a command that could cut the way we came, its undo is scheduled on the host itself,
and called off only after the host was reached again by a new login."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from knowledge.file_edit import edited_files

SECONDS = 60
"""From arming to the undo. Long enough for the command and a new login, short enough to wait for."""

LOOK_FOR_TOOLS = (
    "if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then echo systemd; "
    "elif command -v at >/dev/null && pgrep -x atd >/dev/null; then echo at; "
    "else echo shell; fi"
)
"""Read-only; prints the first of the three ways the host has."""

_MARK = re.compile(r"/run/deadhop-undo-[A-Za-z0-9-]+")
"""There while the switch waits; whoever removes it decides: one of us can, not both."""
_SUDO = ("sudo", "-n")
_HARMLESS = {
    "cp",
    "mv",
    "rm",
    "mkdir",
    "touch",
    "chmod",
    "chown",
    "printf",
    "echo",
    "cat",
    "ssh-keygen",
    "true",
    "test",
}
_HARMLESS |= {"iptables-save", "ip6tables-save"}


@dataclass(frozen=True, slots=True)
class Switch:
    arm: str
    disarm: str


def may_cut(command: str) -> bool:
    """Whether a command could cut the way to the host it runs on. What cannot be classified counts as able to."""
    try:
        words = shlex.split(command)
    except ValueError:
        return True
    if tuple(words[:2]) == _SUDO:
        words = words[2:]
    if not words or any(mark in words for mark in ("&&", "||", ";", "|")):
        return True
    return words[0].rpartition("/")[2] not in _HARMLESS and not any(edited_files(words))


def switch_for(way: str, token: str, undo: str, *, root: bool) -> Switch:
    """How this host schedules the undo. `way` is what LOOK_FOR_TOOLS printed, `token` is unique to the action."""
    sudo = "" if root else "sudo -n "
    name = f"deadhop-undo-{token}"
    if way == "systemd":
        arm = ["systemd-run", "--quiet", f"--unit={name}", f"--on-active={SECONDS}"]
        arm += ["--timer-property=AccuracySec=1s", "sh", "-c", undo]
        return Switch(sudo + shlex.join(arm), f"{sudo}systemctl stop {name}.timer")
    mark = f"/run/{name}"
    script = f"touch {mark} && {_waiting(way, mark, undo)}"
    return Switch(sudo + shlex.join(["sh", "-c", script]), f"{sudo}rm {mark}")


def _waiting(way: str, mark: str, undo: str) -> str:
    """Waits by itself, for at(1) counts in whole minutes: up to one too few, or one too many."""
    wait = f"sleep {SECONDS}; rm {mark} && sh -c {shlex.quote(undo)}"
    if way == "at":
        return f"printf '%s\\n' {shlex.quote(wait)} | at -M now"
    return f"{{ setsid sh -c {shlex.quote(wait)} </dev/null >/dev/null 2>&1 & }}"


def disarm_of(arm: str) -> str:
    """What calls off a switch that was armed in an earlier life."""
    sudo = "sudo -n " if arm.startswith("sudo -n ") else ""
    unit = _unit_in(arm)
    return f"{sudo}systemctl stop {unit}.timer" if unit else f"{sudo}rm -f {_mark_in(arm)}"


def is_armed(arm: str) -> str:
    """A read-only command with status 0 while what `arm` scheduled has not happened yet."""
    unit = _unit_in(arm)
    if unit:
        return shlex.join(["systemctl", "is-active", "--quiet", f"{unit}.timer"])
    return shlex.join(["test", "-e", _mark_in(arm)])


def _unit_in(arm: str) -> str:
    return next((word.partition("=")[2] for word in shlex.split(arm) if word.startswith("--unit=")), "")


def _mark_in(arm: str) -> str:
    found = _MARK.search(arm)
    return found[0] if found else "/nonexistent"

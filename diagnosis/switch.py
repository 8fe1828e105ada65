"""The dead man's switch: before a command that could cut the way we came, its undo is scheduled on the host itself,
and called off only after the host was reached again by a new login."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from knowledge.file_edit import edited_files

SECONDS = 60
"""From arming to the undo. Long enough for an ordinary command and a new login, short enough to wait for."""

LOOK_FOR_TOOLS = (
    "if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then echo systemd; "
    "elif command -v at >/dev/null && pgrep -x atd >/dev/null; then echo at; "
    "else echo shell; fi"
)
"""Read-only; prints the first of the three ways the host has."""

_MARK = re.compile(r"/run/deadhop-undo-[A-Za-z0-9-]+")
"""There while the switch waits; whoever removes it decides: one of us can, not both."""
_UNIT = re.compile(r"--unit=(deadhop-undo-[A-Za-z0-9-]+)(?=\s)")
_SUDO = ("sudo", "-n")
_OF_FILES = {"cp", "mv", "rm", "mkdir", "touch", "chmod", "chown"}
_HARMLESS = _OF_FILES | {"printf", "echo", "cat", "true", "test", "iptables-save", "ip6tables-save"}
_OF_A_SHELL = re.compile(r"[&;|<>$`()\n]")
"""What makes more than one plain command of a line, or writes somewhere."""
_OF_A_LOGIN = re.compile(
    r"/?(?:root|home(?:/[^/]*)?)?/*|/(?:proc|sys|dev)(?:/.*)?"
    r"|/etc(?:/(?:ssh|pam\.d|security|sudoers|passwd|shadow|group|nologin|hosts\.|nsswitch|netplan|network|sysctl).*)?"
    r"|.*(?:\.ssh|authorized_keys|nologin).*"
)
"""Files without which nobody comes in any more, and folders that hold them."""
_ORDINARY = 30.0
"""Seconds of a command that fit into SECONDS together with a new login."""


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
    if any(files := tuple(edited_files(words))):
        return any(map(_OF_A_LOGIN.fullmatch, files))
    if not words or _OF_A_SHELL.search(command):
        return True
    program = words[0].rpartition("/")[2]
    if program in _OF_FILES:
        return any(_OF_A_LOGIN.fullmatch(word) for word in words[1:])
    return program not in _HARMLESS


def seconds_for(timeout: float) -> int:
    """From arming to the undo, for a command that may run that long: it must have ended before it is taken back."""
    return SECONDS + max(0, int(timeout - _ORDINARY))


def decides(arm: str) -> bool:
    """Whether calling it off succeeds only where it has not happened yet: one of the two removes the mark."""
    return not _unit_in(arm)


def switch_for(way: str, token: str, undo: str, *, root: bool, seconds: int) -> Switch:
    """How this host schedules the undo. `way` is what LOOK_FOR_TOOLS printed, `token` is unique to the action."""
    sudo = "" if root else "sudo -n "
    name = f"deadhop-undo-{token}"
    if way == "systemd":
        arm = ["systemd-run", "--quiet", f"--unit={name}", f"--on-active={seconds}"]
        arm += ["--timer-property=AccuracySec=1s", "sh", "-c", undo]
        return Switch(sudo + shlex.join(arm), f"{sudo}systemctl stop {name}.timer")
    mark = f"/run/{name}"
    script = f"touch {mark} && {_waiting(way, mark, undo, seconds)}"
    return Switch(sudo + shlex.join(["sh", "-c", script]), f"{sudo}rm {mark}")


def _waiting(way: str, mark: str, undo: str, seconds: int) -> str:
    """Waits by itself, for at(1) counts in whole minutes: up to one too few, or one too many."""
    wait = f"sleep {seconds}; rm {mark} && sh -c {shlex.quote(undo)}"
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
    """Only a name of ours: the text may come out of a journal that somebody edited."""
    found = _UNIT.search(arm)
    return found[1] if found else ""


def _mark_in(arm: str) -> str:
    found = _MARK.search(arm)
    return found[0] if found else "/nonexistent"

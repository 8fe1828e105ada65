"""The dead man's switch: before a command that could cut the way we came, its undo is scheduled on the host itself,
and called off only after the host was reached again by a new login."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

SECONDS = 60
"""From arming to the undo. Long enough for the command and a new login, short enough to wait for."""

LOOK_FOR_TOOLS = (
    "if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then echo systemd; "
    "elif command -v at >/dev/null && command -v atd >/dev/null && [ -e /run/atd.pid ]; then echo at; "
    "else echo shell; fi"
)
"""Read-only; prints the first of the three ways the host has."""

_AT_OFF = "atrm $(atq -q Z | cut -f1)"
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
    seconds: int = SECONDS


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
    return words[0].rpartition("/")[2] not in _HARMLESS


def switch_for(way: str, token: str, undo: str, *, root: bool) -> Switch:
    """How this host schedules the undo. `way` is what LOOK_FOR_TOOLS printed, `token` is unique to the action."""
    sudo = "" if root else "sudo -n "
    name = f"deadhop-undo-{token}"
    if way == "systemd":
        arm = ["systemd-run", "--quiet", f"--unit={name}", f"--on-active={SECONDS}"]
        arm += ["--timer-property=AccuracySec=1s", "sh", "-c", undo]
        return Switch(sudo + shlex.join(arm), f"{sudo}systemctl stop {name}.timer")
    if way == "at":  # counts in minutes; queue Z is ours alone
        script = f"printf '%s\\n' {shlex.quote(undo)} | at -q Z now + 2 minutes 2>&1"
        return Switch(
            sudo + shlex.join(["sh", "-c", script]),
            sudo + shlex.join(["sh", "-c", _AT_OFF]),
            seconds=120,
        )
    mark = f"/run/{name}"
    inner = f"trap '' HUP; sleep {SECONDS}; [ -e {mark} ] && rm -f {mark} && {undo}"
    script = f"touch {mark} && setsid sh -c {shlex.quote(inner)} </dev/null >/dev/null 2>&1 &"
    return Switch(sudo + shlex.join(["sh", "-c", script]), f"{sudo}rm {mark}")


def disarm_of(arm: str) -> str:
    """What calls off a switch that was armed in an earlier life."""
    sudo = "sudo -n " if arm.startswith("sudo -n ") else ""
    unit = next((word.partition("=")[2] for word in shlex.split(arm) if word.startswith("--unit=")), "")
    if unit:
        return f"{sudo}systemctl stop {unit}.timer"
    if " at -q Z" in arm:
        return sudo + shlex.join(["sh", "-c", _AT_OFF])
    return f"{sudo}rm -f {shlex.quote(arm.partition('touch ')[2].partition(' ')[0])}"


def is_armed(arm: str) -> str:
    """A read-only command with status 0 while what `arm` scheduled has not happened yet."""
    words = shlex.split(arm)
    unit = next((word.partition("=")[2] for word in words if word.startswith("--unit=")), "")
    if unit:
        return shlex.join(["systemctl", "is-active", "--quiet", f"{unit}.timer"])
    if " at -q Z" in arm:
        return "atq -q Z | grep -q ."
    return shlex.join(["test", "-e", arm.partition("touch ")[2].partition(" ")[0]])

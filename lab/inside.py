"""A way into the machines of the lab that needs neither their network nor their sshd."""

import subprocess

from lab.errors import LabError
from lab.instance import Instance
from lab.machines import MACHINES, ROOT, SWITCH
from lab.processes import ENV, Process, load_process


def machine_process(lab: Instance, name: str) -> Process:
    """PID 1 of a machine (or the process that holds the switch); LabError when it is not there."""
    if name not in MACHINES and name != SWITCH:
        raise LabError(f"unknown machine {name!r}", hint=f"one of {', '.join(MACHINES)}")
    try:
        found = load_process(lab.state / "pids" / name)
    except PermissionError as error:
        raise LabError("the lab needs root", hint="sudo env DEADHOP_LAB=… python -m lab …") from error
    except OSError as error:
        raise LabError(f"the lab {lab.name!r} is not up", hint="python -m lab up") from error
    if not found.alive:
        raise LabError(f"{name} is not running", hint="python -m lab up")
    return found


def enter(lab: Instance, where: str) -> list[str]:
    """argv that runs a command in a machine, in a pod ("machine:pod") or here (ROOT)."""
    if where == ROOT:
        return []
    name, _, pod = where.partition(":")
    pid = str(machine_process(lab, name).pid)
    if name == SWITCH:
        return ["nsenter", "-t", pid, "-n"]
    return ["nsenter", "-t", pid, "-a", *(["ip", "netns", "exec", pod] if pod else [])]


def script(lab: Instance, where: str, text: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs bash text inside a machine; stdout holds both streams. LabError after `timeout` seconds."""
    argv = [*enter(lab, where), "bash", "-s"]
    try:
        return subprocess.run(
            argv,
            input=text,
            encoding="utf-8",
            errors="replace",
            env=ENV,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"[{where}] not done in {timeout:g} s: {text.strip()[-200:]}") from error

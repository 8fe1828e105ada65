"""Breaks the lab and heals it."""

import time

from lab.boot import cable_command
from lab.builders import builders_of
from lab.check import wait_ready
from lab.errors import LabError
from lab.faults import FAULTS, Fault, Plug, RestoreFirewall, RestoreIdentity, Run, Step
from lab.identity import operator_known_hosts, restore_host_key, restore_known_hosts
from lab.inside import machine_process, script
from lab.instance import Instance
from lab.machines import MACHINES, ROOT
from lab.parts import parts_of
from lab.processes import must
from lab.setup import firewall_script


def fault(name: str) -> Fault:
    if name not in FAULTS:
        raise LabError(f"unknown fault {name!r}", hint=f"one of {', '.join(FAULTS)}")
    return FAULTS[name]


def active_faults(lab: Instance) -> list[str]:
    """Oldest first."""
    marks = (lab.state / "faults").glob("*")
    return [mark.name for mark in sorted(marks, key=lambda mark: mark.stat().st_mtime_ns)]


def break_(lab: Instance, name: str) -> None:
    """Puts the fault in and waits until it shows; LabError when a step fails. Breaking twice is once."""
    wanted = fault(name)
    if name in active_faults(lab):
        _take(lab, wanted.undo)
    _require_up(lab)
    (lab.state / "faults" / name).touch()
    _take(lab, wanted.breaks)
    time.sleep(wanted.settle)


def undo(lab: Instance, name: str) -> None:
    """Takes one fault out, also when it was repaired meanwhile; waits for packets when it was the last."""
    _take(lab, fault(name).undo)
    (lab.state / "faults" / name).unlink(missing_ok=True)
    if not active_faults(lab):
        _wait(lab)


def heal(lab: Instance) -> None:
    for name in reversed(active_faults(lab)):
        _take(lab, fault(name).undo)
        (lab.state / "faults" / name).unlink()
    _wait(lab)


def paste(lab: Instance, name: str) -> str:
    """What an operator would paste: prompt, command and what it really prints now."""
    shows = fault(name).shows
    command = shows.text.format(ssh_config=lab.ssh_config)
    said = script(lab, shows.where, command + " </dev/null", timeout=30).stdout
    host = "operator" if shows.where == ROOT else shows.where
    return f"[root@{host}]# {command}\n{said}"


def _take(lab: Instance, steps: tuple[Step, ...]) -> None:
    for step in steps:
        match step:
            case Run(where, text):
                _run(lab, where, text)
            case Plug(one, other):
                must("ip", *cable_command(lab, one, other).split())
            case RestoreIdentity(machine):
                restore_known_hosts(lab)
                _run(lab, machine, restore_host_key(lab, machine) + "systemctl restart ssh\n")
                _run(lab, "operator", operator_known_hosts(lab))
            case RestoreFirewall(machine):
                _run(lab, machine, firewall_script(machine, parts_of(lab)))


def _run(lab: Instance, where: str, text: str) -> None:
    done = script(lab, where, text)
    if done.returncode or done.stdout.strip():
        raise LabError(f"[{where}] {done.stdout.strip()} (exit status {done.returncode})")


def _require_up(lab: Instance) -> None:
    for name in MACHINES:
        machine_process(lab, name)


def _wait(lab: Instance) -> None:
    if bad := wait_ready(lab):
        paths = ", ".join(f"{where} → {ip}" for where, ip in bad)
        raise LabError(f"still no answer along {paths}", hint="python -m lab up builds a fresh lab")
    for builder in builders_of(parts_of(lab)):
        builder.wait_healthy(lab)

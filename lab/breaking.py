"""Breaks the lab and heals it."""

import time

from lab.boot import cable_command
from lab.builders import builders_of
from lab.catalogue import EVERY_FAULT
from lab.check import wait_ready
from lab.errors import LabError
from lab.faults import Fault, Plug, RestoreFirewall, RestoreIdentity, Run, Step
from lab.identity import operator_known_hosts, restore_host_key, restore_known_hosts
from lab.inside import machine_process, script
from lab.instance import Instance
from lab.machines import MACHINES, ROOT
from lab.parts import parts_of
from lab.processes import must
from lab.setup import firewall_script


def fault(name: str) -> Fault:
    if name not in EVERY_FAULT:
        raise LabError(f"unknown fault {name!r}", hint=f"one of {', '.join(EVERY_FAULT)}")
    return EVERY_FAULT[name]


def active_faults(lab: Instance) -> list[str]:
    """Oldest first."""
    marks = (lab.state / "faults").glob("*")
    return [mark.name for mark in sorted(marks, key=lambda mark: mark.stat().st_mtime_ns)]


def break_(lab: Instance, name: str) -> None:
    """Puts the fault in and waits until it shows; LabError when a step fails. Breaking twice is once."""
    wanted = fault(name)
    _require(lab, name)
    if name in active_faults(lab):
        _take(lab, wanted.undo)
    (lab.state / "faults" / name).touch()
    _take(lab, wanted.breaks)
    time.sleep(wanted.settle)
    if wanted.shown:
        _wait_until(lab, wanted.shown)


def undo(lab: Instance, name: str) -> None:
    """Takes one fault out, also when it was repaired meanwhile; waits for packets when it was the last."""
    _require(lab, name)
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
    _require(lab, name)
    wanted = fault(name)
    return "".join(_pasted(lab, look) for look in (wanted.shows, *wanted.more))


def _pasted(lab: Instance, look: Run) -> str:
    command = look.text.replace("{ssh_config}", str(lab.ssh_config))
    said = script(lab, look.where, f"{{ {command}\n}} </dev/null", timeout=90).stdout
    host = "operator" if look.where == ROOT else look.where
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
    done = script(lab, where, text, timeout=240)
    if done.returncode or done.stdout.strip():
        raise LabError(f"[{where}] {done.stdout.strip()} (exit status {done.returncode})")


def _wait_until(lab: Instance, condition: Run, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while (done := script(lab, condition.where, condition.text)).returncode:
        if time.monotonic() > end:
            raise LabError(f"[{condition.where}] not seen in {seconds:g} s: {condition.text}\n{done.stdout[-500:]}")
        time.sleep(0.5)


def _require(lab: Instance, name: str) -> None:
    """The machines, and the part that this fault is about."""
    for machine in MACHINES:
        machine_process(lab, machine)
    wanted = fault(name).part.split()
    if not parts_of(lab).issuperset(wanted):
        options = " ".join(f"--{part}" for part in wanted)
        raise LabError(f"{name} needs a lab with {' and '.join(wanted)}", hint=f"python -m lab up {options}")


def _wait(lab: Instance) -> None:
    if bad := wait_ready(lab):
        paths = ", ".join(f"{where} → {ip}" for where, ip in bad)
        raise LabError(f"still no answer along {paths}", hint="python -m lab up builds a fresh lab")
    for builder in builders_of(parts_of(lab)):
        builder.wait_healthy(lab)

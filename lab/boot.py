"""Builds the lab: starts the machines, plugs the cables, configures, waits until every path answers."""

import json
import subprocess
import time
from collections.abc import Collection
from itertools import chain
from pathlib import Path

from lab.bash import REPORT_ERRORS
from lab.builders import builders_of
from lab.check import wait_for_machines
from lab.cleanup import counted_in, down
from lab.errors import LabError
from lab.identity import identity_script, make_keys
from lab.inside import machine_process, script
from lab.instance import Instance
from lab.machines import MACHINES, ROOT_IP, SWITCH, UPLINK_PORT, End
from lab.packages import missing
from lab.parts import parts_of, save_parts
from lab.processes import ENV, child_of, must, parallel, process, save_process
from lab.setup import SWITCH_SCRIPT, cables_of, first_stage, second_stage

_INIT = Path(__file__).resolve().parent / "machine_init.sh"
_JOIN = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
_NAMESPACES = ("-m", "-u", "-i", "-n", "-p", "-C", "--fork", "--kill-child", "--propagation", "private")
# systemd may not listen yet when we come in
_WAIT = """for i in $(seq 600); do
  systemctl is-system-running --wait 2>/dev/null | grep -qE '^(running|degraded)$' && break
  sleep 0.1
done
"""
INOTIFY_INSTANCES = 30


def up(lab: Instance, parts: Collection[str] = ()) -> None:
    """Builds a fresh lab in place of whatever there was; LabError when a path does not answer."""
    _look_before(parts)
    down(lab)
    _refuse_conflict()
    _refuse_exhaustion()
    with counted_in(lab):
        lab.state.mkdir(mode=0o700)
        (lab.state / "pids").mkdir()
        (lab.state / "faults").mkdir()
        save_parts(lab, parts)
        make_keys(lab)
        parallel(lambda name: _boot(lab, name), [SWITCH, *MACHINES])
        _plug_cables(lab)
        _configure(lab)
        _wait(lab)
        for builder in builders_of(parts):
            builder.start(lab)


def _wait(lab: Instance) -> None:
    if bad := wait_for_machines(lab):
        paths = ", ".join(f"{where} → {ip}" for where, ip in bad)
        raise LabError(f"no answer along {paths}", hint="python -m lab status, python -m lab exec MACHINE …")


def _look_before(parts: Collection[str]) -> None:
    if absent := missing(parts):
        options = "".join(f" --{part}" for part in parts)
        raise LabError(f"not installed: {' '.join(absent)}", hint=f"python -m lab packages --install{options}")
    for builder in builders_of(parts):
        builder.look_before()


def _refuse_conflict() -> None:
    """Two labs cannot share a namespace: both would be 10.10.10.0/24."""
    links = json.loads(must("ip", "-j", "-4", "addr"))
    taken = [
        link["ifname"]
        for link in links
        for address in link["addr_info"]
        if address["local"].startswith("10.10.10.")
    ]
    if taken:
        raise LabError(
            f"10.10.10.0/24 is already on {taken[0]} in this network namespace",
            hint="ip netns add other-lab; ip netns exec other-lab env DEADHOP_LAB=other python -m lab up",
        )


def _refuse_exhaustion() -> None:
    """Ten systemds that cannot watch files do not start, and do not say why."""
    limit = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    used = sum(_inotify_instances(process) for process in Path("/proc").glob("[0-9]*"))
    if used + INOTIFY_INSTANCES > limit:
        raise LabError(
            f"{used} of {limit} inotify instances are in use, a lab needs {INOTIFY_INSTANCES}",
            hint="sysctl -w fs.inotify.max_user_instances=1024",
        )


def _inotify_instances(process: Path) -> int:
    try:
        return sum(str(fd.readlink()) == "anon_inode:inotify" for fd in (process / "fd").iterdir())
    except OSError:
        return 0  # it ended while we looked


def _boot(lab: Instance, name: str) -> None:
    """Starts one machine, or the switch, and records the process that holds its namespaces."""
    cgroup = lab.cgroup / name
    cgroup.mkdir()
    inside = _switch_argv() if name == SWITCH else _machine_argv(lab, name)
    log = lab.state / f"{name}.boot.log"
    with log.open("w") as errors:
        started = subprocess.Popen(
            ["sh", "-c", _JOIN, str(cgroup), *inside],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=ENV,
            start_new_session=True,
        )
    assert started.stdout is not None
    if started.stdout.readline().strip() != "ready":
        raise LabError(f"{name} did not start: {log.read_text().strip()[-500:]}", hint=f"see {log}")
    pid = started.pid if name == SWITCH else child_of(started.pid)
    save_process(lab.state / "pids" / name, process(pid))


def _switch_argv() -> list[str]:
    return ["unshare", "-n", "sh", "-c", "echo ready; exec >/dev/null; exec sleep infinity"]


def _machine_argv(lab: Instance, name: str) -> list[str]:
    work = lab.state / "root" / name
    work.mkdir(parents=True)
    units = "" if MACHINES[name].kind == "operator" else "ssh"
    shares = [builder.shares(name) for builder in builders_of(parts_of(lab))]
    pairs = [(str(folder), path) for share in shares for path, folder in share.items()]
    return ["unshare", *_NAMESPACES, "bash", str(_INIT), name, str(work), units, *chain.from_iterable(pairs)]


def _plug_cables(lab: Instance) -> None:
    cables = [cable_command(lab, one, other) for one, other in cables_of(parts_of(lab))]
    port = machine_process(lab, SWITCH).pid
    uplink = f"link add name {lab.uplink} type veth peer name {UPLINK_PORT} netns {port}"
    must("ip", "-batch", "-", stdin="\n".join([*cables, uplink]) + "\n")
    must("ip", "addr", "add", f"{ROOT_IP}/24", "dev", lab.uplink)
    must("ip", "link", "set", lab.uplink, "up")


def cable_command(lab: Instance, one: End, other: End) -> str:
    """Arguments of `ip`. Namespaces by pid: their names may be invisible inside `ip netns exec`."""
    return f"link add {_end(lab, one)} type veth peer {_end(lab, other)}"


def _end(lab: Instance, end: End) -> str:
    mac = f" address {end.mac}" if end.mac else ""
    return f"name {end.device} netns {machine_process(lab, end.machine).pid}{mac}"


def _configure(lab: Instance) -> None:
    said = [script(lab, SWITCH, SWITCH_SCRIPT).stdout]
    said += parallel(lambda name: _first(lab, name), MACHINES)
    said += parallel(lambda name: _second(lab, name), MACHINES)
    problems = [text.strip() for text in said if text.strip()]
    if problems:
        raise LabError("\n".join(problems), hint=f"see {lab.state}/*.boot.log")


def _second(lab: Instance, name: str) -> str:
    return script(lab, name, REPORT_ERRORS + second_stage(name, parts_of(lab))).stdout


def _first(lab: Instance, name: str) -> str:
    text = _WAIT + REPORT_ERRORS + identity_script(lab, name) + first_stage(name, parts_of(lab))
    started = time.monotonic()
    out = script(lab, name, text, timeout=120).stdout
    (lab.state / f"{name}.boot.log").open("a").write(f"configured in {time.monotonic() - started:.1f} s\n")
    return out

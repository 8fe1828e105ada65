"""Is the lab healthy? Answered by packets."""

import time
from collections.abc import Collection
from pathlib import Path

from lab.cloud.machines import CLOUD_PATHS, POD_PATHS, machine_paths
from lab.inside import enter, machine_process, script
from lab.instance import Instance
from lab.machines import MACHINES, PATHS
from lab.parts import KUBE, OPENSTACK, parts_of
from lab.processes import parallel, run

Path_ = tuple[str, str]
_UNITS = ("ssh", "frr", "ovs-vswitchd", "kubelet")
_QUERY = "systemctl is-system-running; for u in " + " ".join(_UNITS) + "; do systemctl is-active $u; done"


def silent_paths(lab: Instance) -> list[Path_]:
    """Paths of the healthy lab along which no ping is answered now."""
    return _silent(lab, paths_of(parts_of(lab)))


def _silent(lab: Instance, paths: list[Path_]) -> list[Path_]:
    answers = parallel(lambda path: _answers(lab, path), paths)
    return [path for path, answered in zip(paths, answers, strict=True) if not answered]


def paths_of(parts: Collection[str]) -> list[Path_]:
    """Real pods get their addresses from the cluster, which has its own check."""
    paths = [*machine_paths(), *CLOUD_PATHS, *POD_PATHS] if OPENSTACK in parts else PATHS
    return [path for path in paths if KUBE not in parts or not path[1].startswith("10.244.")]


def wait_for_machines(lab: Instance) -> list[Path_]:
    """Before the parts are started; otherwise as `wait_ready`."""
    parts = parts_of(lab)
    return wait_ready(lab, paths=machine_paths() if OPENSTACK in parts else paths_of(parts))


def wait_ready(lab: Instance, seconds: float = 60, paths: list[Path_] | None = None) -> list[Path_]:
    """Waits until all paths answer; what is still silent after `seconds`."""
    end = time.monotonic() + seconds
    wanted = paths_of(parts_of(lab)) if paths is None else paths
    while (bad := _silent(lab, wanted)) and time.monotonic() < end:
        time.sleep(0.2)
    return bad


def status_table(lab: Instance) -> str:
    memory = _memory(lab)
    head = f"{'MACHINE':16} {'PID':>7} {'ADDRESS':16} {'SYSTEMD':9} "
    head += " ".join(f"{unit.upper():12}" for unit in _UNITS) + f" {'PSS MiB':>7}"
    return "\n".join([head, *parallel(lambda name: _row(lab, name, memory.get(name, 0)), MACHINES)])


def _answers(lab: Instance, path: Path_) -> bool:
    where, ip = path
    return run(*enter(lab, where), "ping", "-c1", "-W1", ip).returncode == 0


def _row(lab: Instance, name: str, memory: int) -> str:
    pid = machine_process(lab, name).pid
    system, *units = ([*script(lab, name, _QUERY).stdout.split(), *["?"] * 5])[: 1 + len(_UNITS)]
    shown = " ".join(f"{'-' if unit == 'inactive' else unit:12}" for unit in units)
    return f"{name:16} {pid:>7} {MACHINES[name].ip:16} {system:9} {shown} {memory / 1024:>7.1f}"


def _memory(lab: Instance) -> dict[str, int]:
    """Proportional memory (PSS, KiB) by machine, found by pid namespace."""
    owner = {_namespace(machine_process(lab, name).pid): name for name in MACHINES}
    total: dict[str, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = owner.get(_namespace(int(folder.name)))
            if name:
                total[name] = total.get(name, 0) + _pss(folder)
        except OSError:
            continue  # it ended while we looked
    return total


def _namespace(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/pid").readlink())


def _pss(folder: Path) -> int:
    rollup = (folder / "smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) for line in rollup if line.startswith("Pss:")), 0)

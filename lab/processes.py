"""Programs started here, and which processes are ours."""

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lab.errors import LabError

ENV = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    start: str
    """Kernel start time: tells our process from another one that got the same pid later."""

    @property
    def alive(self) -> bool:
        return _start_time(self.pid) == self.start


def process(pid: int) -> Process:
    return Process(pid, _start_time(pid))


def save_process(path: Path, found: Process) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(json.dumps([found.pid, found.start]))
    half.replace(path)


def load_process(path: Path) -> Process:
    pid, start = json.loads(path.read_text())
    return Process(pid, start)


def child_of(pid: int) -> int:
    """The only child of a process; LabError when it has none."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    if not children:
        raise LabError(f"process {pid} ended at once")
    return int(children[0])


def run(*argv: str, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Both streams as text; does not look at the exit status."""
    try:
        return subprocess.run(
            argv,
            input=stdin,
            encoding="utf-8",
            errors="replace",
            capture_output=True,
            env=ENV,
            timeout=timeout,
        )
    except FileNotFoundError as error:
        raise LabError(f"`{argv[0]}` is not installed", hint="python -m lab packages --install") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{' '.join(argv)}` took longer than {timeout:g} s") from error


def must(*argv: str, stdin: str = "") -> str:
    """stdout; LabError with what the program said when it failed."""
    done = run(*argv, stdin=stdin)
    if done.returncode:
        raise LabError(f"`{' '.join(argv)}`: {done.stderr.strip()}")
    return done.stdout


def parallel(func: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(func, items))


def _start_time(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return ""

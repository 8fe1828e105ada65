"""A sweep of the lab beside its limit: the slowest chain of looks in it, run bare and one after the other.

As root, with a lab: `python -m lab up && python -m bench.sweep [FAULT…]`. The chain is that of the tree whose looks
took longest together; it is run alone, on a way outside of its own, logins included, in the same minute. Execs,
logins and bytes (scripts there, output back, before SSH wraps them) are counted where they leave, and the most of
any host is printed. Budget: at most 1.5 times the chain, one login a host, a second to cancel; the status is 1 when
it is exceeded.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import probes.ssh as ssh
from diagnosis.session import Session
from diagnosis.sweep.engine import DEADLINE, Sweep
from diagnosis.sweep.trees import Wanted
from journal.store import Journal
from lab.instance import current
from lab.session import Lab
from probes.execution import Execution
from probes.probe import Evidence, ProbeCall, observe
from probes.site import Site
from probes.site_file import load_site
from probes.toolbox import LiveToolbox

RUNS, BUDGET, CANCEL = 3, 1.5, 1.0


@dataclass(frozen=True, slots=True)
class Swept:
    seconds: float
    chain: tuple[Evidence, ...]
    causes: tuple[str, ...]
    looks: int
    trees: int


class Counted:
    """Execs, logins and bytes of everything that runs inside, a host."""

    def __init__(self) -> None:
        self.execs: Counter[str] = Counter()
        self.logins: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    def __enter__(self) -> Counted:
        self._start, self._try, self._received = ssh.SshShell.start, ssh.Logins._try, Execution.received
        counted = self
        asked: WeakKeyDictionary[Execution, str] = WeakKeyDictionary()

        async def start(shell: ssh.SshShell, execution: Execution) -> object:
            asked[execution] = shell._host
            counted.execs[shell._host] += 1
            counted.bytes[shell._host] += len(execution.script)
            return await counted._start(shell, execution)

        def received(execution: Execution, stream: int, data: bytes) -> None:
            counted.bytes[asked.get(execution, "operator")] += len(data)
            counted._received(execution, stream, data)

        async def try_(logins: ssh.Logins, way: ssh.Way) -> object:
            counted.logins[way[-1]] += 1
            return await counted._try(logins, way)

        ssh.SshShell.start, ssh.Logins._try = start, try_  # type: ignore[method-assign, assignment]
        Execution.received = received  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *_: object) -> None:
        ssh.SshShell.start, ssh.Logins._try = self._start, self._try  # type: ignore[method-assign]
        Execution.received = self._received  # type: ignore[method-assign]


async def sweep(site: Site) -> Swept:
    with tempfile.TemporaryDirectory() as folder:
        session = Session(site, argv=("bench",), journal=Journal.create(Path(folder), {"argv": ["bench"]}))
        await session.ready()
        begun = time.monotonic()
        engine = Sweep(session, Wanted(), deadline=DEADLINE)
        try:
            async for _ in engine.run():
                pass
            seconds = time.monotonic() - begun
        finally:
            await engine.close()
            await session.close()
    seen = {one.id: one for one in engine.evidence}
    chains = [tuple(seen[name] for name in outcome.evidence) for outcome in engine.outcomes]
    slowest = max(chains, key=lambda chain: sum(one.seconds for one in chain))
    assert engine.view.result is not None
    causes = tuple(finding.cause.id for finding in engine.view.result.causes)
    return Swept(seconds, slowest, causes, engine.view.looks, engine.view.trees)


async def bare(site: Site, chain: tuple[Evidence, ...]) -> float:
    begun = time.monotonic()
    async with LiveToolbox(site) as toolbox:
        for one in chain:
            name = one.target.rpartition(":")[2]
            await observe(ProbeCall(one.probe, name, one.arguments), toolbox, "e1")
    return time.monotonic() - begun


def measure(lab: Lab, fault: str) -> bool:
    """Prints a line; whether it is within the budget."""
    site = load_site(lab.site())
    if fault:
        lab.break_(fault)
    try:
        runs, limits, counts = [], [], []
        for _ in range(RUNS):
            counts.append(Counted())
            with counts[-1]:
                runs.append(asyncio.run(sweep(site)))
            limits.append(asyncio.run(bare(site, runs[-1].chain)))
    finally:
        lab.heal()
    ours, limit = statistics.median(run.seconds for run in runs), statistics.median(limits)
    last, counted = runs[-1], counts[-1]
    kibibytes = max(counted.bytes.values()) / 1024
    print(
        f"{fault or 'healthy':16} {ours:7.2f} {limit:8.2f} {ours / limit:6.2f} {last.trees:6} {last.looks:6} "
        f"{max(counted.execs.values()):6} {max(counted.logins.values()):7} {kibibytes:6.0f}  "
        f"{', '.join(last.causes) or '-'}",
        flush=True,
    )
    return ours / limit <= BUDGET and max(counted.logins.values()) == 1


def cancelled(lab: Lab) -> float:
    """Seconds from Ctrl-C in the middle of a sweep until the command is gone, the partial result printed."""
    argv = [sys.executable, "-m", "deadhop", "sweep", "--site", str(lab.site())]
    with tempfile.TemporaryDirectory() as state, (Path(state) / "said").open("w+") as said:
        child = subprocess.Popen(argv, stdout=said, stderr=said, env={**os.environ, "DEADHOP_STATE": state})
        time.sleep(3)
        child.send_signal(signal.SIGINT)
        begun = time.monotonic()
        child.wait()
        return time.monotonic() - begun


def main() -> int:
    lab = Lab(current())
    numbers = f"{'ratio':>6} {'trees':>6} {'looks':>6} {'execs':>6} {'logins':>7} {'KiB':>6}"
    print(f"{'fault':16} {'sweep s':>7} {'chain s':>8} {numbers}  causes (budget {BUDGET}; the most of any host)")
    faults = sys.argv[1:] or ("healthy", "missing-route", "ip-forward-off", "sshd-down", "host-silent")
    within = [measure(lab, "" if fault == "healthy" else fault) for fault in faults]
    last = statistics.median(cancelled(lab) for _ in range(RUNS))
    print(f"cancelled in {last:.2f} s (budget {CANCEL:g})")
    return 0 if all(within) and last <= CANCEL else 1


if __name__ == "__main__":
    sys.exit(main())

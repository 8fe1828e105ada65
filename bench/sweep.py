"""A sweep of the lab beside its limit: the slowest chain of looks in it, run bare and one after the other.

As root, with a lab: `python -m lab up && python -m bench.sweep [FAULT…]`. The chain is that of the tree whose looks
took longest together; it is run alone, on a way outside of its own, logins included, in the same minute. Execs and
logins are counted where they leave. Budget: at most 1.5 times the chain, one login a host.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

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

RUNS, BUDGET = 3, 1.5


@dataclass(frozen=True, slots=True)
class Swept:
    seconds: float
    chain: tuple[Evidence, ...]
    causes: tuple[str, ...]
    looks: int
    trees: int


class Counted:
    """Execs and logins of everything that runs inside."""

    def __init__(self) -> None:
        self.execs: Counter[str] = Counter()
        self.logins: Counter[str] = Counter()

    def __enter__(self) -> Counted:
        self._start, self._try = ssh.SshShell.start, ssh.Logins._try
        counted = self

        async def start(shell: ssh.SshShell, execution: Execution) -> object:
            counted.execs[shell._host] += 1
            return await counted._start(shell, execution)

        async def try_(logins: ssh.Logins, way: ssh.Way) -> object:
            counted.logins[way[-1]] += 1
            return await counted._try(logins, way)

        ssh.SshShell.start, ssh.Logins._try = start, try_  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *_: object) -> None:
        ssh.SshShell.start, ssh.Logins._try = self._start, self._try  # type: ignore[method-assign]


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


def measure(lab: Lab, fault: str) -> None:
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
    print(
        f"{fault or 'healthy':16} {ours:7.2f} {limit:8.2f} {ours / limit:6.2f} {last.trees:6} {last.looks:6} "
        f"{max(counted.execs.values()):6} {max(counted.logins.values()):7}  {', '.join(last.causes) or '-'}",
        flush=True,
    )


def main() -> None:
    lab = Lab(current())
    numbers = f"{'ratio':>6} {'trees':>6} {'looks':>6} {'execs':>6} {'logins':>7}"
    print(
        f"{'fault':16} {'sweep s':>7} {'chain s':>8} {numbers}  causes (budget {BUDGET}; execs and logins a host)"
    )
    for fault in sys.argv[1:] or ("", "missing-route", "ip-forward-off", "sshd-down", "host-silent"):
        measure(lab, "" if fault == "healthy" else fault)


if __name__ == "__main__":
    main()

"""Each fault of the network lab that drops packets: how long `deadhop trace` takes to name the hop, with traffic on
the wires, beside a bare `ping` of as many packets from the same machine.

As root, with a lab on an otherwise quiet machine: `python -m lab up && python -m bench.trace [FAULT…]`. The command
is measured whole, imports and logins included. Budget: 5 s; the status is 1 when one takes longer or names another.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from lab.inside import enter
from lab.instance import current
from lab.session import Lab
from lab.traffic import traffic
from tests.end_to_end.faults_table import hop_of
from tests.end_to_end.swept import SWEPT, Swept

RUNS, BUDGET, PACKETS = 3, 5.0, 20


def traced(lab: Lab, fault: Swept) -> tuple[float, str]:
    """Seconds, and the hop that was named, as docs/faults.md has it."""
    argv = [sys.executable, "-m", "deadhop", "trace", *fault.trace, "--site", str(lab.site()), "--json"]
    with tempfile.TemporaryDirectory() as state:
        begun = time.monotonic()
        done = subprocess.run(argv, env={**os.environ, "DEADHOP_STATE": state}, capture_output=True, check=False)
        seconds = time.monotonic() - begun
    return seconds, hop_of(json.loads(done.stdout))


def pinged(fault: Swept) -> float:
    """Bare, at the interval that a ping without root is allowed."""
    words = ["ping", "-q", "-n", "-c", str(PACKETS), "-i", "0.2", "-W", "1", fault.trace[1]]
    begun = time.monotonic()
    subprocess.run([*enter(current(), fault.trace[0]), *words], stdout=subprocess.DEVNULL, check=False)
    return time.monotonic() - begun


def measure(lab: Lab, fault: Swept) -> bool:
    lab.break_(fault.fault)
    try:
        with traffic(whole=False):
            runs = [traced(lab, fault) for _ in range(RUNS)]
            bare = pinged(fault)
    finally:
        lab.heal()
    seconds = statistics.median(one for one, _ in runs)
    right = all(fault.hop == hop for _, hop in runs)
    said = runs[-1][1] if right else f"{runs[-1][1]!r} instead of {fault.hop!r}"
    worst = max(one for one, _ in runs)
    print(f"{fault.fault:18} {seconds:7.2f} {worst:7.2f} {bare:7.2f} {seconds / bare:6.2f}  {said}", flush=True)
    return right and seconds <= BUDGET


def main() -> int:
    lab = Lab(current())
    wanted = sys.argv[1:]
    print(
        f"{'fault':18} {'trace s':>7} {'worst':>7} {'ping s':>7} {'ratio':>6}  hop (budget {BUDGET:g} s)",
        flush=True,
    )
    within = [measure(lab, one) for one in SWEPT if one.trace and (not wanted or one.fault in wanted)]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())

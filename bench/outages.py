"""How long each of the ten outages takes from paste to cause, beside the bare pings and logins behind it.

As root, with a lab: `python -m lab up && python -m bench.outages`. Prints seconds and their ratio to the bare
commands that an operator would type to see the same fault, run in the same minute.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from lab.instance import current
from lab.session import Lab
from tests.end_to_end.outages import OUTAGES, Outage, diagnose

RUNS = 3


def measure(lab: Lab, outage: Outage) -> tuple[float, float]:
    """Median seconds of a diagnosis, and of the operator's own command."""
    lab.break_(outage.fault)
    try:
        bare, ours = [], []
        for _ in range(RUNS):
            begun = time.monotonic()
            paste = lab.paste(outage.fault)
            bare.append(time.monotonic() - begun)
            with tempfile.TemporaryDirectory() as state:
                found = diagnose(paste, lab.site(), Path(state))
            assert found.document["causes"][0]["id"] == outage.cause, found.document
            ours.append(found.seconds)
        return statistics.median(ours), statistics.median(bare)
    finally:
        lab.heal()


def main() -> None:
    lab = Lab(current())
    print(f"{'fault':18} {'diagnosis s':>11} {'bare s':>8} {'ratio':>6} {'goal s':>7}")
    for outage in OUTAGES:
        ours, bare = measure(lab, outage)
        print(f"{outage.fault:18} {ours:11.2f} {bare:8.2f} {ours / bare:6.1f} {outage.limit:7.0f}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

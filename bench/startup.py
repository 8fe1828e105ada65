"""`deadhop --help` against a bare interpreter that imports argparse, in one run. Budget: at most twice as long."""

import subprocess
import sys
import time
from pathlib import Path

BUDGET = 2.0
ROUNDS = 25
REPOSITORY = Path(__file__).resolve().parent.parent


def seconds(*command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=REPOSITORY)
    return time.perf_counter() - started


def main() -> int:
    script = str(Path(sys.executable).with_name("deadhop"))
    bare, ours = [], []
    for _ in range(ROUNDS):  # in turns, so that a busy machine is unfair to both
        bare.append(seconds(sys.executable, "-c", "import argparse"))
        ours.append(seconds(script, "--help"))
    bare_median, our_median = (sorted(times)[ROUNDS // 2] for times in (bare, ours))
    ratio = our_median / bare_median
    print(f"import argparse   {bare_median * 1000:6.1f} ms")
    print(f"deadhop --help    {our_median * 1000:6.1f} ms   ratio {ratio:.2f} (budget {BUDGET})")
    return 0 if ratio <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())

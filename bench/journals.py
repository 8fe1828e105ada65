"""Time to open a session of 10,000 exchanges with every line held against its digest.

`python bench/journals.py [--json]`. The yardstick of the same run is a plain `json.loads` of every line of the same
file. Ends with 1 when opening takes a second or more."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from journal.store import Journal, read

EXCHANGES = 10_000
RUNS = 5
LIMIT_S = 1.0


def stdout(chance: random.Random) -> str:
    """Like `iptables-save` of a small host: one to three kilobytes."""
    net = chance.randrange(256)
    rules = (f"-A FORWARD -s 10.{net}.{n}.0/24 -m conntrack --ctstate NEW -j ACCEPT" for n in range(200))
    return "\n".join(list(rules)[: chance.randrange(15, 45)])


def write(folder: Path, count: int) -> Path:
    chance = random.Random(7)
    with Journal.create(folder, {"argv": ["bench"]}) as journal:
        for number in range(count):
            request = {"target": f"host:h{number % 40}", "text": "iptables-save -c", "sudo": True}
            reply = {"status": 0, "stdout": stdout(chance), "stderr": "", "seconds": 0.1, "failure": ""}
            at = "2026-01-01T00:00:00+00:00"
            journal.append("exchange", {"request": request, "reply": reply, "at": at, "phase": 0})
        journal.append("end", {}, sync=True)
    return journal.path


def seconds(work: Callable[[], object]) -> float:
    """Of the processor, best of some: what other programs do does not count."""
    took = []
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return min(took)


def plain(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def measure(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        path = write(Path(folder), count)
        written = time.process_time() - begun
        opened, loaded = seconds(lambda: read(path)), seconds(lambda: plain(path))
        return {
            "exchanges": count,
            "megabytes": round(path.stat().st_size / 1e6, 1),
            "write_ms_each": round(written / count * 1000, 3),
            "open_s": round(opened, 3),
            "plain_json_s": round(loaded, 3),
            "ratio": round(opened / loaded, 2),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--exchanges", type=int, default=EXCHANGES)
    arguments = parser.parse_args()
    found = measure(arguments.exchanges)
    if arguments.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:16} {value}")
    sys.exit(found["open_s"] >= LIMIT_S)


if __name__ == "__main__":
    main()

"""Makes what `test_engine.py` replays of the journal of a real sweep. Needed whenever a probe of the swept trees
asks its hosts in other words, for a replay answers what was asked. As root, from the project's folder:

    python -m lab up && python -m lab break ip-forward-off
    DEADHOP_STATE=/tmp/recording deadhop sweep --site "$(python -m lab site)"
    python -m tests.diagnosis.sweep.record /tmp/recording/sessions/*.jsonl
    python -m lab down
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

from journal.store import read

RECORDED = Path(__file__).parent / "recorded" / "ip-forward-off.jsonl.gz"


def record(journal: Path) -> None:
    kept = [entry for entry in read(journal).entries if entry.kind in ("site", "exchange")]
    site = next(entry.data for entry in kept if entry.kind == "site")
    lines = [{"data": {"hosts": site["hosts"]}, "kind": "site"}]
    lines += [{"data": entry.data, "kind": entry.kind} for entry in kept if entry.kind == "exchange"]
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
    RECORDED.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    record(Path(sys.argv[1]))

"""Records the shipped drill in the lab: `python -m tests.end_to_end.record_drill` (as root, lab up).

The engine plays the operator's part; what it writes into its own journal is the drill.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

DRILL = "libvirt-reject"
TARGET = Path(__file__).resolve().parents[2] / "drills" / f"{DRILL}.jsonl"


async def record(site: Path, paste: str) -> Path:
    """Health of the site, walk, fix, verify, undo; returns the journal."""
    from diagnosis.session import open_session

    session = open_session(site, argv=["demo", DRILL])
    try:
        await session.ready()
        async for _ in session.health():
            pass
        match = session.search(paste).matches[0]
        walk = session.walk(match.symptom, match.inputs, searched=paste)
        async for _ in walk.run():
            pass
        assert walk.view.diagnosis is not None
        repair = session.repair(walk.view.diagnosis.causes[0])
        async for _ in repair.prepare():
            pass
        async for _ in repair.apply(confirmed_by="recording"):
            pass
        assert repair.view.verified, repair.view
        async for _ in repair.undo():
            pass
        return session.journal_path
    finally:
        await session.close()


def main() -> None:
    from lab.instance import current
    from lab.session import Lab

    lab = Lab(current())
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEADHOP_STATE"] = folder
        lab.break_(DRILL)
        try:
            journal = asyncio.run(record(lab.site(console=False), lab.paste(DRILL)))
        finally:
            lab.heal()
        shutil.copyfile(journal, TARGET)
        TARGET.chmod(0o644)
    print(f"{TARGET}: {TARGET.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()

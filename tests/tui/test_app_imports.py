"""The first frame waits for nothing heavy."""

import subprocess
import sys

HEAVY = (
    "asyncssh", "pydantic", "cel", "jinja2", "rapidfuzz", "yaml", "pyroute2",
    "diagnosis.session", "diagnosis.walk", "diagnosis.views", "knowledge.load", "probes.facts", "journal.store",
)  # fmt: skip
PROGRAM = f"""
import sys
import tui.app
from base.text import Lang
async def first_frame():
    opened = []
    app = tui.app.DeadhopApp(lambda: opened.append(1), lang=Lang.KO)
    app._open = lambda: print([name for name in {HEAVY!r} if name in sys.modules])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
import asyncio
asyncio.run(first_frame())
"""


def test_nothing_heavy_is_imported_before_the_first_frame() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["[]"]

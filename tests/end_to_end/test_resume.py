"""deadhop killed in the middle of a fix: the far side stops, and `resume` asks the system what happened."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from journal.store import read
from lab.session import Lab
from tests.end_to_end.outages import DEADHOP, deadhop

pytestmark = pytest.mark.lab

MARK = "/run/deadhop-test-slow"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Own knowledge in the operator's configuration folder, where every command finds it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    shutil.copytree(Path(__file__).parent / "knowledge", tmp_path / "config" / "deadhop" / "knowledge")
    return tmp_path / "state"


def test_a_killed_fix_is_found_again_and_the_system_is_asked(healed_lab: Lab, state: Path) -> None:
    site = str(healed_lab.site(console=False))
    found = deadhop("diagnose", "slow-fix", "--set", "host=compute", "--site", site, "--json", state=state)
    session = found.document["session"]
    words = [*DEADHOP, "fix", session, "--cause", "slow-fix", "--yes", "--site", site]
    environment = {**os.environ, "DEADHOP_STATE": str(state)}
    killed = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = state / "sessions" / f"{session}.jsonl"
    end = time.monotonic() + 30
    while not any(entry.kind == "intent" for entry in read(journal).entries):
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.5)
    killed.send_signal(signal.SIGKILL)
    killed.wait()

    time.sleep(6)  # longer than the command would have taken
    assert healed_lab.run("compute", f"test -e {MARK}").returncode != 0, "the far side outlived deadhop"

    resumed = deadhop("resume", session, "--site", site, "--json", state=state)
    assert resumed.status == 2
    (flying,) = resumed.document["in_flight"]
    assert (flying["on"], flying["happened"]) == ("compute", False)
    assert session in flying["holder"]

    undone = deadhop("fix", session, "--undo", "--site", site, "--json", state=state)
    assert undone.status == 0, undone.stderr
    left = healed_lab.run("compute", "ls /run/deadhop*; systemctl list-timers --all --no-legend 'deadhop*'")
    assert "deadhop.lock" not in left.stdout
    assert "deadhop-undo" not in left.stdout

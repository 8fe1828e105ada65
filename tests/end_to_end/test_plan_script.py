"""A plan handed to somebody else as a script: it repairs the real machine, and takes it back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import DEADHOP, diagnose
from tests.end_to_end.test_outages import OUTAGES, Outage, _assert_healthy_again, _still_broken

pytestmark = pytest.mark.lab

SCRIPTED = [
    one for one in OUTAGES if one.fault in ("libvirt-reject", "missing-route", "ip-forward-off", "hostkey-changed")
]


def written(session: str, site: Path, state: Path, folder: Path) -> Path:
    words = [*DEADHOP, "fix", session, "--plan", "--script", "--site", str(site)]
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "DEADHOP_STATE": str(state), "LC_ALL": "C.UTF-8"}
    text = subprocess.run(words, capture_output=True, text=True, check=True, env=environment).stdout
    path = folder / "plan.sh"
    path.write_text(text, encoding="utf-8")
    return path


def run(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(script), *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
    )


@pytest.mark.parametrize("outage", SCRIPTED, ids=lambda outage: outage.fault)
def test_the_script_repairs_and_takes_back(healed_lab: Lab, outage: Outage, tmp_path: Path) -> None:
    state = tmp_path / "state"
    healed_lab.break_(outage.fault)
    paste = healed_lab.paste(outage.fault)
    found = diagnose(paste, healed_lab.site(), state)
    assert found.document["causes"][0]["id"] == outage.cause
    script = written(found.document["session"], healed_lab.site(), state, tmp_path)
    subprocess.run(["shellcheck", "--shell=sh", str(script)], check=True)

    before = healed_lab.at_rest()
    assert run(script, "check").returncode == 0
    assert healed_lab.changes_since(before) == ""

    applied = run(script, "apply", "--yes")
    assert applied.returncode == 0, (applied.stdout, applied.stderr)
    _assert_healthy_again(healed_lab, outage)
    verified = run(script, "verify")
    assert verified.returncode == 0
    assert "status 0" in verified.stdout

    undone = run(script, "undo", "--yes")
    assert undone.returncode == 0, (undone.stdout, undone.stderr)
    assert _still_broken(healed_lab, outage, paste)
    assert healed_lab.changes_since(before) == ""
    assert not script.with_name("plan.sh.done").exists()

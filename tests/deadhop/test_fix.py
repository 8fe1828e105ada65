"""Plan, apply, undo and their refusals, with real commands on the operator's own machine."""

import os
import pty
import select
import subprocess
import time

import pytest

from tests.deadhop.desk import Desk

CAUSE = ("--cause", "marker-was-removed")


@pytest.fixture
def found(desk: Desk) -> Desk:
    assert desk.diagnose().code == 1
    return desk


def test_plan_shows_and_runs_nothing(found: Desk) -> None:
    outcome = found.run("fix", "latest", *CAUSE, "--plan")
    assert outcome.code == 0
    assert f"touch {found.marker}" in outcome.out
    assert not found.marker.exists()


def test_apply_verify_and_undo(found: Desk) -> None:
    applied = found.run("fix", "latest", *CAUSE, "--yes", "--json")
    assert applied.code == 0, applied.err
    assert applied.json["verified"] is True
    assert applied.json["actions"][0]["run"] == f"touch {found.marker}"
    assert found.marker.exists()
    undone = found.run("fix", "latest", "--undo", "--yes", "--json")
    assert undone.code == 0, undone.err
    assert undone.json["phase"] == "undone"
    assert not found.marker.exists()
    assert found.run("fix", "latest", "--undo", "--yes").code == 3


def test_a_fix_that_fails_ends_with_4(found: Desk) -> None:
    outcome = found.run("fix", "latest", *CAUSE, "--fix", "fails", "--yes", "--json")
    assert outcome.code == 4
    assert outcome.json["actions"][0]["state"] == "failed"


def test_nobody_to_confirm_it(found: Desk) -> None:
    for more in ((), ("--undo",)):
        outcome = found.run("fix", "latest", *CAUSE, *more)
        assert outcome.code == 3
        assert not found.marker.exists()


def test_riskier_than_allowed_is_refused(found: Desk) -> None:
    outcome = found.run("fix", "latest", *CAUSE, "--fix", "slow", "--yes")
    assert outcome.code == 3
    assert "hint: --max-risk disruptive" in outcome.err
    assert not found.marker.exists()


def test_unknown_cause_and_fix_are_named(found: Desk) -> None:
    assert "--cause marker-was-removed" in found.run("fix", "latest", "--cause", "nothing", "--yes").err
    assert "put-back" in found.run("fix", "latest", *CAUSE, "--fix", "nothing", "--yes").err


@pytest.mark.parametrize(
    ("fix", "answer", "runs"),
    [("put-back", "\n", False), ("put-back", "n\n", False), ("put-back", "y\n", True), ("slow", "y\n", False)],
)
def test_confirmation_grows_with_risk(found: Desk, fix: str, answer: str, runs: bool) -> None:
    code, shown = on_a_terminal(found, ("fix", "latest", *CAUSE, "--fix", fix), answer)
    assert found.marker.exists() == runs, shown
    assert code == (0 if runs else 3), shown
    assert f"touch {found.marker}" in shown


def on_a_terminal(desk: Desk, words: tuple[str, ...], answer: str) -> tuple[int, str]:
    """Runs it on a terminal of its own and answers its first question."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        desk.command(*words), stdin=slave, stdout=slave, stderr=slave, env=desk.environment, cwd=desk.home
    )
    os.close(slave)
    shown, answered, end = "", False, time.monotonic() + 30
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        shown += piece.decode("utf-8", "replace")
        if not answered and ("[y/N]" in shown or "Type " in shown):
            os.write(master, answer.encode())
            answered = True
    os.close(master)
    return process.wait(10), shown


def journal_of(desk: Desk) -> str:
    return "".join(path.read_text() for path in (desk.home / "state" / "sessions").glob("*.jsonl"))


def test_resume_says_what_was_in_flight(found: Desk) -> None:
    assert found.run("resume", "latest").code == 0
    process = subprocess.Popen(
        found.command("fix", "latest", *CAUSE, "--fix", "slow", "--yes", "--max-risk", "disruptive"),
        env=found.environment, cwd=found.home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    end = time.monotonic() + 30
    while journal_of(found).count('"kind":"intent"') < 2 and time.monotonic() < end:
        time.sleep(0.05)
    process.kill()
    process.wait()
    resumed = found.run("resume", "latest", "--json")
    assert resumed.code == 2, resumed
    assert [action["run"] for action in resumed.json["in_flight"]] == ["sleep 29"]
    assert resumed.json["verified"] is True
    assert found.run("fix", "latest", "--undo", "--yes").code == 0
    assert not found.marker.exists()

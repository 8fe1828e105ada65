"""A fix that was cut short: what was in flight, what the machine says of it, and each way on, by real commands."""

from __future__ import annotations

import os
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from base.text import Lang
from diagnosis.session import reopen
from journal.store import open_for_append, read
from tests.deadhop.desk import CAUSE as MARKER_CAUSE
from tests.deadhop.desk import Desk
from tui.app import DeadhopApp
from tui.screens.fix import FixScreen

STEPS = """\
  - id: in-steps
    title: {en: In three steps, ko: 세 단계로}
    risk: reversible
    impact: {en: Three files, ko: 파일 셋}
    actions:
      - {on: host, run: "touch {{ file }}", undo: "rm -f {{ file }}", unless: "test -e {{ file }}"}
      - on: host
        run: sh -c 'sleep 20; mkdir "$1.d"' sh {{ file }}
        undo: rm -rf {{ file }}.d
        unless: test -d {{ file }}.d
        timeout: 40
      - {on: host, run: "touch {{ file }}.d/last", undo: "rm -f {{ file }}.d/last"}
    verify: {probe: host.reach, on: operator, with: {host: dead}, when: verify.stopped_at == "port"}
"""
CAUSE = ("--cause", "marker-was-removed")


@pytest.fixture
def cut(desk: Desk) -> Desk:
    """Killed while the second of three commands runs."""
    knowledge = desk.home / "config/deadhop/knowledge/causes/host/marker-was-removed.yaml"
    knowledge.write_text(MARKER_CAUSE + STEPS, encoding="utf-8")
    assert desk.diagnose().code == 1
    process = subprocess.Popen(
        desk.command("fix", "latest", *CAUSE, "--fix", "in-steps", "--yes"),
        env=desk.environment, cwd=desk.home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    end = time.monotonic() + 60
    while journal_text(desk).count('"kind":"intent"') < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    process.kill()
    process.wait()
    return desk


def journal(desk: Desk) -> Path:
    (path,) = (desk.home / "state" / "sessions").glob("*.jsonl")
    return path


def journal_text(desk: Desk) -> str:
    return journal(desk).read_text()


def there(desk: Desk) -> list[str]:
    folder = Path(f"{desk.marker}.d")
    files = (desk.marker, folder, folder / "last")
    return [path.name for path in files if path.exists()]


def test_each_way_is_offered_as_the_command_that_does_it(cut: Desk) -> None:
    resumed = cut.run("resume", "latest", "--json")
    assert resumed.code == 2, resumed.err
    (flying,) = resumed.json["in_flight"]
    assert flying["run"].startswith("sh -c 'sleep 20")
    assert (flying["happened"], flying["undoing"]) == (False, False)
    assert [action["run"] for action in resumed.json["left"]] == [flying["run"], f"touch {cut.marker}.d/last"]
    session = resumed.json["session"]
    assert resumed.json["ways"] == {
        "go-on": f"deadhop fix {session} --go-on",
        "undo": f"deadhop fix {session} --undo",
        "leave": f"deadhop fix {session} --leave",
    }
    text = cut.run("resume", "latest").out
    assert all(f"  {command}   # " in text for command in resumed.json["ways"].values())
    assert "되돌리기" in cut.run("resume", "latest", "--lang", "ko").out
    assert there(cut) == ["marker"], "resume looks and changes nothing"


def test_going_on_runs_what_the_machine_says_did_not_happen(cut: Desk) -> None:
    Path(f"{cut.marker}.d").mkdir()  # the command came through after all
    gone_on = cut.run("fix", "latest", "--go-on", "--yes", "--json")
    assert (gone_on.code, gone_on.json["verified"]) == (0, True), gone_on
    assert [action["state"] for action in gone_on.json["actions"]] == ["done", "done", "done"]
    assert there(cut) == ["marker", "marker.d", "last"]
    ran = [entry.data["run"] for entry in read(journal(cut)).entries if entry.kind == "intent"]
    assert len(ran) == 3, "no command ran twice"
    assert cut.run("resume", "latest").code == 0
    assert cut.run("fix", "latest", "--undo", "--yes").code == 0
    assert there(cut) == []


def test_undoing(cut: Desk) -> None:
    assert cut.run("fix", "latest", "--undo", "--yes").code == 0
    assert there(cut) == []
    assert cut.run("resume", "latest", "--json").json["in_flight"] == []


def test_leaving_gives_the_lock_back_and_is_remembered(cut: Desk) -> None:
    lock = cut.home / "state" / "operator.lock"
    assert lock.exists(), "the killed fix holds it still"
    left = cut.run("fix", "latest", "--leave", "--json")
    assert (left.code, left.json["phase"]) == (0, "left"), left.err
    assert not lock.exists()
    assert there(cut) == ["marker"]
    again = cut.run("resume", "latest", "--json")
    assert (again.code, again.json["in_flight"]) == (0, [])
    assert "undo" in again.json["ways"]


def test_nobody_can_tell_so_nothing_goes_on(desk: Desk) -> None:
    """Of two commands without `unless`, a fault that is still there says nothing of the first."""
    assert desk.diagnose().code == 1
    words = ("fix", "latest", *CAUSE, "--fix", "slow", "--yes", "--max-risk", "disruptive")
    process = subprocess.Popen(
        desk.command(*words), env=desk.environment, cwd=desk.home,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    end = time.monotonic() + 60
    while journal_text(desk).count('"kind":"intent"') < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    process.kill()
    process.wait()
    resumed = desk.run("resume", "latest", "--json").json
    assert resumed["in_flight"][0]["happened"] is None
    assert list(resumed["ways"]) == ["undo", "leave"]
    refused = desk.run("fix", "latest", "--go-on", "--yes", "--max-risk", "disruptive")
    assert refused.code == 3
    assert "nobody can say whether `sleep 29` ran" in refused.err


# ------------------------------------------------------------------ another site than the journal's


def test_a_site_that_is_gone_can_be_looked_at_and_not_changed(cut: Desk) -> None:
    moved = cut.site.rename(cut.home / "moved.yaml")
    resumed = cut.run("resume", "latest")
    assert resumed.code == 2, resumed.err
    assert f"the site of this session is gone: {cut.site}" in " ".join(resumed.out.split())
    assert "sleep 20" in resumed.out
    assert "--undo" not in resumed.out
    for way in (("--undo",), ("--go-on",), ("--leave",), CAUSE):
        refused = cut.run("fix", "latest", *way, "--yes")
        assert refused.code == 3, way
        assert "its rules for fixes are not known" in " ".join(refused.err.split())
        assert "hint: `--site FILE`" in refused.err
    assert "없어졌다" in cut.run("fix", "latest", "--undo", "--lang", "ko").err
    assert there(cut) == ["marker"]
    assert cut.run("fix", "latest", *CAUSE, "--plan").code == 0
    undone = cut.run("fix", "latest", "--undo", "--yes", "--site", str(moved))
    assert undone.code == 0, undone.err
    assert there(cut) == []


def test_the_site_is_found_again_from_any_folder(desk: Desk) -> None:
    """It was named by a relative path."""
    words = [desk.site.name if word == str(desk.site) else word for word in desk.marked]
    assert desk.run(*words).code == 1
    elsewhere = desk.home / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        desk.command("fix", "latest", *CAUSE, "--yes"), cwd=elsewhere, env=desk.environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert desk.marker.exists()


def test_a_host_the_site_has_lost(cut: Desk) -> None:
    """What was in flight is still said, and why nobody can be asked."""
    path = journal(cut)
    intents = [entry for entry in read(path).entries if entry.kind == "intent"]
    data = dict(intents[-1].data) | {"on": "dead", "values": dict(intents[-1].data["values"]) | {"host": "dead"}}
    with open_for_append(path) as again:
        again.append("intent", data | {"action": 0, "run": "touch /x", "undo": "rm -f /x"}, sync=True)
    (cut.home / "ssh_config").write_text("Host another\n  HostName 127.0.0.1\n")
    resumed = cut.run("resume", "latest", "--json")
    assert resumed.code == 2, resumed.err
    assert ("dead", "touch /x") in [(one["on"], one["run"]) for one in resumed.json["in_flight"]]
    assert "no such target" in resumed.json["trouble"]["message"]
    assert resumed.json["ways"] == {}
    text = " ".join(cut.run("resume", "latest").out.split())
    assert f"the site ({cut.site}) has no host `dead` any more" in text
    assert "touch /x" in text


# ------------------------------------------------------------------ in the app


async def until(pilot: Pilot[int], phase: str) -> FixScreen:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        await pilot.pause(0.05)
        screen = pilot.app.screen
        if isinstance(screen, FixScreen) and screen.view is not None and screen.view.phase == phase:
            await pilot.pause()
            return screen
    raise AssertionError(f"{phase} did not come: {pilot.app.screen}")


@pytest.fixture
def app(cut: Desk, monkeypatch: pytest.MonkeyPatch) -> DeadhopApp:
    for name in list(os.environ):
        if name.startswith(("DEADHOP", "XDG", "LC_", "LANG")):
            monkeypatch.delenv(name)
    for name, value in cut.environment.items():
        monkeypatch.setenv(name, value)
    return DeadhopApp(partial(reopen, str(journal(cut))), lang=Lang.EN, resume=True)


async def test_the_app_opens_at_the_fix_and_goes_on(app: DeadhopApp, cut: Desk) -> None:
    Path(f"{cut.marker}.d").mkdir()
    async with app.run_test(size=(100, 40)) as pilot:
        screen = await until(pilot, "cut-short")
        assert [action.state for action in screen.repair.view.fix.actions] == ["done", "done", "planned"]
        offered = {binding.description for _, binding, enabled, _ in screen.active_bindings.values() if enabled}
        assert {"go on", "undo", "leave it"} <= offered
        assert "apply" not in offered
        await pilot.press("g")
        await pilot.pause()
        await pilot.press("y")
        await until(pilot, "verified")
    assert there(cut) == ["marker", "marker.d", "last"]


async def test_the_app_leaves_it(app: DeadhopApp, cut: Desk) -> None:
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, "cut-short")
        await pilot.press("l")
        await until(pilot, "left")
    assert there(cut) == ["marker"]
    assert not (cut.home / "state" / "operator.lock").exists()


async def test_the_app_changes_nothing_where_the_site_is_gone(app: DeadhopApp, cut: Desk) -> None:
    cut.site.rename(cut.home / "moved.yaml")
    async with app.run_test(size=(100, 40)) as pilot:
        screen = await until(pilot, "cut-short")
        await pilot.press("u")
        await pilot.pause()
        assert pilot.app.screen is screen, "no dialog to confirm"
        await pilot.press("g", "l")
        await pilot.pause()
        assert screen.view is not None
        assert screen.view.phase == "cut-short"
    assert there(cut) == ["marker"]

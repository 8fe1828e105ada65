"""`deadhop sweep` at the desk: one dead host, and a tree whose first step is a question."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from journal.store import read
from tests.deadhop.desk import SYMPTOM, Desk
from tests.deadhop.test_json import checked


@pytest.fixture
def sweeping(desk: Desk) -> Desk:
    """The desk's own tree takes its host from the site."""
    own = desk.home / "config/deadhop/knowledge/symptoms/host/marker-is-missing.yaml"
    each = SYMPTOM.replace("dead: {is: host,", "dead: {is: host, each: site.hosts,")
    own.write_text(each.replace("file: {is: path,", f"file: {{is: path, default: {desk.marker},"), encoding="utf-8")
    return desk


def words(desk: Desk, *more: str) -> tuple[str, ...]:
    return ("sweep", "--site", str(desk.site), *more)


def started(desk: Desk, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        desk.command(*words(desk, *more)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=desk.environment,
        cwd=desk.home,
    )


def test_a_dead_host_is_one_finding_and_one_line(sweeping: Desk) -> None:
    outcome = sweeping.run(*words(sweeping, "--json"))
    found = checked(outcome.json, "sweep")
    assert (outcome.code, found["verdict"], found["cut"]) == (1, "cause", None)
    assert [(one["id"], one["targets"], one["confidence"]) for one in found["causes"]] == [
        ("sshd-not-running", ["host:dead"], "likely")
    ]
    assert found["causes"][0]["symptoms"] == [], "a host that shows no key has no changed one"
    dead = [gap for gap in found["unknown"] if gap["target"] == "host:dead"]
    assert len({gap["reason"] for gap in dead}) == len(dead)
    assert outcome.err == ""


def test_a_question_is_not_guessed(sweeping: Desk) -> None:
    found = checked(sweeping.run(*words(sweeping, "--json")).json, "sweep")
    (question,) = found["questions"]
    assert (question["symptom"], question["step"]) == ("marker-is-missing", "seen")
    assert question["inputs"] == [{"dead": "dead", "file": str(sweeping.marker)}]
    assert "marker-was-removed" not in [one["id"] for one in found["causes"]]
    shown = sweeping.run(*words(sweeping)).out
    assert f"deadhop diagnose marker-is-missing --set dead=dead --set file={sweeping.marker} --set seen=" in shown


def test_an_answer_given_beforehand_is_used_and_the_fix_works(sweeping: Desk) -> None:
    found = checked(sweeping.run(*words(sweeping, "--json", "--set", "seen=looked")).json, "sweep")
    assert "marker-was-removed" in [one["id"] for one in found["causes"]]
    fixed = sweeping.run("fix", found["session"], "--cause", "marker-was-removed", "--yes", "--json")
    assert (fixed.code, fixed.json["verified"]) == (0, True)
    assert sweeping.marker.exists()
    assert sweeping.run("fix", found["session"], "--undo", "--yes", "--json").code == 0


@pytest.fixture
def meant(sweeping: Desk) -> Desk:
    """Somebody may want the marker gone."""
    own = sweeping.home / "config/deadhop/knowledge/causes/host/marker-was-removed.yaml"
    own.write_text(own.read_text(encoding="utf-8") + "may_be_meant: true\n", encoding="utf-8")
    return sweeping


def test_what_may_be_meant_is_repaired_when_it_is_named_and_never_by_itself(meant: Desk) -> None:
    found = checked(meant.run(*words(meant, "--json", "--set", "seen=looked")).json, "sweep")
    assert [one["id"] for one in found["may_be_meant"]] == ["marker-was-removed"]
    assert "put-back" in [fix["id"] for fix in found["may_be_meant"][0]["fixes"]]
    assert [one["id"] for one in found["causes"]] == ["sshd-not-running"]
    named = ("fix", found["session"], "--cause", "marker-was-removed")
    plan = meant.run(*named, "--plan")
    assert (plan.code, f"touch {meant.marker}" in plan.out, meant.marker.exists()) == (0, True, False)
    assert "may be meant so" in plan.err
    assert "의도된 설정일 수 있다" in meant.run(*named, "--plan", "--lang", "ko").err
    fixed = meant.run(*named, "--yes", "--json")
    assert (fixed.code, fixed.json["verified"]) == (0, True)
    assert meant.marker.exists()
    assert meant.run("fix", found["session"], "--undo", "--yes", "--json").code == 0
    assert not meant.marker.exists()
    other = meant.run("fix", found["session"], "--cause", "nothing", "--plan")
    assert "--cause sshd-not-running|marker-was-removed" in other.err


def test_where_nothing_else_was_found_it_is_still_to_be_named(meant: Desk) -> None:
    """The dead host's own trees are of another layer."""
    own = meant.home / "config/deadhop/knowledge/symptoms/host/marker-is-missing.yaml"
    (meant.home / "config/deadhop/knowledge/symptoms/cluster").mkdir()
    own.rename(own.parents[1] / "cluster" / own.name)
    swept = meant.run(*words(meant, "--json", "--layer", "cluster", "--set", "seen=looked"))
    found = checked(swept.json, "sweep")
    assert (found["causes"], [one["id"] for one in found["may_be_meant"]]) == ([], ["marker-was-removed"])
    outcome = meant.run("fix", found["session"], "--yes")
    assert (outcome.code, meant.marker.exists()) == (3, False)
    assert "found no cause but what may be meant so" in outcome.err
    assert "--cause marker-was-removed" in outcome.err
    assert meant.run("fix", found["session"], "--cause", "marker-was-removed", "--yes").code == 0
    assert meant.marker.exists()


def test_a_sweep_is_listed_exported_and_resumed(sweeping: Desk) -> None:
    session = checked(sweeping.run(*words(sweeping, "--json")).json, "sweep")["session"]
    (info,) = checked(sweeping.run("sessions", "--json").json, "sessions")["sessions"]
    assert (info["id"], info["verdict"], info["causes"]) == (session, "cause", ["sshd-not-running"])
    for form in ("markdown", "html", "json"):
        for more in ((), ("--anonymise",)):
            text = sweeping.run("export", session, "--format", form, *more).out
            assert "sshd-not-running" in text
    assert sweeping.run("resume", session, "--json").code == 0
    assert sweeping.run("sessions", "verify", session).code == 0


def test_watching_says_only_what_changes(sweeping: Desk) -> None:
    """On the dead host's port somebody listens, between two sweeps, who never says a word."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))  # not listening yet: refused
        config = sweeping.home / "ssh_config"
        port = mute.getsockname()[1]
        config.write_text(f"Host dead\n  HostName 127.0.0.1\n  Port {port}\n  UserKnownHostsFile /dev/null\n")
        process = started(sweeping, "--watch", "0.2", "--json")
        assert process.stdout is not None
        lines = (checked(json.loads(line), "sweep") for line in process.stdout)
        first, second = next(lines), next(lines)
        mute.listen(50)
        found = next(one for one in lines if one["changes"])
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert "changes" not in first
    assert second["changes"] == []
    gone = [one for one in found["changes"] if one["id"] == "sshd-not-running"]
    assert [one["kind"] for one in gone] in (["gone"], ["not-seen"])
    assert found["session"] == first["session"]


@pytest.mark.parametrize("lang", ["json", "en", "ko"])
def test_watching_that_is_interrupted_leaves_what_is_known(sweeping: Desk, lang: str) -> None:
    """Between two sweeps the host begins to let everybody connect and to say nothing."""
    with socket.socket() as mute:
        mute.settimeout(60)
        mute.bind(("127.0.0.1", 0))
        config = sweeping.home / "ssh_config"
        port = mute.getsockname()[1]
        config.write_text(f"Host dead\n  HostName 127.0.0.1\n  Port {port}\n  UserKnownHostsFile /dev/null\n")
        form = ("--json",) if lang == "json" else ("--lang", lang)
        process = started(sweeping, "--watch", "0.2", *form)
        assert process.stdout is not None
        process.stdout.readline()
        mute.listen(50)
        mute.accept()  # the next one has come as far as the host
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, b"Traceback" in err) == (130, False)
    if lang != "json":
        said = {"en": "interrupted: this is partial", "ko": "중단했다. 여기까지의 결과다"}[lang]
        assert said in out.decode()
        return
    last = checked(json.loads(out.splitlines()[-1]), "sweep")
    assert (last["cut"], "changes" in last) == ("interrupted", True)


def test_in_korean(sweeping: Desk) -> None:
    shown = sweeping.run(*words(sweeping, "--lang", "ko")).out
    assert "원인 찾음" in shown
    assert "확인하지 못한 것" in shown


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--layer", "hots"), "host"),
        (("--host", "deda"), "deadhop site show"),
        (("--deadline", "soon"), "1 … 3600"),
        (("--deadline", "-1"), "1 … 3600"),
        (("--deadline", "nan"), "1 … 3600"),
        (("--at-once", "0"), "1 … 128"),
        (("--at-once", "many"), "1 … 128"),
        (("--at-once", ""), "1 … 128"),
        (("--deadline", ""), "1 … 3600"),
        (("--watch", ""), "1 … 3600"),
        (("--host", ""), "deadhop site show"),
        (("--layer", ""), "cloud, cluster, host"),
        (("--set", "sen=looked"), "seen"),
    ],
)
def test_slips_of_the_finger(sweeping: Desk, more: tuple[str, ...], said: str) -> None:
    outcome = sweeping.run(*words(sweeping, *more))
    assert outcome.code == 3
    assert said in outcome.err


def interrupted(desk: Desk, *more: str) -> tuple[int, bytes, bytes]:
    """The host lets us connect and says nothing: four seconds of waiting for its banner."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(60)
        port = mute.getsockname()[1]
        config = desk.home / "ssh_config"
        config.write_text(f"Host dead\n  HostName 127.0.0.1\n  Port {port}\n  UserKnownHostsFile /dev/null\n")
        process = started(desk, *more)
        mute.accept()  # it has come as far as the host
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert b"Traceback" not in err
    return process.returncode, out, err


def test_an_interrupt_leaves_what_is_known(sweeping: Desk) -> None:
    code, out, _ = interrupted(sweeping, "--json")
    assert code == 130
    found = checked(json.loads(out), "sweep")
    assert (found["cut"], found["causes"], found["verdict"]) == ("interrupted", [], "unknown")
    assert sum(one["count"] for one in found["unfinished"]) > 0
    (path,) = (sweeping.home / "state" / "sessions").glob("*.jsonl")
    journal = read(path)
    assert journal.damage == ()
    (noted,) = [entry.data for entry in journal.entries if entry.kind == "diagnosis"]
    assert [noted[name] for name in ("cut", "unfinished", "not_begun")] == [
        found[name] for name in ("cut", "unfinished", "not_begun")
    ]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ("COULD NOT TELL", "interrupted: this is partial", "NOT LOOKED AT TO THE END")),
        ("ko", ("판단 불가", "중단했다. 여기까지의 결과다", "끝까지 살펴보지 못한 것")),
    ],
)
def test_an_interrupt_is_said_and_what_it_did_not_come_to(sweeping: Desk, lang: str, said: tuple[str, ...]) -> None:
    code, out, _ = interrupted(sweeping, "--lang", lang)
    shown = out.decode()
    assert code == 130
    assert [part for part in said if part not in shown] == []
    assert "deadhop diagnose " in shown
    assert "deadhop export " in shown.splitlines()[-1]
    report = sweeping.run("export", "latest", "--lang", lang).out
    assert "`interrupted`" in report


# ------------------------------------------------------------------ the baseline


def test_a_baseline_is_saved_used_and_refused_when_it_was_cut(sweeping: Desk) -> None:
    outcome = sweeping.run(*words(sweeping, "--save-baseline", "--json"))
    saved = checked(outcome.json, "sweep")["saved"]
    assert (saved["places"], saved["settings"], saved["causes"]) == ([], 0, ["sshd-not-running"])
    assert [one["place"] for one in saved["unread"]] == ["host:dead"]
    assert outcome.json["baseline"] is None

    found = checked(sweeping.run(*words(sweeping, "--json")).json, "sweep")["baseline"]
    assert (found["file"], found["causes"], found["differences"]) == (saved["file"], ["sshd-not-running"], [])
    assert [(one["place"], one["kind"], one["when"]) for one in found["not_compared"]] == [
        ("host:dead", "", "then")
    ]
    assert checked(sweeping.run(*words(sweeping, "--json", "--no-baseline")).json, "sweep")["baseline"] is None

    file = Path(saved["file"])
    file.write_bytes(file.read_bytes()[:-30])
    outcome = sweeping.run(*words(sweeping, "--lang", "ko"))
    assert outcome.code == 1, "the sweep itself goes on"
    assert "손상되었거나 잘려서" in outcome.out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--save-baseline", "--host", "dead"), "the whole site"),
        (("--save-baseline", "--watch", "5"), "the whole site"),
        (("--baseline", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--baseline", "nowhere.jsonl", "--no-baseline"), "exclude each other"),
        (("--baseline", "site.yaml"), "damaged"),
        (("--baseline", "."), "no baseline of this site"),
        (("--baseline", ""), "leave the option out"),
        (("--save-baseline", ""), "leave the option out"),
    ],
)
def test_baselines_that_cannot_be(sweeping: Desk, more: tuple[str, ...], said: str) -> None:
    outcome = sweeping.run(*words(sweeping, *more))
    assert (outcome.code, outcome.out) == (3, "")
    assert said in outcome.err.replace("\n  ", " ")


def test_a_sweep_that_was_cut_short_is_no_baseline(sweeping: Desk) -> None:
    outcome = sweeping.run(*words(sweeping, "--save-baseline", "--json", "--deadline", "0.01"))
    assert checked(outcome.json, "sweep")["saved"] is None
    assert not (sweeping.home / "state" / "baselines").exists()

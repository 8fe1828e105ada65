"""What other programs may rely on: real outputs held against the shipped schemas."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from deadhop.tracing import trace_json
from diagnosis.tracing import Wanted
from probes.trace.facts import FlowStep
from tests.deadhop.desk import Desk
from tests.tui.traces import DEAD, DIES, evidence, plan

SCHEMAS = {
    entry.name.removesuffix(".json"): json.loads(entry.read_text(encoding="utf-8"))
    for entry in files("deadhop").joinpath("schemas").iterdir()
    if entry.name.endswith(".json")
}
CAUSE = ("--cause", "marker-was-removed")
FAILS_AT_THE_END = """
import sys
from base.errors import UsageError
from deadhop import main
from deadhop.output import Output

def work(argv):
    if "answer" in argv:
        Output(json_wanted=True).object("fix", {})
    raise UsageError("the connection would not close")

main.main = work
sys.argv = ["deadhop", *sys.argv[1:], "--json"]
main.entry()
"""


def checked(document: dict[str, Any], kind: str) -> dict[str, Any]:
    assert document["deadhop"] == 1
    assert document["kind"] == kind
    jsonschema.Draft202012Validator(SCHEMAS[kind]).validate(document)
    return document


@pytest.mark.parametrize("kind", SCHEMAS)
def test_schemas_are_schemas(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[kind])
    assert SCHEMAS[kind]["properties"]["kind"] == {"const": kind}


def test_diagnosis_and_fix(desk: Desk) -> None:
    outcome = desk.diagnose("--json")
    diagnosis = checked(outcome.json, "diagnosis")
    assert outcome.code == 1
    assert diagnosis["verdict"] == "cause"
    (cause,) = diagnosis["causes"]
    assert cause["id"] == "marker-was-removed"
    assert cause["evidence"] == [diagnosis["evidence"][0]["id"]]
    assert cause["fixes"][0]["actions"] == [
        {"on": "operator", "run": f"touch {desk.marker}", "undo": f"rm -f {desk.marker}"}
    ]
    plan = checked(desk.run("fix", diagnosis["session"], *CAUSE, "--plan", "--json").json, "fix")
    assert plan["phase"] == "planned"
    applied = checked(desk.run("fix", diagnosis["session"], *CAUSE, "--yes", "--json").json, "fix")
    assert (applied["verified"], applied["actions"][0]["exit_status"]) == (True, 0)
    checked(desk.run("fix", diagnosis["session"], "--undo", "--yes", "--json").json, "fix")
    checked(desk.run("resume", diagnosis["session"], "--json").json, "resume")


@pytest.mark.parametrize(("words", "kind"), [(("answer",), "fix"), ((), "error")])
def test_what_goes_wrong_behind_the_answer_is_no_second_object(words: tuple[str, ...], kind: str) -> None:
    ran = subprocess.run([sys.executable, "-c", FAILS_AT_THE_END, *words], capture_output=True, text=True)
    assert ran.returncode == 3
    assert json.loads(ran.stdout)["kind"] == kind
    assert "the connection would not close" in ran.stderr


def test_unknown_symptom_is_a_diagnosis_without_a_session(desk: Desk) -> None:
    outcome = desk.run("diagnose", "xyzzy plugh", "--site", str(desk.site), "--json")
    assert outcome.code == 2
    assert checked(outcome.json, "diagnosis")["session"] is None


def test_a_trace_and_its_session(desk: Desk) -> None:
    """To this machine itself; without `ping` it says so, in the same form."""
    outcome = desk.run("trace", "operator", "127.0.0.1", "--count", "4", "--json", "--site", str(desk.site))
    traced = checked(outcome.json, "trace")
    assert (outcome.code, traced["verdict"]) in ((0, "arrives"), (2, "failed"))
    assert traced["dead_hop"] is None
    (info,) = checked(desk.run("sessions", "--json").json, "sessions")["sessions"]
    assert info["id"] == traced["session"]
    for form in ("markdown", "html", "json"):
        checked(desk.run("export", info["id"], "--format", form, "--json").json, "export")


def test_a_dead_hop_in_open_vswitch() -> None:
    """Where no flow matches there is no priority; a flow without a cookie has none."""
    way = (
        FlowStep("br-tun", 4, 1, "0x1", "tun_id=0x1f4", "resubmit(,10)", 20, ""),
        FlowStep("br-tun", 10, -1, "", "", "", -1, ""),
    )
    dead = replace(DEAD, reason="no-flow", rule="", table="br-tun", at="br-tun", flows=way)
    traced = [(plan("a", "10.0.0.9", Wanted()), evidence(replace(DIES, dead=(dead,))))]
    document = checked({"deadhop": 1, "kind": "trace", "session": "s1", **trace_json(traced)}, "trace")
    first, last = document["dead_hop"]["flows"]
    assert (first["priority"], first["cookie"], first["packets"], first["remark"]) == (1, "0x1", 20, None)
    assert (last["priority"], last["cookie"], last["packets"], last["table"]) == (None, None, None, 10)


def test_sessions_and_export(desk: Desk) -> None:
    checked(desk.run("sessions", "--json").json, "sessions")
    desk.diagnose()
    (info,) = checked(desk.run("sessions", "--json").json, "sessions")["sessions"]
    assert (info["symptom"], info["causes"]) == ("marker-is-missing", ["marker-was-removed"])
    for form in ("markdown", "html", "json"):
        for more in ((), ("--anonymise",)):
            outcome = desk.run("export", info["id"], "--format", form, *more, "--json")
            assert checked(outcome.json, "export")["format"] == form
    page = desk.run("export", info["id"], "--format", "html")
    assert page.out.startswith("<!DOCTYPE html>")
    target = desk.home / "ticket.md"
    written = checked(desk.run("export", info["id"], "--output", str(target), "--json").json, "export")
    assert written["file"] == str(target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert "marker-was-removed" in target.read_text(encoding="utf-8")


def test_knowledge(desk: Desk) -> None:
    listing = checked(desk.run("kb", "list", "--json").json, "kb")
    assert "destination-port-unreachable" in [symptom["id"] for symptom in listing["symptoms"]]
    checked(desk.run("kb", "lint", "--json").json, "kb")
    checked(desk.run("kb", "test", "--json").json, "kb")
    checked(desk.run("kb", "show", "marker-is-missing", "--json").json, "symptom")
    checked(desk.run("kb", "show", "marker-was-removed", "--json").json, "cause")
    for what in ("symptom", "cause", "cases"):
        envelope = checked(desk.run("kb", "schema", what, "--json").json, "kb-schema")
        jsonschema.Draft202012Validator.check_schema(envelope["schema"])


def test_lint_names_file_line_and_column(desk: Desk) -> None:
    broken = desk.home / "own" / "symptoms" / "host" / "broken.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("id: broken\ntitel: {en: a, ko: 가}\n", encoding="utf-8")
    outcome = desk.run("kb", "lint", "--folder", str(desk.home / "own"), "--json")
    assert outcome.code == 1
    problems = checked(outcome.json, "kb")["problems"]
    assert (str(broken), 2, 1) in [(one["file"], one["line"], one["column"]) for one in problems]


def test_new_knowledge_passes_lint_and_its_own_cases(desk: Desk) -> None:
    own = desk.home / "own"
    created = desk.run("kb", "new", "dns-is-slow", "--folder", str(own), "--json")
    assert len(checked(created.json, "kb-new")["files"]) == 3
    tested = checked(desk.run("kb", "test", "--folder", str(own), "--json").json, "kb")
    assert [one for one in tested["problems"] if str(own) in one["file"]] == []
    assert desk.run("kb", "new", "dns-is-slow", "--folder", str(own)).code == 3


def test_search(desk: Desk) -> None:
    text = "From 10.10.10.1 icmp_seq=1 Destination Port Unreachable"
    found = checked(desk.run("kb", "search", text, "--json").json, "search")
    assert found["matches"][0]["symptom"] == "destination-port-unreachable"
    assert found["confident"] is True


def test_search_batch_answers_line_by_line(desk: Desk) -> None:
    lines = ["ping: Destination Port Unreachable", "ssh 접속이 안 된다", ""]
    stdin = "\n".join(json.dumps(line) for line in lines).encode()
    outcome = desk.run("kb", "search", "--batch", "-", stdin=stdin)
    assert outcome.code == 0
    answers = [checked(json.loads(line), "search") for line in outcome.out.splitlines()]
    assert len(answers) == 3
    assert answers[1]["matches"][0]["symptom"] == "host-does-not-answer-ssh"


def test_a_wrong_line_of_a_batch_does_not_shift_the_others(desk: Desk) -> None:
    outcome = desk.run("kb", "search", "--batch", "-", stdin=b'"a"\nnot json\n{"x": 1}\n"b"\n')
    assert outcome.code == 3
    assert [json.loads(line)["kind"] for line in outcome.out.splitlines()] == ["search", "error", "error", "search"]


def test_site(desk: Desk) -> None:
    shown = checked(desk.run("site", "show", "--site", str(desk.site), "--json").json, "site")
    assert [(host["name"], host["reachable"]) for host in shown["hosts"]] == [("dead", None)]
    outcome = desk.run("site", "check", "--site", str(desk.site), "--json")
    assert outcome.code == 2
    (host,) = checked(outcome.json, "site")["hosts"]
    assert host["reachable"] is False
    assert host["reason"]
    assert host["hint"]
    config = str(desk.home / "ssh_config")
    made = desk.run("site", "init", str(desk.home / "new.yaml"), "--ssh-config", config, "--json")
    assert checked(made.json, "site")["hosts"][0]["name"] == "dead"
    assert desk.run("site", "show", "--site", str(desk.home / "new.yaml")).code == 0


def test_demo_and_drills(desk: Desk) -> None:
    drills = checked(desk.run("demo", "--list", "--json").json, "drills")["drills"]
    assert drills
    for drill in drills:
        outcome = desk.run("demo", drill, "--json")
        assert outcome.code == 0, outcome.err
        played = checked(outcome.json, "demo")
        assert played["diagnosis"]["verdict"] == "cause"
        assert played["fix"]["verified"] is True


def test_version_and_errors(desk: Desk) -> None:
    checked(desk.run("--version", "--json").json, "version")
    outcome = desk.run("kb", "show", "nothing-like-it", "--json")
    assert outcome.code == 3
    assert checked(outcome.json, "error")["exit_code"] == 3
    assert outcome.err.startswith("error: ")
    checked(desk.run("--no-such-option", "--json").json, "error")

"""Cases hold a tree to its word, and say which branch nobody tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosis.catalog import catalog
from knowledge.cases import CaseReport, run_cases
from knowledge.load import shipped
from tests.knowledge.authoring import CASES, broken, loaded, write


def run(folder: Path) -> CaseReport:
    return run_cases(loaded(folder).knowledge, catalog(), [folder])


def test_all_branches_reached(tmp_path: Path) -> None:
    report = run(write(tmp_path))
    assert report.problems == ()
    assert (report.cases, report.branches, report.reached) == (7, 11, 11)


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("cause: rejected", "cause: other", "the cause `rejected` was found", ""),
        ("{end: answers, path", "{end: is-off, path", "the walk ended in `answers`", ""),
        ("path: [reach, rule]", "path: [reach]", "the walk went reach → rule", ""),
        ("values: {host: gate", "values: {host: gote", "it is `gate`", ""),
        ("values: {host: gate", "values: {hots: gate", "has no value `hots`", "did you mean `host`?"),
        ("-D FORWARD -d", "-D FORWARD -s", "the commands are others", "iptables -D FORWARD -d 192.0.2.7"),
        ("{remove-rule: [iptables -D", "{remove: [iptables -D", "`rejected` has no fix `remove`", "`remove-rule`?"),
        ("ruled_out: [rejected]", "ruled_out: [other]", "`other` was not ruled out", "ruled out: rejected"),
        ("ruled_out: [rejected]", "not_ruled_out: [rejected]", "`rejected` was ruled out", ""),
        (
            "ruled_out: [rejected]",
            "not_ruled_out: [rejekted]",
            "unknown cause `rejekted`",
            "did you mean `rejected`?",
        ),
        ("hosts: {192.0.2.1: gate}", "hosts: {}", "does not say which host has 192.0.2.1", "hosts: {"),
        ("sent: 5, error: port", "snet: 5, error: port", "Ping has no field `snet`", "did you mean `sent`?"),
        ("sent: 5, error: port", "sent: five, error: port", "int is wanted here", "not `five`"),
        ("target: 192.0.2.7}", "target: nowhere}", "is not of the kind `address`", ""),
        ("source: web1, ", "", "the input `source` is missing", ""),
        ("rule: {host: gate, hits", "role: {host: gate, hits", "unknown step `role`", "did you mean `rule`?"),
        ("received: 5, rtt_ms", "received: 4, rtt_ms", "the case says nothing of `powered`", "went reach"),
        (
            "reach: {sent: 5}, powered: off",
            "reach: {sent: 5, received: 5}, powered: off",
            "was never looked at",
            "",
        ),
        ("powered: off", "powered: broken", "`powered` has no answer `broken`", ""),
        ("end: answers, path", "path", "either `cause` or `end` is expected", ""),
        ("- name: it answers", "- nome: it answers", "unknown key `nome`", "did you mean `name`?"),
    ],
)
def test_a_wrong_case_is_named(tmp_path: Path, old: str, new: str, message: str, hint: str) -> None:
    report = run(write(tmp_path, cases=broken(CASES, old, new)))
    found = [problem for problem in report.problems if message in problem.message]
    assert found, [str(problem) for problem in report.problems]
    assert hint in found[0].hint
    assert found[0].place.line > 0
    assert report.reached < report.branches or "ruled" in old or "values" in old or "path" in old


HOSTILE = """\
- name: a host that is more than a name
  inputs: {source: web1, target: 192.0.2.7}
  hosts: {192.0.2.1: gate}
  facts:
    reach: {sent: 5, error_from: 192.0.2.1}
    rule: {host: gate; reboot, hits: [{verdict: REJECT, spec: [-j, REJECT]}]}
  expect: {cause: rejected, refused: [host], unavailable: [remove-rule]}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("refused: [host], ", "", "a value was refused: host: 'gate; reboot'"),
        ("refused: [host]", "refused: [host, spec]", "`spec` was not refused"),
        ("refused: [host]", "refused: [target]", "a value was refused: host"),
        ("[remove-rule]}", "[remove-it]}", "`rejected` has no fix `remove-it`"),
        ("unavailable: [remove-rule]", "commands: {remove-rule: [iptables]}", "`remove-rule` is not offered"),
        ("gate; reboot", "gate", "`remove-rule` is offered"),
    ],
)
def test_a_refused_value_leaves_no_commands(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert run(write(tmp_path, cases=CASES + HOSTILE)).problems == ()
    report = run(write(tmp_path, cases=CASES + broken(HOSTILE, old, new)))
    assert [problem for problem in report.problems if message in problem.message]


def test_branches_nobody_tried(tmp_path: Path) -> None:
    first = CASES[: CASES.index("- name: it answers")]
    report = run(write(tmp_path, cases=first))
    messages = [problem.message for problem in report.problems]
    assert (report.branches, report.reached) == (11, 3)
    assert "no case reaches branch 1 of `reach` in no-echo" in messages
    assert "no case reaches the `unknown` of `powered` in no-echo" in messages
    without_commands = first[: first.index("    commands")]
    report = run(write(tmp_path, cases=without_commands))
    assert "no case checks the commands of remove-rule" in [problem.message for problem in report.problems]


def test_a_symptom_without_cases_and_cases_without_a_symptom(tmp_path: Path) -> None:
    write(tmp_path)
    cases = tmp_path / "symptoms/host/no-echo.cases.yaml"
    cases.rename(cases.with_name("other.cases.yaml"))
    messages = [problem.message for problem in run(tmp_path).problems]
    assert "`no-echo` has no cases" in messages
    assert "there is no symptom `other`" in messages


def test_all_that_is_shipped_is_reached() -> None:
    report = run(shipped())
    assert [str(problem) for problem in report.problems] == []
    assert report.reached == report.branches

"""Every mistake has its file, line and column, and a hint; one bad file costs no other."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from base.errors import Place
from knowledge import positions
from knowledge.load import shipped
from knowledge.model import CauseRef, EndRef, Goto, Risk
from tests.knowledge.authoring import CAUSE, SYMPTOM, at, broken, loaded, problems_of, where, write


def test_a_good_pair_loads(tmp_path: Path) -> None:
    found = loaded(write(tmp_path))
    assert found.problems == ()
    symptom = found.knowledge.symptoms["no-echo"]
    assert (symptom.layer, symptom.first, symptom.title.ko) == ("host", "reach", "응답이 없다")
    rule = symptom.steps["rule"]
    assert isinstance(rule.branches[0].destination, CauseRef)
    assert rule.unknown == EndRef("nobody-knows")
    assert symptom.steps["reach"].branches[2].destination == Goto("powered")
    assert rule.place == Place(str(tmp_path / "symptoms/host/no-echo.yaml"), *where(SYMPTOM, "  ‸rule:"))
    fix = found.knowledge.causes["rejected"].fixes[0]
    assert (fix.risk, fix.verify.attempts, fix.actions[0].sudo) == (Risk.REVERSIBLE, 2, True)
    assert fix.verify.on.evaluate({}) == "operator"


SYMPTOM_MISTAKES = [
    (
        "inputs:",
        "swept_by: no-ech\ninputs:",
        "swept_by: ‸no-ech",
        "unknown symptom `no-ech`",
        "did you mean `no-echo`?",
    ),
    ("inputs:", "swept_by: no-echo\ninputs:", "swept_by: ‸no-echo", "not swept by itself", "`each`"),
    ("each: site.hosts", "each: site.hots", "each: ‸site.hots", "none of the known words", "`site.hosts`?"),
    (
        "each: site.hosts",
        "each: site.clouds",
        "each: ‸site.clouds",
        "gives a cloud, and this is a host",
        "`site.hosts`",
    ),
    (
        "target: {is: address,",
        "other: {is: host, each: site.hosts, ask: {en: Which?, ko: 어느?}}\n  target: {is: address,",
        "other: {is: host, each: ‸site.hosts",
        "`source` takes `site.hosts` already",
        "never tries every pair",
    ),
    (
        "answers: {verdict: nothing-found,",
        "answers: {absent: true, verdict: nothing-found,",
        "answers: {‸absent",
        "`absent` says nothing of an end that is nothing-found",
        "",
    ),
    ("id: no-echo", "id: No Echo", "id: ‸No Echo", "no id", "joined by `-`"),
    ("phrases:", "frases:", "‸frases:", "unknown key `frases`", "did you mean `phrases`?"),
    ("ko: 응답이 없다", "kr: 응답이 없다", "‸kr:", "unknown key `kr`", "a text with a comma"),
    ("title: {en: No echo, ko: 응답이 없다}", "title: {en: No echo}", "title: ‸{", "`ko` is missing", "in Korean"),
    ("ko: 응답이 없다", "ko: No echo", "ko: ‸No echo", "the Korean text is the English one", ""),
    ("ko: 응답이 없다", "ko: Silence", "ko: ‸Silence", "no Korean in the Korean text", ""),
    ("en: No echo,", "en: No echo.,", "en: ‸No echo.", "a full stop after a one-liner", ""),
    ("ko: 응답이 없다", 'ko: ""', 'ko: ‸""', "an empty text", ""),
    ("is: host", "is: hots", "is: ‸hots", "unknown kind `hots`", "did you mean `host`?"),
    ("probe: path.ping", "probe: path.pong", "probe: ‸path.pong", "unknown probe", "did you mean `path.ping`?"),
    ("count: 5", "cuont: 5", "‸cuont", "unknown name `cuont`", "did you mean `count`?"),
    ("count: 5", "count: '\"5\"'", "count: ‸'", "this is string, the kind `count` is int", ""),
    ("with: {target: target, count: 5}", "with: {}", "probe: ‸path.ping", "`path.ping` needs `target`", "with"),
    (
        "target: target, count",
        "target: source, count",
        "{target: ‸source, count",
        "never of the kind `address`",
        "",
    ),
    ("target: target, count", "target: '\"x y\"', count", "target: ‸'\"x y", "not of the kind `address`", ""),
    ("reach.received ==", "reach.recieved ==", "reach.‸recieved", "no field `recieved`", "`received`?"),
    (
        "reach.received == reach.sent",
        "reach.received",
        "{when: reach.‸received,",
        "this is int, bool is wanted",
        "",
    ),
    ("h.verdict ==", "h.verdikt ==", "h.‸verdikt", "Hit has no field `verdikt`", "`verdict`?"),
    ("'reach.error_from != \"\"'", "'reach.error_from != 5'", "error_from ‸!= 5", "cannot compare", "string(…)"),
    ("on: source\n", "on: raech.host\n", "on: ‸raech", "unknown name `raech`", ""),
    (
        "on: host_of(reach.error_from)",
        "on: rule.host",
        "on: ‸rule.host",
        "`rule` is not known here",
        "not every way",
    ),
    ("go: rule}", "go: rulle}", "go: ‸rulle", "unknown step `rulle`", "did you mean `rule`?"),
    ("end: answers", "end: anwsers", "end: ‸anwsers", "unknown end `anwsers`", "did you mean `answers`?"),
    ("end: answers", "conclude: answers", "conclude: ‸answers", "has the verdict nothing-found", "write `end`"),
    ("end: answers", "end: answers, go: rule", "‸{when: reach.rec", "leads to several places", ""),
    ("{when: reach.received == reach.sent, end: answers}", "{when: reach.ok}", "", "leads nowhere", "one of `go`"),
    ("    unknown: {go: powered}\n", "", "reach:\n    ‸ask", "`unknown` is missing", "could not be looked at?"),
    (
        "- {conclude: nobody-knows}\n    unk",
        "- {when: rule.sent > 0, conclude: nobody-knows}\n    unk",
        "‸{when: rule.sent",
        "no branch takes what is left",
        "no `when`",
    ),
    ("when: reach.received == reach.sent, end", "end", "- ‸{end: answers}", "later branches are never", ""),
    (
        '{when: powered.answer == "off", end: is-off}',
        '{when: powered.answer == "of", end: is-off}',
        '== ‸"of"',
        "`powered` has no answer `of`",
        "did you mean `off`?",
    ),
    (
        "unknown: {conclude: nobody-knows}\n  powered",
        "unknown: {go: reach}\n  powered",
        "  ‸rule:",
        "a loop of steps: reach → rule → reach",
        "must end",
    ),
    (
        "go: powered}\n    unknown: {go: powered}",
        "end: answers}\n    unknown: {go: rule}",
        "  ‸powered:",
        "no way leads to `powered`",
        "",
    ),
    (
        "From (?P<_rejecter>\\S+)",
        "From (?P<rejecter>\\S+)",
        "- ‸'From",
        "the group `rejecter` is no input",
        "`_rejecter`",
    ),
    ("no echo from (", "no echo from ((", "no echo from ‸((", "no regular expression", ""),
    ("'From (?P<_rejecter>\\S+) no", "'From (?:x+)+ no", "- ‸'From", "repeat inside a repeat", ""),
    (
        "cause: rejected",
        "cause: rejekted",
        "cause: ‸rejekted",
        "unknown cause `rejekted`",
        "did you mean `rejected`?",
    ),
    ("set: {host: rule.host,", "set: {hots: rule.host,", "‸hots", "has no `hots`", "did you mean `host`?"),
    ("set: {host: rule.host,", "set: {host: rule.sent,", "host: ‸rule.sent", "this is int, the kind `host`", ""),
    ("steps:\n", "steps:\n  size:\n    x: y\n", "‸x: y", "unknown key `x`", ""),
    ("  reach:\n", "  Reach:\n", "  ‸Reach", "`Reach` is no name", "lower-case"),
    ("inputs:\n  source:", "inputs:\n  operator:", "  ‸operator", "`operator` is a word of the language", ""),
]


@pytest.mark.parametrize(("old", "new", "place", "message", "hint"), SYMPTOM_MISTAKES)
def test_mistakes_in_a_symptom(tmp_path: Path, old: str, new: str, place: str, message: str, hint: str) -> None:
    text = broken(SYMPTOM, old, new)
    found = [one for one in problems_of(write(tmp_path, symptom=text), "no-echo.yaml") if message in one.message]
    assert found, [str(problem) for problem in problems_of(tmp_path)]
    assert hint in found[0].hint
    if place:
        assert at(found[0]) == where(text, place)
    assert loaded(tmp_path).knowledge.symptoms == {}


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"id: [", (2, 1), "no YAML"),
        (b"id: a\nid: b\n", (2, 1), "`id` stands here twice"),
        (b"\xff\xfe", (0, 0), "no UTF-8"),
        (b"", (0, 0), "the file is empty"),
        (b"- a", (1, 1), "keys and values are wanted here"),
        (
            b"a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
            b"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e]\n",
            None,
            "too many values",
        ),
        (b"a: &a [*a]", None, ""),
        (b"[" * 5000, None, ""),
        (b"? [a]\n: b", (1, 3), "a key that is no text"),
        (b"id: a\n---\nid: b", (2, 1), "no YAML"),
        (b"x" * 1_000_001, (0, 0), "larger than"),
        (b"id: !!python/object/apply:os.system [id]", None, ""),
    ],
)
def test_files_that_are_no_knowledge(
    tmp_path: Path, content: bytes, place: tuple[int, int] | None, message: str
) -> None:
    write(tmp_path)
    (tmp_path / "symptoms/host/odd.yaml").write_bytes(content)
    found = loaded(tmp_path)
    assert "no-echo" in found.knowledge.symptoms
    of_file = [problem for problem in found.problems if problem.place.file.endswith("odd.yaml")]
    odd = [problem for problem in of_file if message in problem.message]
    assert odd, of_file
    if place:
        assert at(odd[0]) == place


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert loaded(tmp_path / "x").problems[0].message == "no such folder"


def test_an_unreadable_name_or_place(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "symptoms/host/no-echo.yaml").rename(tmp_path / "symptoms/other.yaml")
    messages = [problem.message for problem in loaded(tmp_path).problems]
    assert "the id is `no-echo`, the file `other.yaml`" in messages
    assert "the file lies in no layer's folder" in messages


def test_later_folders_lie_on_top(tmp_path: Path) -> None:
    below, above = write(tmp_path / "a"), write(tmp_path / "b", cause=broken(CAUSE, "A rule rejects it", "Ours"))
    assert loaded(below, above).knowledge.causes["rejected"].title.en == "Ours"
    write(above, cause=broken(CAUSE, "id: rejected", "id: rejected\nx: y"))
    found = loaded(below, above)
    assert found.knowledge.causes["rejected"].title.en == "A rule rejects it"
    assert [problem.place.file for problem in found.problems] == [str(above / "causes/host/rejected.yaml")]


def test_what_relies_on_a_left_out_file_is_left_out_and_says_why(tmp_path: Path) -> None:
    found = loaded(write(tmp_path, cause=broken(CAUSE, "risk: reversible", "risk: none")))
    assert found.knowledge.symptoms == {}
    assert found.knowledge.causes == {}
    (problem,) = [one for one in found.problems if one.place.file.endswith("no-echo.yaml")]
    assert problem.message == "the cause `rejected` was left out"
    assert "rejected.yaml:13:11" in problem.hint


def test_symptoms_that_lead_into_each_other(tmp_path: Path) -> None:
    jump = "{symptom: no-echo, with: {source: source, target: target}}"
    found = loaded(write(tmp_path, symptom=broken(SYMPTOM, "unknown: {go: powered}", f"unknown: {jump}")))
    assert "a loop of symptoms: no-echo → no-echo" in [problem.message for problem in found.problems]


def test_causes_that_explain_each_other(tmp_path: Path) -> None:
    write(tmp_path, cause=broken(CAUSE, "values:", "explains: {causes: [other], symptoms: [no-echo]}\nvalues:"))
    other = broken(broken(CAUSE, "id: rejected", "id: other"), "values:", "explains: {causes: [rejected]}\nvalues:")
    (tmp_path / "causes/host/other.yaml").write_text(other)
    messages = [problem for problem in problems_of(tmp_path) if "circle" in problem.message]
    assert [problem.message for problem in messages] == ["a circle of causes: other → rejected → other"]
    assert messages[0].place.file.endswith("rejected.yaml")
    assert messages[0].hint == "one of them is the root"


def test_a_jump_brings_what_the_other_tree_needs(tmp_path: Path) -> None:
    write(tmp_path)
    other = SYMPTOM.replace("id: no-echo", "id: other").replace(
        "unknown: {go: powered}", "unknown: {symptom: no-echo, with: {source: target, targt: target}}"
    )
    (tmp_path / "symptoms/host/other.yaml").write_text(other, encoding="utf-8")
    messages = {problem.message for problem in loaded(tmp_path).problems}
    assert "the symptom `no-echo` has no `targt`" in messages
    assert "the symptom `no-echo` needs `target`" in messages


BY_API = """\
id: no-api
title: {en: No API, ko: API 가 없다}
phrases: {en: [the api is gone], ko: [API 가 없다]}
inputs:
  lab: {is: cluster, ask: {en: "Which cluster?", ko: "어느 클러스터?"}}
  node: {is: k8s-name, ask: {en: "Which node?", ko: "어느 노드?"}}
steps:
  way:
    ask: {en: "How far?", ko: "어디까지?"}
    probe: k8s.reach
    on: lab
    branches:
      - {when: way.stopped_at == "", go: machine}
      - {when: way.stopped_at == "tls", conclude: nobody-knows, rules_out: false}
      - {conclude: nobody-knows, rules_out: false}
    unknown: {conclude: nobody-knows}
  machine:
    ask: {en: "And the node?", ko: "노드는?"}
    probe: node.machine
    on: lab
    with: {node: node}
    branches:
      - {when: '!machine.answered', conclude: nobody-knows, rules_out: false}
      - {conclude: nobody-knows}
    unknown: {conclude: nobody-knows}
ends:
  nobody-knows: {verdict: unknown, text: {en: It could not be told, ko: 알 수 없었다}}
"""


@pytest.mark.parametrize(
    "branch",
    [
        """{when: way.stopped_at == "tls", conclude: nobody-knows""",
        """      - {conclude: nobody-knows""",
        """{when: '!machine.answered', conclude: nobody-knows""",
    ],
)
def test_a_branch_on_how_far_an_api_was_reached_rules_nothing_out(tmp_path: Path, branch: str) -> None:
    write(tmp_path)
    file = tmp_path / "symptoms/host/no-api.yaml"
    file.write_text(BY_API, encoding="utf-8")
    assert problems_of(tmp_path) == []
    file.write_text(broken(BY_API, f"{branch}, rules_out: false", branch), encoding="utf-8")
    (problem,) = problems_of(tmp_path)
    assert (problem.message, problem.hint) == (
        "this rules out what nobody could ask the API for",
        "`rules_out: false`",
    )


def test_columns_inside_quotes_and_blocks(tmp_path: Path) -> None:
    quoted = "when: 'rule.hits.exists(h, h.verdict == ''x'' && h.oops)'"
    text = broken(SYMPTOM, 'when: rule.hits.exists(h, h.verdict == "REJECT")', quoted)
    assert at(problems_of(write(tmp_path, symptom=text))[0]) == where(text, "h.‸oops")
    block = "when: |\n          rule.sent > 0 &&\n            rule.oops"
    text = broken(SYMPTOM, 'when: rule.hits.exists(h, h.verdict == "REJECT")', block)
    assert at(problems_of(write(tmp_path, symptom=text))[0]) == where(text, "rule.‸oops")
    korean = 'says: {en: Hm, ko: "그렇다"}, when: "rule.host == \\"a\\" && rule.oops"'
    text = broken(
        SYMPTOM,
        '- when: rule.hits.exists(h, h.verdict == "REJECT")\n        cause: rejected\n        set:',
        f"- {{{korean}, end: answers}}\n      - when: rule.sent > 0\n        cause: rejected\n        set:",
    )
    assert at(problems_of(write(tmp_path, symptom=text))[0]) == where(text, "rule.‸oops")


def test_what_is_shipped_has_no_mistakes() -> None:
    found = loaded(shipped())
    assert [str(problem) for problem in found.problems] == []
    assert len(found.knowledge.symptoms) >= 5


def test_without_the_c_library_files_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = list(shipped().rglob("*.yaml"))
    fast = [positions.read_document(path) for path in paths]
    monkeypatch.setattr(positions, "_Loader", yaml.BaseLoader)
    assert [positions.read_document(path) for path in paths] == fast
    document = fast[0][0]
    slow = positions.read_document(paths[0])[0]
    assert document is not None
    assert slow is not None
    assert slow.place(("title", "ko")) == document.place(("title", "ko"))

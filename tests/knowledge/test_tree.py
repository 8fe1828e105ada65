"""Where a walk stands, on the small tree of `authoring`."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.model import Knowledge
from knowledge.tree import Answer, Ask, Chosen, Ended, Found, Known, NotKnown, Position, Resolve, evaluate
from tests.knowledge.authoring import CAUSE, SYMPTOM, broken, loaded, write

INPUTS = {"source": "web1", "target": "192.0.2.7"}
REFUSED = Known({"sent": 5, "received": 0, "error": "port-unreachable", "error_from": "192.0.2.1"})


def reject(**more: object) -> Known:
    return Known({"host": "gate", "hits": [{"verdict": "REJECT", "spec": ["-j", "REJECT"]}], **more})


@pytest.fixture
def knowledge(tmp_path: Path) -> Knowledge:
    return loaded(write(tmp_path)).knowledge


def walk(knowledge: Knowledge, hosts: dict[str, str] | None = None, **answers: Answer) -> Position:
    keyed = {f"no-echo/{name}": answer for name, answer in answers.items()}
    return evaluate(knowledge, "no-echo", INPUTS, keyed, hosts if hosts is not None else {"192.0.2.1": "gate"})


def test_it_asks_first(knowledge: Knowledge) -> None:
    pending = walk(knowledge).pending
    assert isinstance(pending, Ask)
    assert (pending.key, pending.host) == ("no-echo/reach", "web1")
    assert pending.arguments == {"target": "192.0.2.7", "count": 5}


def test_it_wants_to_know_whose_address_it_is(knowledge: Knowledge) -> None:
    assert walk(knowledge, {}, reach=REFUSED).pending == Resolve(("192.0.2.1",))


def test_an_address_of_nobody_is_unknown(knowledge: Knowledge) -> None:
    position = walk(knowledge, {"192.0.2.1": ""}, reach=REFUSED)
    assert isinstance(position.conclusion, Ended)
    assert position.conclusion.end == "nobody-knows"
    assert "no host of the site" in position.decisions[-1].reason


def test_the_cause_with_its_values(knowledge: Knowledge) -> None:
    found = walk(knowledge, reach=REFUSED, rule=reject()).conclusion
    assert isinstance(found, Found)
    assert found.values == {"host": "gate", "target": "192.0.2.7", "spec": ("-j", "REJECT")}
    assert found.refused == ()


@pytest.mark.parametrize("host", ["$(id)", "a; rm -rf /", "a\nb"])
def test_a_value_of_another_kind_is_refused(knowledge: Knowledge, host: str) -> None:
    found = walk(knowledge, reach=REFUSED, rule=reject(host=host)).conclusion
    assert isinstance(found, Found)
    assert "host" not in found.values
    assert "is not of the kind `host`" in found.refused[0]


def test_what_a_false_condition_alone_led_to_is_ruled_out(knowledge: Knowledge) -> None:
    position = walk(knowledge, reach=Known({"sent": 5, "received": 5, "error_from": ""}))
    assert [(entry.cause, entry.by) for entry in position.ruled_out] == [("rejected", "no-echo/reach")]
    assert walk(knowledge, reach=NotKnown("no login"), powered=Known({"answer": "on"})).ruled_out == ()


def test_by_hand(knowledge: Knowledge) -> None:
    position = walk(knowledge, reach=Chosen(2), powered=Known({"answer": "off"}))
    assert isinstance(position.conclusion, Ended)
    assert [(d.branch, d.by_hand) for d in position.decisions] == [(2, True), (0, False)]


def test_a_late_condition_may_rely_on_an_early_one_not_to_hold(tmp_path: Path) -> None:
    early = '- {when: size(rule.hits) == 0, conclude: nobody-knows}\n      - when: rule.hits[0].verdict == "REJECT"'
    text = broken(SYMPTOM, '- when: rule.hits.exists(h, h.verdict == "REJECT")', early)
    knowledge = loaded(write(tmp_path, symptom=text)).knowledge
    position = walk(knowledge, reach=REFUSED, rule=Known({"hits": []}))
    assert [decision.branch for decision in position.decisions] == [1, 0]


def test_an_optional_value_may_be_empty(tmp_path: Path) -> None:
    text = broken(SYMPTOM, "set: {host: rule.host,", "set: {host: rule.host, gateway: rule.backend,")
    knowledge = loaded(write(tmp_path, symptom=text, cause=CAUSE)).knowledge
    found = walk(knowledge, reach=REFUSED, rule=reject(backend="")).conclusion
    assert isinstance(found, Found)
    assert found.refused == ()
    assert "gateway" not in found.values


def test_a_jump_goes_on_without_an_input_that_fails(tmp_path: Path) -> None:
    write(tmp_path)
    jump = "{symptom: no-echo, with: {source: rule.host, target: target}}"
    first = SYMPTOM.replace("id: no-echo", "id: first").replace(
        "- {conclude: nobody-knows}\n    unk", f"- {jump}\n    unk", 1
    )
    (tmp_path / "symptoms/host/first.yaml").write_text(first, encoding="utf-8")
    answers = {"first/reach": REFUSED, "first/rule": Known({"host": "$(id)", "hits": []})}
    position = evaluate(loaded(tmp_path).knowledge, "first", INPUTS, answers, {"192.0.2.1": "gate"})
    assert isinstance(position.pending, Ask)
    assert position.pending.key == "no-echo/powered"
    assert "cannot be evaluated" in position.decisions[-1].reason

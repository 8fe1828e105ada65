"""A site's rules stop a fix before anybody confirms it: exit code 3, the reason and a hint, and nothing runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.deadhop.desk import Desk
from tests.deadhop.test_fix import CAUSE, journal_of, on_a_terminal


@pytest.fixture
def found(desk: Desk) -> Desk:
    assert desk.diagnose().code == 1
    return desk


def rule(desk: Desk, text: str) -> None:
    head = desk.site.read_text().partition("fixes:")[0]
    desk.site.write_text(f"{head}fixes: {text}\n")


def never() -> str:
    """A window of one minute, twelve hours from now."""
    then = datetime.now(UTC) + timedelta(hours=12)
    return f"{{from: '{then:%H:%M}', to: '{then + timedelta(minutes=1):%H:%M}', timezone: UTC}}"


def test_each_rule_refuses_before_anything_runs(found: Desk) -> None:
    rules = {
        "{read_only: [operator]}": "read_only for operator",
        f"{{window: {never()}}}": "(UTC); there it is",
        "{second_person: true}": "a second person must confirm",
    }
    for text, reason in rules.items():
        rule(found, text)
        refused = found.run("fix", "latest", *CAUSE, "--yes")
        assert (refused.code, refused.out) == (3, ""), text
        assert reason in refused.err
        assert "hint: " in refused.err
    assert not found.marker.exists()
    assert '"intent"' not in journal_of(found)


def test_a_riskier_fix_is_refused_whatever_was_allowed_by_hand(found: Desk) -> None:
    rule(found, "{max_risk: reversible}")
    words = ("fix", "latest", *CAUSE, "--fix", "slow", "--yes", "--max-risk", "disruptive")
    refused = found.run(*words)
    assert refused.code == 3
    assert "the site allows reversible at most" in refused.err
    assert "이 사이트는 reversible 까지만" in found.run(*words, "--lang", "ko").err
    assert not found.marker.exists()


def test_as_json_it_is_an_error_object(found: Desk) -> None:
    rule(found, "{read_only: [operator]}")
    refused = found.run("fix", "latest", *CAUSE, "--yes", "--json")
    assert refused.code == 3
    assert refused.json["kind"] == "error"


def test_a_plan_is_still_shown_and_what_was_done_may_be_undone(found: Desk) -> None:
    assert found.run("fix", "latest", *CAUSE, "--yes").code == 0
    rule(found, "{read_only: [operator]}")
    assert found.run("fix", "latest", *CAUSE, "--plan").code == 0
    assert found.run("fix", "latest", "--undo", "--yes").code == 0
    assert not found.marker.exists()


def test_everywhere_but_here(found: Desk) -> None:
    """`*` says the machines of the site, not the operator's own."""
    rule(found, "{read_only: ['*']}")
    assert found.run("fix", "latest", *CAUSE, "--yes").code == 0


def test_a_second_name_is_taken_and_kept(found: Desk) -> None:
    rule(found, "{second_person: true}")
    user = found.run("fix", "latest", *CAUSE, "--yes", "--second", " ")
    assert user.code == 3
    assert found.run("fix", "latest", *CAUSE, "--yes", "--second", "김 철수").code == 0
    (confirmed,) = [
        json.loads(line)["data"]["confirmed_by"]
        for line in journal_of(found).splitlines()
        if '"kind":"intent"' in line
    ]
    assert confirmed.startswith("--yes by ")
    assert confirmed.endswith(", with 김 철수")


def test_the_operator_is_no_second_person(found: Desk) -> None:
    from diagnosis.policy import own_name

    rule(found, "{second_person: true}")
    assert found.run("fix", "latest", *CAUSE, "--yes", "--second", own_name().upper()).code == 3


def test_on_a_terminal_the_second_person_is_asked_for(found: Desk) -> None:
    rule(found, "{second_person: true}")
    code, shown = on_a_terminal(found, ("fix", "latest", *CAUSE), "y\nkim\n")
    assert code == 0, shown
    assert "with kim" in journal_of(found)


def test_a_wrong_rule_is_said_with_its_place(found: Desk) -> None:
    rule(found, "{max_risk: huge}")
    refused = found.run("fix", "latest", *CAUSE, "--yes")
    assert refused.code == 3
    assert f"{found.site}:3:19: `huge` is no risk" in refused.err
    assert not found.marker.exists()


def test_the_site_shows_its_rules(found: Desk, tmp_path: Path) -> None:
    rule(found, "{read_only: [dead], window: {days: [sat, sun], from: '9:00', to: '17:30', timezone: UTC}}")
    shown = found.run("site", "show", "--site", str(found.site), "--json").json
    assert shown["fixes"] == {
        "read_only": ["dead"],
        "window": {"days": ["sat", "sun"], "from": "09:00", "to": "17:30", "timezone": "UTC"},
        "max_risk": "destructive",
        "second_person": False,
    }
    assert [host["read_only"] for host in shown["hosts"]] == [True]
    words = found.run("site", "show", "--site", str(found.site)).out
    assert "read only" in words
    assert "sat sun 09:00-17:30 (UTC)" in words

"""The state is kept before, compared after the undo, and what is left is said with the way to put it back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from base.text import Lang
from diagnosis.keeping import calls_of
from journal.export import to_markdown
from journal.html import to_html
from journal.store import read
from tests.diagnosis.drilled import entries, seen
from tests.trust.own_fix import known, repairing, taken_up
from tests.trust.plans import knowledge, of_cases

SET = """\
- on: operator
  file: {ini: "{{ path }}", section: ovs, key: bridge_mappings, value: "physnet1:br-ex"}
"""
SAME = """\
- on: operator
  run: touch {{ path }}
  undo: touch {{ path }}
"""
TEXT = """\
[DEFAULT]
transport_url = rabbit://nova:s3cretpw@10.0.0.1

[ovs]
# bridge_mappings =
bridge_mappings = a:b
"""


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("diagnosis.keeping.PAUSE", 0.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "agent.ini"
    path.parent.mkdir()
    path.write_text(TEXT)
    path.chmod(0o640)
    return path


async def test_it_is_in_the_journal_before_the_intent_and_compared_after(tmp_path: Path, file: Path) -> None:
    async with repairing(known(tmp_path, SET), file) as (repair, session):
        await seen(repair.prepare())
        (before,) = entries(session, "state")
        assert before.data["when"] == "before"
        assert [one["what"] for one in before.data["kept"]] == [
            f"file {file}", f"file {file}.deadhop-ovs-bridge_mappings",
        ]  # fmt: skip
        assert "mode 0640" in before.data["kept"][0]["lines"]
        await seen(repair.apply(confirmed_by="test"))
        assert "bridge_mappings = physnet1:br-ex" in file.read_text()
        kinds = [entry.kind for entry in entries(session, "state", "intent", "outcome")]
        assert kinds == ["state", "state", "intent", "outcome"], "looked at again before it runs"
        await seen(repair.undo())
        assert (repair.view.phase, repair.view.fix.actions[0].restored) == ("undone", True)
        assert repair.view.message == "all that was changed is as it was before"
        assert file.read_text() == TEXT
        after = entries(session, "state")[-1]
        assert (after.data["when"], after.data["restored"], after.data["left"]) == ("after", True, [])


async def test_what_is_other_than_before_is_said_and_its_commands_put_it_back(tmp_path: Path, file: Path) -> None:
    async with repairing(known(tmp_path, SAME), file) as (repair, session):
        await seen(repair.apply(confirmed_by="test"))
        file.chmod(0o666)
        file.write_text(TEXT.replace("a:b", "c:d"))
        await seen(repair.undo())
        assert repair.view.phase == "not-as-before"
        assert str(file) in repair.view.message
        (action,) = repair.view.fix.actions
        assert action.left == (
            f"file {file}:", "- mode 0640", "+ mode 0666", "- | bridge_mappings = a:b", "+ | bridge_mappings = c:d",
        )  # fmt: skip
        assert f"chmod 0640 {file}" in repair.view.hint
        for command in action.by_hand:
            subprocess.run(command, shell=True, check=True)
        assert file.stat().st_mode & 0o7777 == 0o640
        for text in (
            to_markdown(read(session.journal_path), Lang.EN),
            to_html(read(session.journal_path), Lang.EN),
        ):
            assert "after the undo this is other than before" in text
            assert "mode 0666" in text


async def test_what_a_journal_hides_is_compared_all_the_same(tmp_path: Path, file: Path) -> None:
    known_here = known(tmp_path, SAME)
    async with repairing(known_here, file) as (repair, session):
        await seen(repair.apply(confirmed_by="test"))
        assert "s3cretpw" not in session.journal_path.read_text()
        async with taken_up(session, known_here) as again:
            assert again.view.fix.actions[0].kept[0].what == f"file {file}"
            await seen(again.undo())
            assert (again.view.phase, again.view.fix.actions[0].restored) == ("undone", True)


async def test_another_secret_is_a_difference_that_is_not_shown(tmp_path: Path, file: Path) -> None:
    known_here = known(tmp_path, SAME)
    async with repairing(known_here, file) as (repair, session):
        await seen(repair.apply(confirmed_by="test"))
        file.write_text(TEXT.replace("s3cretpw", "0therpass"))
        async with taken_up(session, known_here) as again:
            await seen(again.undo())
            assert again.view.phase == "not-as-before"
            assert "s3cretpw" not in "".join(again.view.fix.actions[0].left)
            assert "0therpass" not in "".join(again.view.fix.actions[0].left)


async def test_an_undo_that_fails_says_what_is_left_and_how_to_do_it_by_hand(tmp_path: Path, file: Path) -> None:
    async with repairing(known(tmp_path, SET), file) as (repair, _):
        await seen(repair.apply(confirmed_by="test"))
        file.write_text(file.read_text() + "other = by somebody else\n")
        await seen(repair.undo())
        (action,) = repair.view.fix.actions
        assert (repair.view.phase, action.state, action.exit_status) == ("undo-failed", "undo-failed", 1)
        assert "was changed since: compare it with" in repair.view.message
        assert repair.view.hint == f"by hand on operator: {action.undo}"
        assert "by somebody else" in file.read_text(), "nobody's work is lost"
        copy = file.with_name("agent.ini.deadhop-ovs-bridge_mappings")
        assert copy.read_text() == TEXT


async def test_a_command_that_says_nothing_of_what_it_changes_is_told(tmp_path: Path, file: Path) -> None:
    actions = "- on: operator\n  run: sh -c 'echo x >> \"$1\"' sh {{ path }}\n  undo: sh -c 'exit 0' sh\n"
    async with repairing(known(tmp_path, actions), file) as (repair, _):
        await seen(repair.apply(confirmed_by="test"))
        await seen(repair.undo())
        assert repair.view.phase == "undone"
        assert "its state was not kept" in repair.view.message


async def test_an_author_says_what_a_command_does_not(tmp_path: Path, file: Path) -> None:
    actions = """\
- on: operator
  run: sh -c 'echo x >> "$1"' sh {{ path }}
  undo: sh -c 'exit 0' sh
  state: {probe: linux.state, with: {files: '[path]'}}
"""
    async with repairing(known(tmp_path, actions), file) as (repair, _):
        await seen(repair.apply(confirmed_by="test"))
        await seen(repair.undo())
        assert repair.view.phase == "not-as-before"
        assert repair.view.fix.actions[0].left == (f"file {file}:", "+ | x")


STATELESS = {
    "mount": "what is mounted how",
    "nova-manage": "rows of a database",
    "kubeadm": "a token",
    "modprobe": "modules",
}
"""What no probe shows as a state."""


async def test_every_shipped_action_on_a_host_that_can_be_undone_keeps_its_state() -> None:
    without = set()
    for case in of_cases(knowledge()):
        plan = await case.plan(root=True)
        for action in (*plan.actions, *plan.persist):
            native = "iptables -t 'inet " in action.run or "$(" in action.run  # tables that iptables cannot have
            if (
                action.undo
                and not native
                and not calls_of(action)
                and not any(name in action.run for name in STATELESS)
                and "--at=" not in action.run
            ):
                without.add(f"{case.cause.id}/{plan.id}: {action.run}")
    assert without == set()

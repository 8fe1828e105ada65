"""What stops a repair, by the real engine: a switch, a lock, a revision or a precondition that cannot be had,
secrets that a journal has blacked out. The host's answers are given; the lab's tests prove that they are real."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from base.errors import UsageError
from diagnosis import switch
from diagnosis.repair import Repair
from diagnosis.session import Session
from probes.connection import Command
from probes.exchange import Reply
from probes.facts import Kept
from probes.probe import ProbeCall
from probes.site import FixPolicy
from tests.diagnosis.drilled import entries, seen
from tests.trust.own_fix import known, repairing, taken_up

TOUCH = "- on: operator\n  run: touch {{ path }}\n  undo: rm -f {{ path }}\n"
CUT, BACK = "ip link set eth0 down", "ip link set eth0 up"
Answers = Callable[[str], Reply]


def reply(
    status: int | None = 0, stdout: str = "", stderr: str = "", failure: str = "", message: str = ""
) -> Reply:
    return Reply(status=status, stdout=stdout, stderr=stderr, failure=failure, message=message)


LOST = reply(None, failure="unreachable", message="lost")
SILENT = reply(None, failure="too-long", message="no answer")
DENIED = reply(1, stderr="sudo: a password is required")
PARTS = {
    "tools": "command -v systemd-run",
    "lock": "set -C",
    "arm": "--on-active",
    "disarm": "systemctl stop deadhop-undo",
    "armed": "is-active",
}


def host(**answers: Reply | list[Reply]) -> Answers:
    """A host with systemd on which all works, but for these."""
    given = {"tools": reply(0, "systemd\n"), "armed": reply(3), **answers}

    def answer(text: str) -> Reply:
        for part, mark in PARTS.items():
            if mark in text and part in given:
                found = given[part]
                return found if isinstance(found, Reply) else found.pop(0) if len(found) > 1 else found[0]
        return reply()

    return answer


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("diagnosis.keeping.PAUSE", 0.0)
    monkeypatch.setattr("diagnosis.guard.BACK_PAUSE", 0.01)
    monkeypatch.setattr("diagnosis.guard.BACK_GRACE", 0.3)
    monkeypatch.setattr("diagnosis.switch.SECONDS", 1)


@asynccontextmanager
async def cutting(folder: Path, answers: Answers) -> AsyncIterator[tuple[Repair, Session, list[str]]]:
    """A repair that takes an interface of a host down; what was sent there."""
    sent: list[str] = []

    class Host:
        async def run(self, command: Command) -> Reply:
            sent.append(command.text)
            return answers(command.text)

    async with repairing(known(folder, TOUCH), folder / "file") as (repair, session):
        repair._put(0, on="h1", run=CUT, undo=BACK)
        for name, value in {
            "_connection": lambda action: Host(),
            "_reached": _yes,
            "_look_at": _nothing_kept,
            "_look": _holds,
        }.items():
            setattr(repair, name, value)
        session._root["h1"] = True
        yield repair, session, sent


async def _yes(*_: object) -> bool:
    return True


async def _holds(*_: object) -> tuple[bool, str]:
    return True, ""


async def _nothing_kept(*_: object) -> tuple[tuple[Kept, ...], str]:
    return (), "nothing is kept"


async def guarded(folder: Path, **answers: Reply | list[Reply]) -> tuple[Repair, list[str], list[object]]:
    async with cutting(folder, host(**answers)) as (repair, session, sent):
        await seen(repair.apply(confirmed_by="test"))
        return repair, sent, [entry.data["outcome"] for entry in entries(session, "guard-outcome")]


async def test_a_switch_is_armed_before_and_called_off_after(tmp_path: Path) -> None:
    repair, sent, outcomes = await guarded(tmp_path)
    assert (repair.view.phase, outcomes) == ("verified", ["disarmed"])
    armed, cut = (next(n for n, text in enumerate(sent) if mark in text) for mark in ("--on-active", CUT))
    assert sent[armed].endswith(f"'{BACK}'")
    assert armed < cut or sent[armed] != sent[cut]


@pytest.mark.parametrize("tools", [reply(1, stderr="read-only"), SILENT], ids=["fails", "silent"])
async def test_nothing_is_sent_where_no_switch_can_be_planned(tmp_path: Path, tools: Reply) -> None:
    repair, sent, _ = await guarded(tmp_path, tools=tools)
    assert repair.view.phase == "blocked"
    assert "could not be seen" in repair.view.message
    assert CUT not in sent


async def test_nothing_is_sent_where_it_cannot_be_armed(tmp_path: Path) -> None:
    repair, sent, _ = await guarded(tmp_path, arm=DENIED)
    assert repair.view.fix.actions[0].state == "by-hand"
    assert CUT not in sent


async def test_a_switch_that_cannot_be_called_off_has_not_fired_while_it_waits(tmp_path: Path) -> None:
    repair, _, outcomes = await guarded(tmp_path, disarm=DENIED, armed=reply(0))
    assert (repair.view.fix.actions[0].state, outcomes) == ("interrupted", ["not reached"])


async def test_it_has_fired_when_it_waited_before_and_does_not_any_more(tmp_path: Path) -> None:
    repair, _, outcomes = await guarded(tmp_path, disarm=DENIED, armed=[reply(0), reply(0), reply(3)])
    assert (repair.view.fix.actions[0].state, outcomes) == ("taken-back", ["fired"])


async def test_a_lost_answer_is_no_undo(tmp_path: Path) -> None:
    """The link is lost while it is called off: it is gone, and its time has not come."""
    repair, _, outcomes = await guarded(tmp_path, disarm=[LOST, reply(5)], armed=[LOST, reply(3)])
    assert (repair.view.phase, outcomes) == ("verified", ["disarmed"])


async def test_a_lost_answer_after_its_time_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnosis.switch.SECONDS", 0)
    repair, _, outcomes = await guarded(tmp_path, disarm=LOST)
    assert (repair.view.fix.actions[0].state, outcomes) == ("interrupted", ["unknown"])


async def test_what_may_take_long_has_a_later_switch(tmp_path: Path) -> None:
    async with cutting(tmp_path, host()) as (repair, _, sent):
        repair._put(0, timeout=300.0)
        await seen(repair.apply(confirmed_by="test"))
        assert any(f"--on-active={switch.SECONDS + 270}" in text for text in sent)


async def test_an_edited_command_that_could_cut_needs_an_undo_that_somebody_knows(tmp_path: Path) -> None:
    async with cutting(tmp_path, host()) as (repair, _, sent):
        repair.edit(0, "ip link set eth1 down")
        with pytest.raises(UsageError, match="could cut the way to h1, and nobody has said what takes it back"):
            await seen(repair.apply(confirmed_by="test"))
        assert sent == []
        repair.know_undo(0)
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "verified"


@pytest.mark.parametrize(
    "command",
    [
        "true & iptables -P INPUT DROP",
        "echo hi; iptables -P INPUT DROP",
        "true\niptables -P INPUT DROP",
        "echo $(ip link set eth0 down)",
        "echo `ip link set eth0 down`",
        "test -e /x&&ip link set eth0 down",
        "echo 0 > /proc/sys/net/ipv4/ip_forward",
        "rm -f /root/.ssh/authorized_keys",
        "mv /home/ops/.ssh /tmp/x",
        "chmod 777 /root",
        "chown -R x /home/ops",
        "touch /etc/nologin",
        "rm -rf /etc/ssh",
        "cp /tmp/x /etc/passwd",
        "rm -rf /",
        "sudo -n rm /etc/sudoers.d/ops",
        "'unclosed",
        "",
    ],
)
def test_what_could_cut_the_way(command: str) -> None:
    assert switch.may_cut(command)


@pytest.mark.parametrize(
    "command",
    ["touch /var/lib/x", "sudo -n rm -f /etc/kolla/x", "mkdir -p /etc/cni/net.d", "echo hello", "iptables-save"],
)
def test_what_cannot(command: str) -> None:
    assert not switch.may_cut(command)


# ------------------------------------------------------------------ the lock, revisions, the precondition


@pytest.mark.parametrize("lock", [DENIED, SILENT], ids=["denied", "silent"])
async def test_without_a_lock_nothing_is_sent_unless_told(tmp_path: Path, lock: Reply) -> None:
    async with cutting(tmp_path, host(lock=lock)) as (repair, _, sent):
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "locked"
        assert CUT not in sent
        await seen(repair.apply(confirmed_by="test", take_lock=True))
        assert repair.view.phase == "verified"


def kept(revision: str) -> tuple[tuple[Kept, ...], str]:
    return (Kept("object services/web", ("a",), "digest", revision),), ""


UNSEEN: tuple[tuple[Kept, ...], str] = ((), "answers 503")


@pytest.mark.parametrize(
    ("before", "now", "phase"),
    [
        (kept("1"), kept("1"), "verified"),
        (kept("1"), kept("2"), "locked"),
        (UNSEEN, kept("2"), "locked"),
        (kept("1"), UNSEEN, "locked"),
    ],
)
async def test_a_changed_or_unseen_object_is_not_changed(tmp_path: Path, before: Any, now: Any, phase: str) -> None:
    looks = iter((before, now, now, now))
    async with repairing(known(tmp_path, TOUCH), tmp_path / "file") as (repair, _):
        call = ProbeCall("k8s.state", "lab", {"resource": "services", "namespace": "x", "name": "web"})
        repair._put(0, keep=(call,))

        async def look(*_: object) -> Any:
            return next(looks, now)

        repair._look_at = look  # type: ignore[method-assign]
        await seen(repair.prepare())
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == phase
        assert (tmp_path / "file").exists() is (phase == "verified")


@pytest.mark.parametrize(("holds", "phase"), [(False, "not-needed"), (None, "blocked")])
async def test_the_precondition_is_looked_at_again(tmp_path: Path, holds: bool | None, phase: str) -> None:
    yaml = known(tmp_path, TOUCH)
    async with repairing(yaml, tmp_path / "file") as (repair, _):
        repair._fix = replace(repair._fix, precondition=repair._fix.verify)

        async def look(*_: object) -> tuple[bool | None, str]:
            return holds, "could not look"

        repair._look = look  # type: ignore[method-assign]
        await seen(repair.prepare())
        assert repair.view.phase == phase


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (FixPolicy(read_only=("operator",)), "read_only for operator"),
        (FixPolicy(second_person=True), "a second person"),
    ],
)
async def test_the_engine_itself_holds_a_fix_against_the_site(tmp_path: Path, policy: FixPolicy, said: str) -> None:
    """Whatever the screens have asked before."""
    async with repairing(known(tmp_path, TOUCH), tmp_path / "file") as (repair, session):
        session.site = replace(session.site, fixes=policy)
        with pytest.raises(UsageError, match=said):
            await seen(repair.apply(confirmed_by="y by jo"))
    assert not (tmp_path / "file").exists()


async def test_on_another_site_than_the_journals_nothing_is_applied(tmp_path: Path) -> None:
    async with repairing(known(tmp_path, TOUCH), tmp_path / "file") as (repair, session):
        session.strayed = "/gone/site.yaml"
        with pytest.raises(UsageError, match="the site of this session is gone"):
            await seen(repair.apply(confirmed_by="test"))
    assert not (tmp_path / "file").exists()


async def test_it_is_verified_as_often_as_the_fix_says(tmp_path: Path) -> None:
    looks: list[str] = []
    async with repairing(known(tmp_path, TOUCH), tmp_path / "file") as (repair, _):
        repair._fix = replace(repair._fix, verify=replace(repair._fix.verify, attempts=4, wait=0))

        async def look(use: object, name: str, scope: object) -> tuple[bool | None, str]:
            looks.append(name)
            return len(looks) == 3, "not yet"

        repair._look = look  # type: ignore[method-assign]
        await seen(repair.verify())
        assert (repair.view.phase, len(looks)) == ("verified", 3)
        looks += ["", "", ""]
        await seen(repair.verify())
        assert (repair.view.phase, len(looks)) == ("not-verified", 10)


# ------------------------------------------------------------------ what a journal blacked out


async def test_no_placeholder_of_a_secret_is_run(tmp_path: Path) -> None:
    file = tmp_path / "token=hunter22x"
    knowledge = known(tmp_path, TOUCH)
    async with repairing(knowledge, file) as (repair, session):
        repair.edit(0, f"touch {tmp_path}/x", f"echo password=oldpass77 > {tmp_path}/undone")
        await seen(repair.apply(confirmed_by="test"))
        assert (tmp_path / "x").exists()
        async with taken_up(session, knowledge) as again:
            with pytest.raises(UsageError, match="a secret in this command was blacked out"):
                await seen(again.undo())
    assert not (tmp_path / "undone").exists()


async def test_the_intent_is_on_the_disk_before_the_command_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: dict[str, int] = {}
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        synced[os.path.realpath(f"/proc/self/fd/{descriptor}")] = os.fstat(descriptor).st_size

    monkeypatch.setattr(os, "fsync", fsync)
    async with repairing(known(tmp_path, TOUCH), tmp_path / "file") as (repair, session):
        journal = os.path.realpath(session.journal_path)
        on_disk: list[bool] = []
        connection = repair._connection

        class Watched:
            def __init__(self, inner: Any) -> None:
                self.inner = inner

            async def run(self, command: Command) -> Reply:
                if command.changes:
                    on_disk.append(synced.get(journal, 0) == Path(journal).stat().st_size)
                    assert b'"intent"' in Path(journal).read_bytes()
                return await self.inner.run(command)  # type: ignore[no-any-return]

        repair._connection = lambda action: Watched(connection(action))  # type: ignore[method-assign,assignment,return-value]
        await seen(repair.apply(confirmed_by="test"))
        (outcome,) = entries(session, "outcome")
        assert outcome.data["state"] == "done"
        assert on_disk == [True]
        assert synced[journal] >= Path(journal).read_bytes().index(b'"outcome"'), "the outcome is synced as well"

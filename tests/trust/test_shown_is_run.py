"""What is shown is what runs, byte for byte: on the command line, in the app, in the journal, and at the machine.

Every fix of the shipped knowledge, on the values of its cases and on values that need quoting, for a login that is
root and for one that is not."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from base.text import Lang
from deadhop.front import Front
from deadhop.showing import fix_lines
from deadhop.words import Speaker
from diagnosis import lock, switch
from diagnosis.repair import Repair
from diagnosis.session import Session
from diagnosis.views import ActionView, FixView
from journal.store import Journal, read
from probes.connection import Connection
from probes.site import OPERATOR, Host, Site
from probes.toolbox import LiveToolbox
from tests.trust.plans import Case, identity, knowledge, made_up, of_cases
from tests.trust.recorder import RecordingServer
from tui.widgets.action import ActionCard
from tui.words import words_of

KNOWN = knowledge()
LOOKS = ("true", "id -u", switch.LOOK_FOR_TOOLS)


class RoutedToolbox(LiveToolbox):
    """The operator's own shell gets the same script; here a server keeps it, for it must not run."""

    def connection(self, target: str) -> Connection:
        return super().connection("host:recorder" if target == OPERATOR else target)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RecordingServer]:
    server = RecordingServer(tmp_path)
    server.prepare(lambda command: (0, ""))
    await server.start()
    yield server
    await server.stop()


async def plans(root: bool) -> list[tuple[Case, FixView]]:
    """Each different plan once."""
    seen: dict[str, tuple[Case, FixView]] = {}
    for case in (*of_cases(KNOWN), *made_up(KNOWN)):
        plan = await case.plan(root=root)
        if not plan.unavailable:
            seen.setdefault(f"{case.cause.id} {plan.id} {identity(plan)}", (case, plan))
    return list(seen.values())


async def test_every_fix_is_looked_at() -> None:
    found = {(case.cause.id, plan.id) for case, plan in await plans(root=True)}
    assert found == {(cause.id, fix.id) for cause in KNOWN.causes.values() for fix in cause.fixes}
    led_to = {(case.cause.id, case.fix.id) for case in of_cases(KNOWN)}
    assert found == led_to, "a case leads to every fix"


# ------------------------------------------------------------------ on the screens


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("root", [True, False], ids=["root", "sudo"])
async def test_the_command_line_shows_it(root: bool, lang: Lang, capsys: pytest.CaptureFixture[str]) -> None:
    front = Front.of(argparse.Namespace(site=None, set=None, json=False), Speaker(lang.value))
    for case, plan in await plans(root):
        for line in fix_lines(front, plan):
            front.out.line(line)
        shown = capsys.readouterr().out.splitlines()
        for action in (*plan.actions, *plan.persist):
            assert f"    {action.run}" in shown, case.name
            assert not action.undo or any(line.endswith(f": {action.undo}") for line in shown), case.name


class Cards(App[None]):
    """The app's own cards of one plan."""

    def __init__(self, actions: tuple[ActionView, ...]) -> None:
        super().__init__()
        self.actions = actions

    def compose(self) -> ComposeResult:
        for number, action in enumerate(self.actions, 1):
            yield ActionCard(words_of(Lang.EN), Lang.EN, number, action, edited=False)


@pytest.mark.parametrize("root", [True, False], ids=["root", "sudo"])
async def test_the_app_shows_it(root: bool) -> None:
    actions = tuple(action for _, plan in await plans(root) for action in (*plan.actions, *plan.persist))
    async with Cards(actions).run_test() as pilot:
        cards = list(pilot.app.query(ActionCard))
        assert [_plain(card, "command") for card in cards] == [action.run for action in actions]
        for card, action in zip(cards, actions, strict=True):
            assert not action.undo or _plain(card, "undo").endswith(f"  {action.undo}")


def _plain(card: ActionCard, name: str) -> str:
    content = card.query_one(f".{name}", Static).content
    return str(getattr(content, "plain", content))


# ------------------------------------------------------------------ in the journal and at the machine


@pytest.mark.parametrize("root", [True, False], ids=["root", "sudo"])
async def test_the_journal_says_it_and_the_machine_gets_it(
    root: bool, server: RecordingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path / "state"))
    every = await plans(root)
    hosts = {action.on for _, plan in every for action in (*plan.actions, *plan.persist)} - {OPERATOR}
    site = Site("test", tuple(Host(name) for name in sorted({"recorder", *hosts})), (tmp_path / "config",))
    async with RoutedToolbox(site) as toolbox:
        for case, plan in every:
            session = _session(site, toolbox, tmp_path / "journals")
            server.prepare(lambda command, plan=plan: _answer(command, plan, root))  # type: ignore[misc]
            repair = Repair(session, case.cause.id, case.values, case.fix, plan)
            await _applied_as_shown(repair, session, server, case, (*plan.actions, *plan.persist))
            await _undone_as_shown(repair, server, case, (*plan.actions, *plan.persist))
            session.journal.close()


async def _applied_as_shown(
    repair: Repair, session: Session, server: RecordingServer, case: Case, shown: tuple[ActionView, ...]
) -> None:
    async for view in repair.apply(confirmed_by="test", persist=True, take_lock=True):  # no API holds the objects
        if view.phase == "verifying":
            break
    assert [text for text in server.ran if text in {one.run for one in shown}] == [one.run for one in shown], (
        case.name
    )
    assert _journalled(session, "run") == [action.run for action in shown], case.name
    assert _journalled(session, "undo") == [action.undo for action in shown], case.name
    _nothing_else_was_sent(server, repair.view.fix.actions, case.name)
    for action in shown:
        quoted = shlex.quote(action.run).encode()
        assert any(b" sh -c " + quoted + b"\n" in script for script in server.scripts), case.name


async def _undone_as_shown(
    repair: Repair, server: RecordingServer, case: Case, shown: tuple[ActionView, ...]
) -> None:
    undos = [action.undo for action in reversed(shown) if action.undo]
    if not undos:
        return  # the fix says that it cannot be taken back
    server.ran.clear()
    async for _ in repair.undo():
        pass
    assert [command for command in server.ran if command in undos] == undos, case.name


def _session(site: Site, toolbox: RoutedToolbox, folder: Path) -> Session:
    session = Session(site, argv=(), journal=Journal.create(folder, {"argv": [], "site": "test", "drill": False}))
    session._knowledge, session._toolbox = KNOWN, toolbox
    return session


def _answer(command: str, plan: FixView, root: bool) -> tuple[int, str]:
    if command == "id -u":
        return 0, "0\n" if root else "1000\n"
    if command == switch.LOOK_FOR_TOOLS:
        return 0, "systemd\n"
    return (1 if command in {action.unless for action in (*plan.actions, *plan.persist)} else 0), ""


def _journalled(session: Session, field: str) -> list[str]:
    return [str(entry.data[field]) for entry in read(session.journal_path).entries if entry.kind == "intent"]


def _nothing_else_was_sent(server: RecordingServer, actions: tuple[ActionView, ...], name: str) -> None:
    """Besides what is shown: looks that change nothing, the host's lock, and the switch, which is shown as well."""
    known = {text for action in actions for text in (action.run, action.unless, action.arm, action.disarm)}
    for command in server.ran:
        assert command in known or command in LOOKS or lock.PATH in command or "operator.lock" in command, (
            name,
            command,
        )

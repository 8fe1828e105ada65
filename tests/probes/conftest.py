"""What every test of the probes is held to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import probes.all
from probes.connection import Command
from probes.exchange import Reply
from probes.probe import PROBES
from probes.replay import ReplayConnection
from tests.probes.readonly import looks_only

assert probes.all

DECLARED = tuple(command for one in PROBES.values() for command in one.commands)
"""Of the shipped probes: tests of the machinery have probes of their own, with commands that are none."""


@pytest.fixture(autouse=True)
def _only_looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a probe asks a host for, whoever answers, is known as a look: a command that is worded anew fails
    where it was changed, and not first on a lab."""
    asked: list[str] = []
    answer = ReplayConnection.run

    async def run(self: ReplayConnection, command: Command) -> Reply:
        asked.append(command.text)
        return await answer(self, command)

    monkeypatch.setattr(ReplayConnection, "run", run)
    yield
    assert [text for text in asked if text.startswith(DECLARED) and not looks_only(text)] == []

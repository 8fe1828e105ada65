"""`deadhop fix --cause NAME`, where one id is among the causes and among those that may be meant."""

from __future__ import annotations

from argparse import Namespace
from types import SimpleNamespace
from typing import Any

import pytest

from base.text import Lang, Text
from deadhop.commands.fix import _cause
from deadhop.front import Front
from deadhop.output import Output
from deadhop.words import Speaker
from diagnosis.views import CauseView, Confidence


def cause(host: str) -> CauseView:
    title = Text(f"closed on {host}", f"{host} 에서 닫힘")
    return CauseView("closed", "s", title, title, {"host": host}, (f"host:{host}",), Confidence.CERTAIN, ())


REAL, MEANT = cause("a"), cause("b")


class Past:
    async def last_diagnosis(self) -> Any:
        return SimpleNamespace(causes=(REAL,), may_be_meant=(MEANT,))


@pytest.mark.parametrize(
    ("named", "found", "warned"),
    [("closed@a", REAL, False), ("closed", REAL, False), ("closed@b", MEANT, True)],
)
async def test_only_what_may_be_meant_is_told_so(
    capsys: pytest.CaptureFixture[str], named: str, found: CauseView, warned: bool
) -> None:
    front = Front(Namespace(), Speaker("en"), Lang.EN, Output(json_wanted=False))
    past: Any = Past()
    assert await _cause(front, past, named) is found
    assert ("may be meant so" in capsys.readouterr().err) == warned

"""On a terminal each cause is named when it is found, once; elsewhere only the result is written."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import pytest

from base.text import Lang, Text
from deadhop.commands.sweep import _swept
from deadhop.front import Front
from deadhop.output import Output
from deadhop.sweeping import Early
from deadhop.words import Speaker
from diagnosis.sweep.engine import Sweep
from diagnosis.sweep.views import SweepView
from tests.tui.sweeps import AFTER, EARLY, FULL, ROOT

NAMED = replace(ROOT, title=Text("Nothing is forwarded", "포워딩이 꺼져 있다"))
SECOND = replace(AFTER, title=Text("The tunnel is down", "터널이 내려가 있다"))


class Swept:
    async def run(self) -> AsyncIterator[SweepView]:
        yield replace(EARLY, found=())
        yield replace(EARLY, found=(NAMED,))
        yield replace(EARLY, found=(SECOND, NAMED))
        yield replace(EARLY, found=(SECOND, NAMED))
        yield FULL

    async def close(self) -> None: ...


async def told(lang: Lang, *, live: bool, capsys: pytest.CaptureFixture[str]) -> str:
    front = Front(Namespace(), Speaker(lang.value), lang, Output(json_wanted=False))
    front.out._live = live
    assert await _swept(front, cast("Sweep", Swept()), lambda: 7, Early()) == 7
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


@pytest.mark.parametrize("lang", list(Lang))
async def test_each_cause_is_named_once_as_soon_as_it_is_found(
    lang: Lang, capsys: pytest.CaptureFixture[str]
) -> None:
    said = await told(lang, live=True, capsys=capsys)
    lines = [line.rsplit("\x1b[K", 1)[-1] for line in said.splitlines()]
    label = "found" if lang is Lang.EN else "찾음"
    assert [line for line in lines if label in line and line.startswith("  + ")] == [
        f"  + {label}: {NAMED.title[lang]} (openstack-host)",  # type: ignore[index]
        f"  + {label}: {SECOND.title[lang]} (compute)",  # type: ignore[index]
    ]


async def test_where_nobody_watches_nothing_is_written_before_the_result(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await told(Lang.EN, live=False, capsys=capsys) == ""

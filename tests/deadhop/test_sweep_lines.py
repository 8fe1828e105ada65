"""What `deadhop sweep` prints: titles in the operator's language, and this case's own words."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from base.text import Lang, Text
from deadhop.front import Front
from deadhop.output import Output, columns
from deadhop.sweeping import next_lines, sweep_lines
from deadhop.words import Speaker
from diagnosis.sweep.report import sweep_json
from diagnosis.sweep.views import LeftOut, SweepResult, SweptOut
from diagnosis.sweep.words import LAYERS
from tests.tui.sweeps import FULL, RESULT

CASE = (
    Text("chain: LIBVIRT_FWI", "체인: LIBVIRT_FWI"),
    Text("hv1: 20 counted by `-A X -j DROP`", "hv1: `-A X -j DROP` 규칙이 20개를 셌다"),
)


def printed(result: SweepResult, lang: Lang) -> list[str]:
    front = Front(Namespace(), Speaker(lang.value), lang, Output(json_wanted=False))
    return "\n".join(sweep_lines(front, replace(FULL, result=result))).splitlines()


def many(count: int) -> SweepResult:
    layers = ("cloud", "host", "cluster")
    out = (
        SweptOut(
            f"cause-{at}", Text(f"The thing {at} is broken", f"{at} 번째가 고장"), "e1", at + 1, layers[at % 3]
        )
        for at in range(count)
    )
    return replace(RESULT, ruled_out=tuple(out))


def part(lines: list[str], start: str) -> list[str]:
    at = next(index for index, line in enumerate(lines) if line.startswith(start))
    return lines[at : lines.index("", at)]


@pytest.mark.parametrize("lang", list(Lang))
def test_of_ninety_that_it_is_not_the_most_asked_are_named_and_all_are_counted(lang: Lang) -> None:
    lines = part(printed(many(90), lang), "RULED OUT" if lang is Lang.EN else "아닌 것")
    assert [LAYERS[layer][lang] in lines[0] for layer in LAYERS] == [True] * 3
    assert lines[0].endswith(f"({', '.join(f'{LAYERS[layer][lang]} 30' for layer in LAYERS)})")
    assert lines[1] == ("  - The thing 89 is broken" if lang is Lang.EN else "  - 89 번째가 고장")
    assert "84" in lines[-1]
    assert "--json" in lines[-1]
    assert len(lines) == 8
    assert not [line for line in lines if columns(line) > 80]
    assert "cause-" not in "\n".join(lines), "an id says little"


@pytest.mark.parametrize("lang", list(Lang))
def test_of_few_all_are_named(lang: Lang) -> None:
    lines = part(printed(many(6), lang), "RULED OUT" if lang is Lang.EN else "아닌 것")
    assert len(lines) == 7
    assert "--json" not in lines[-1]


@pytest.mark.parametrize("lang", list(Lang))
def test_what_it_is_here_stands_before_what_it_is_in_general(lang: Lang) -> None:
    finding = replace(RESULT.causes[0], case=CASE)
    lines = printed(replace(RESULT, causes=(finding,)), lang)
    at = lines.index(f"     - {CASE[0][lang]}")
    assert lines[at + 1] == f"     - {CASE[1][lang]}"
    why = finding.cause.why[lang].split()[0]
    assert lines[at + 2].split()[0] == why


@pytest.mark.parametrize("lang", list(Lang))
def test_what_can_be_repaired_is_next_even_where_its_commands_were_not_worked_out(lang: Lang) -> None:
    front = Front(Namespace(), Speaker(lang.value), lang, Output(json_wanted=False))
    first, none = (finding.cause for finding in RESULT.causes)
    bare = replace(RESULT.causes[0], cause=replace(first, fixes=(), fixes_later=True))
    result = replace(RESULT, causes=(bare, replace(RESULT.causes[1], cause=none)))
    session = SimpleNamespace(id="s1")
    lines = list(next_lines(front, session, result))  # type: ignore[arg-type]
    assert lines[1:] == [f"  deadhop fix s1 --cause {first.id}", "  deadhop export s1"]


@pytest.mark.parametrize("lang", list(Lang))
def test_what_was_not_begun_stands_there_by_name(lang: Lang) -> None:
    lines = printed(replace(RESULT, not_begun=("no-answer-to-ping", "one-direction-only")), lang)
    title = "NOT BEGUN" if lang is Lang.EN else "시작하지 못한 것"
    assert part(lines, title)[1:] == ["  no-answer-to-ping, one-direction-only"]


@pytest.mark.parametrize("lang", list(Lang))
def test_what_named_hosts_left_out_stands_there_by_name(lang: Lang) -> None:
    lines = printed(replace(RESULT, not_of_hosts=("pod-dns-fails", "pods-across-nodes")), lang)
    title = "NOT LOOKED AT WITH --host" if lang is Lang.EN else "--host 로는 살펴보지 않은 것"
    assert part(lines, title)[1:] == ["  pod-dns-fails, pods-across-nodes"]


def test_what_is_to_be_run_next_is_about_the_same_site() -> None:
    left = (LeftOut("networks-overlap", 1, ({},)), LeftOut("node-not-ready", 2, ({"node": "w1"}, {"node": "w2"})))
    result = replace(RESULT, unfinished=left)
    front = Front(Namespace(), Speaker("en"), Lang.EN, Output(json_wanted=False), Path("my site.yaml"))
    lines = "\n".join(sweep_lines(front, replace(FULL, result=result))).splitlines()
    at = lines.index("  - networks-overlap")
    assert lines[at + 1 : at + 4] == [
        "    deadhop diagnose networks-overlap --site 'my site.yaml'",
        "  - node-not-ready: w1; w2",
        "    deadhop diagnose node-not-ready --set node=w1 --site 'my site.yaml'",
    ]
    assert [line for line in lines if "deadhop diagnose" in line and "--site" not in line] == []


def test_json_has_the_same_words_and_all_that_it_is_not() -> None:
    finding = replace(RESULT.causes[0], case=CASE)
    result = replace(many(90), causes=(finding,))
    document: dict[str, Any] = sweep_json("s", replace(FULL, result=result))
    (cause,) = document["causes"]
    assert cause["case"] == [{"en": line.en, "ko": line.ko} for line in CASE]
    assert all(set(one) == {"id", "target"} for one in cause["explains"])
    assert len(document["ruled_out"]) == 90
    title = {"en": "The thing 0 is broken", "ko": "0 번째가 고장"}
    first = {"id": "cause-0", "title": title, "evidence": "e1", "trees": 1, "layer": "cloud"}
    assert document["ruled_out"][0] == first

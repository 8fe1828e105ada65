"""Exports: readable, complete, and inert whatever the journal holds."""

import json
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from base.text import Lang
from journal.export import to_json, to_markdown
from journal.reading import Recording
from journal.store import Journal, read

HOSTILE = (
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "https://evil.example/x www.evil.example mail@evil.example",
    "```\n# out of the fence\n````\n<b>",
    "` `` ``` <i>",
    "\x1b[31mred\x1b[0m \x07\u202etxt.exe",
    "![x](http://evil.example/x.png)",
    "| a | b |\n|---|---|\n",
    "&lt;b&gt; &amp; \\<b\\>",
    "<https://evil.example> <a@b.c>",
    "line\u2028line\r\nline\n\n    code\n> quote\n---\n# head",
)


def story(tmp_path: Path, outside: str) -> Recording:
    text = {"en": outside, "ko": outside}
    with Journal.create(tmp_path, {"site": outside, "argv": ["diagnose"]}) as journal:
        journal.append("search", {"text": outside, "symptom": "unreachable"})
        journal.append("inputs", {"symptom": "unreachable", "inputs": {"source": outside}, "title": text})
        commands = [{"target": "host:a", "text": outside}]
        evidence: dict[str, Any] = {
            "id": "e1",
            "probe": "path.ping",
            "target": "host:a",
            "arguments": {"target": outside},
        }
        journal.append("evidence", {**evidence, "facts": {"note": outside}, "failure": None, "commands": commands})
        failure = {"reason": "timeout", "message": outside, "hint": outside}
        journal.append("evidence", {**evidence, "id": "e2", "facts": None, "failure": failure})
        for number in (1, 2):
            step = {
                "key": f"s/{number}",
                "ask": text,
                "probe": "path.ping",
                "target": "host:a",
                "evidence": f"e{number}",
            }
            journal.append("step", {**step, "arguments": {"target": outside}, "reason": outside, "seconds": 0.5})
        cause = {
            "id": "rejects",
            "title": text,
            "values": {"host": outside},
            "confidence": "sure",
            "evidence": ["e1"],
        }
        unknown = [{"probe": "p", "target": outside, "reason": "timeout", "message": outside, "hint": outside}]
        found = {"verdict": "cause", "text": text, "causes": [cause], "unknown": unknown}
        journal.append("diagnosis", {**found, "ruled_out": [{"id": "missing-route", "evidence": "e1"}]})
        intent = {
            "action": 0,
            "cause": "rejects",
            "fix": "accept",
            "on": "a",
            "run": outside,
            "original": outside,
        }
        journal.append("intent", {**intent, "undo": outside, "confirmed_by": "key"}, sync=True)
        journal.append(
            "outcome", {"action": 0, "state": "done", "exit_status": 0, "output": outside, "seconds": 0.2}
        )
        journal.append("verify", {"verified": True, "text": outside})
        journal.append("undo-intent", {"action": 0, "on": "a", "run": outside})
        journal.append("undo-outcome", {"action": 0, "state": "done", "exit_status": 0})
        journal.append("note", {"text": outside})
    return read(journal.path)


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("outside", HOSTILE)
def test_text_from_outside_is_inert_in_markdown(tmp_path: Path, outside: str, lang: Lang) -> None:
    shown = to_markdown(story(tmp_path, outside), lang)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": True})
    kinds = [child.type for token in parser.parse(shown) for child in (token, *(token.children or ()))]
    assert not {"link_open", "html_block", "html_inline", "image", "table_open", "blockquote_open"} & set(kinds)
    assert "hr" not in kinds
    assert "code_block" not in kinds
    headings = kinds.count("heading_open")
    plain = to_markdown(story(tmp_path, "plain"), lang)
    assert headings == [token.type for token in parser.parse(plain)].count("heading_open")


def test_the_report_tells_the_story(tmp_path: Path) -> None:
    shown = to_markdown(story(tmp_path, "iptables -I X"), Lang.EN)
    for part in (
        "What was typed",
        "Steps",
        "Facts",
        "Diagnosis",
        "Ruled out",
        "missing-route",
        "could not be seen",
    ):
        assert part in shown
    assert "Verified: the fault is gone" in shown
    assert "undone with" in shown
    korean = to_markdown(story(tmp_path, "iptables -I X"), Lang.KO)
    for part in ("입력한 내용", "진단", "원인이 아닌 것", "조치", "검증됨"):
        assert part in korean


@pytest.mark.parametrize("lang", Lang)
def test_a_sweep_that_was_cut_says_so_and_what_it_did_not_come_to(tmp_path: Path, lang: Lang) -> None:
    title = {"en": "A route is missing", "ko": "라우트가 없다"}
    case = [{"en": "from: master, to: 10.0.0.1", "ko": "출발: master, 도착: 10.0.0.1"}]
    with Journal.create(tmp_path, {"argv": ["sweep"]}) as journal:
        journal.append(
            "diagnosis",
            {
                "verdict": "cause", "cut": "interrupted", "not_begun": ["one-direction-only"],
                "not_of_hosts": ["pod-dns-fails"],
                "causes": [{"id": "missing-route", "title": title, "case": case}],
                "unfinished": [{"symptom": "no-answer-to-ping", "count": 7, "inputs": []}],
                "ruled_out": [{"id": "ip-forward-off", "title": {"en": "No forwarding", "ko": "포워딩 꺼짐"}}],
            },
        )  # fmt: skip
    shown = to_markdown(read(journal.path), lang)
    said = {
        Lang.EN: ("Partial: it was cut short: `interrupted`", "Not begun", "No forwarding (`ip-forward-off`)"),
        Lang.KO: ("중간에 끝난 결과다: `interrupted`", "시작하지 못한 것", "포워딩 꺼짐 (`ip-forward-off`)"),
    }[lang]
    for part in (*said, "master, ", "`no-answer-to-ping`: 7", "`one-direction-only`", "`pod-dns-fails`"):
        assert part in shown, part


def test_json_is_versioned_and_complete(tmp_path: Path) -> None:
    recording = story(tmp_path, "x")
    shown = to_json(recording)
    assert (shown["deadhop"], shown["kind"], shown["session"]) == (1, "session", recording.header["id"])
    entries = shown["entries"]
    assert isinstance(entries, list)
    assert len(entries) == len(recording.entries)
    assert shown["verified"] is True
    actions = shown["actions"]
    assert isinstance(actions, list)
    assert (actions[0]["state"], actions[0]["undone"]) == ("done", True)
    json.dumps(shown)


KINDS = (
    *("search", "inputs", "exchange", "evidence", "step", "decision", "diagnosis", "plan", "intent", "output"),
    *("outcome", "verify", "undo", "undo-intent", "undo-outcome", "note", "end", "damage", "other"),
)
ODD_KEYS = (
    *("causes", "ruled_out", "unknown", "values", "evidence", "commands", "facts", "failure", "verified"),
    *("state", "text", "run", "on", "key"),
)


@pytest.mark.parametrize(
    "odd", [{}, {"id": 1, "causes": 3, "text": [], "inputs": "x", "seconds": "?", "action": None}]
)
def test_missing_and_odd_keys_break_nothing(tmp_path: Path, odd: dict[str, Any]) -> None:
    values: list[object] = [None, 1, "x", [], [1], {}, {"en": 1}, [{}], [{"id": None}], [None]]
    with Journal.create(tmp_path, {}) as journal:
        for kind in KINDS:
            journal.append(kind, odd)
            for value in values:
                journal.append(kind, dict.fromkeys(ODD_KEYS, value))
    recording = read(journal.path)
    for lang in Lang:
        assert to_markdown(recording, lang)
    assert to_json(recording)["entries"]


def test_a_damaged_journal_says_so(tmp_path: Path) -> None:
    recording = story(tmp_path, "x")
    path = next(tmp_path.glob("*.jsonl"))
    path.write_bytes(path.read_bytes()[:-9])
    damaged = read(path)
    assert len(damaged.entries) == len(recording.entries) - 1
    assert "damaged" in to_markdown(damaged, Lang.EN)
    assert "손상" in to_markdown(damaged, Lang.KO)

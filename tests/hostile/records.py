"""Entries of a session in which every text from outside is hostile."""

from __future__ import annotations

from collections.abc import Iterator

_AT = "2026-03-01T03:00:00+00:00"


def hostile_entries(texts: tuple[str, ...]) -> Iterator[tuple[str, dict[str, object]]]:
    """What a walk and a fix write, once a text."""
    yield "search", {"text": texts[0], "matches": [], "symptom": "no-echo"}
    for number, text in enumerate(texts, 1):
        yield from _of_one(text, number)


def _of_one(text: str, number: int) -> Iterator[tuple[str, dict[str, object]]]:
    both = {"en": text, "ko": text}
    name = f"e{number}"
    request = {"target": f"host:{text}", "text": text, "sudo": False}
    reply = {
        "status": 0,
        "stdout": text,
        "stderr": text,
        "seconds": 0.1,
        "failure": "",
        "message": text,
        "hint": text,
    }
    yield "exchange", {"request": request, "reply": reply, "at": _AT, "phase": 0}
    yield (
        "evidence",
        {
            "id": name,
            "probe": text,
            "target": f"host:{text}",
            "arguments": {text: text},
            "facts": {text: [text, {text: text}]},
            "failure": {"reason": text, "message": text, "hint": text},
            "seconds": 0.1,
            "started": _AT,
            "commands": [{"target": text, "text": text}],
        },
    )
    yield (
        "step",
        {
            "key": f"{text}/{number}",
            "ask": both,
            "probe": text,
            "target": text,
            "arguments": {"a": text},
            "state": text,
            "branch": 0,
            "answer": both,
            "reason": text,
            "by_hand": False,
            "evidence": name,
            "seconds": 0.1,
        },
    )
    yield (
        "diagnosis",
        {
            "symptom": text,
            "title": both,
            "text": both,
            "verdict": text,
            "inputs": {text: text},
            "causes": [
                {
                    "id": text,
                    "symptom": text,
                    "title": both,
                    "values": {text: text},
                    "evidence": [text],
                    "fixes": [],
                }
            ],
            "ruled_out": [{"id": text, "evidence": text}],
            "unknown": [{"probe": text, "target": text, "reason": text, "message": text, "hint": text}],
            "evidence": [],
            "seconds": 0.1,
        },
    )
    intent = {"cause": text, "fix": text, "action": 0, "on": text, "run": text, "undo": text, "original": text}
    yield "intent", {**intent, "confirmed_by": text, "phase": number}
    yield "outcome", {"cause": text, "fix": text, "action": 0, "state": text, "exit_status": 1, "output": text}
    yield "verify", {"verified": None, "text": text}
    yield "note", {"text": text, text: text}

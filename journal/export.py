"""Sessions as a readable report and as JSON. Made from whatever the journal holds: missing keys break nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from base.korean import spoken
from base.text import Lang
from journal.markdown import code, fenced, words
from journal.reading import Recording
from journal.redact import redact
from journal.story import ActionRecord, Data, listing, mapping, mappings, number, story_of

WORDS: Mapping[str, tuple[str, str]] = {
    "session": ("Session", "세션"),
    "started": ("Started", "시작"),
    "ended": ("Last entry", "마지막 기록"),
    "site": ("Site", "사이트"),
    "version": ("Version", "버전"),
    "damaged": ("The journal is damaged", "기록이 손상되었다"),
    "line": ("line", "줄"),
    "typed": ("What was typed", "입력한 내용"),
    "symptom": ("Symptom", "증상"),
    "steps": ("Steps", "확인 과정"),
    "seconds": ("s", "초"),
    "by hand": ("decided by hand", "운영자가 직접 판단"),
    "no answer": ("could not look", "확인하지 못함"),
    "facts": ("Facts", "확인한 사실"),
    "diagnosis": ("Diagnosis", "진단"),
    "cause": ("a cause was found", "원인을 찾았다"),
    "not-a-fault": ("not a fault", "장애가 아니다"),
    "nothing-found": ("nothing wrong was found", "이상을 찾지 못했다"),
    "unknown": ("it could not be told", "판단할 수 없다"),
    "evidence": ("evidence", "근거"),
    "confidence": ("confidence", "확신"),
    "ruled out": ("Ruled out", "원인이 아닌 것"),
    "by": ("by", "근거"),
    "not seen": ("What could not be seen", "확인하지 못한 것"),
    "partial": ("Partial: it was cut short", "중간에 끝난 결과다"),
    "unfinished": ("Not looked at to the end", "끝까지 살펴보지 못한 것"),
    "not begun": ("Not begun", "시작하지 못한 것"),
    "not of hosts": ("Not looked at, for it is of no single host", "한 호스트에 속하지 않아 살펴보지 않은 것"),
    "fixes": ("Fixes", "조치"),
    "on": ("on", "대상"),
    "confirmed by": ("confirmed by", "승인"),
    "edited": ("edited before it ran; it was", "실행 전에 수정됨. 원래 명령"),
    "state": ("result", "결과"),
    "exit status": ("exit status", "종료 코드"),
    "output": ("Output", "출력"),
    "no outcome": (
        "no outcome was recorded: it may or may not have run",
        "결과 기록이 없다. 실행되었는지 알 수 없다",
    ),
    "undone": ("undone with", "되돌린 명령"),
    "kept": ("state before it ran", "실행 전 상태"),
    "restored": ("after the undo all is as it was before", "되돌린 뒤 모두 전과 같다"),
    "changed": ("after the undo this is other than before", "되돌린 뒤에도 전과 다른 것"),
    "not compared": ("whether the undo restored all could not be seen", "모두 전과 같아졌는지 확인하지 못했다"),
    "put back": ("to put it back by hand", "직접 되돌리는 명령"),
    "verified": ("Verified: the fault is gone", "검증됨. 장애가 사라졌다"),
    "not verified": ("Not verified: the fault is still there", "검증 실패. 장애가 남아 있다"),
    "not told": ("Verification could not tell", "검증하지 못했다"),
    "notes": ("Notes and decisions", "메모와 결정"),
    "none": ("Nothing was concluded", "결론이 없다"),
    "done": ("done", "완료"),
    "failed": ("failed", "실패"),
    "skipped": ("not needed", "필요 없음"),
    "interrupted": ("interrupted", "중단됨"),
    "by-hand": ("to be run by hand", "직접 실행해야 함"),
}


def prepared(recording: Recording, *, anonymise: bool = False) -> Recording:
    """What may be shown: without secrets that an older deadhop let through; with `anonymise`, nothing that names a
    site."""
    from journal.anonymise import anonymised

    entries = tuple(replace(e, stored=redact(e.data), blobs=None) for e in recording.entries)
    clean = replace(recording, header=redact(recording.header), entries=entries)
    return anonymised(clean) if anonymise else clean


def to_json(recording: Recording) -> dict[str, object]:
    """The session as one JSON object: the story, and every undamaged entry as it was written."""
    story = story_of(recording)
    return {
        "deadhop": 1,
        "kind": "session",
        "session": recording.header.get("id", ""),
        "header": dict(recording.header),
        "searched": story.typed,
        "symptom": story.symptom,
        "inputs": dict(story.inputs),
        "steps": list(story.steps.values()),
        "evidence": list(story.evidence.values()),
        "diagnosis": story.diagnosis,
        "actions": [command.as_json() for command in story.commands],
        "verified": story.checks[-1].get("verified") if story.checks else None,
        "entries": [{"n": e.n, "at": e.at, "kind": e.kind, "data": e.data} for e in recording.entries],
        "damage": [{"line": damage.line, "what": damage.what} for damage in recording.damage],
        "notices": [{"line": notice.line, "what": notice.what} for notice in recording.notices],
    }


def to_markdown(recording: Recording, lang: Lang) -> str:
    """A report to hand on: what was seen, what it was and was not, what was done about it."""
    return "\n".join(_Report(recording, lang).lines()).rstrip("\n") + "\n"


class _Report:
    def __init__(self, recording: Recording, lang: Lang) -> None:
        self.recording = recording
        self.lang = lang
        self.story = story_of(recording)

    def say(self, key: str) -> str:
        en, ko = WORDS.get(key, (key, key))
        return ko if self.lang is Lang.KO else en

    def told(self, message: object) -> str:
        """What a failure said, in the reader's language."""
        return spoken(str(message), self.lang)

    def text(self, value: object, otherwise: str = "") -> str:
        """A bilingual text of the journal, or a plain one."""
        if isinstance(value, Mapping):
            value = value.get(self.lang.value) or value.get("en") or value.get("ko")
        return words(str(value)) if value else otherwise

    def lines(self) -> Iterator[str]:
        for part in (self.head, self.typed, self.steps, self.diagnosis, self.fixes, self.notes):
            yield from part()
            yield ""

    def head(self) -> Iterator[str]:
        header, entries = self.recording.header, self.recording.entries
        yield f"# deadhop: {self.text(self.story.title, self.say('session'))}"
        yield ""
        yield f"- {self.say('session')}: {code(str(header.get('id', '?')))}"
        yield f"- {self.say('started')}: {code(str(header.get('created', '?')))}"
        if entries:
            yield f"- {self.say('ended')}: {code(entries[-1].at)}"
        for key in ("site", "version"):
            if header.get(key):
                yield f"- {self.say(key)}: {code(str(header[key]))}"
        for damage in self.recording.damage:
            yield f"- **{self.say('damaged')}**: {self.say('line')} {damage.line}: {words(damage.text[self.lang])}"

    def typed(self) -> Iterator[str]:
        story = self.story
        if story.typed:
            yield from (f"## {self.say('typed')}", "", *(f"{fenced(text)}\n" for text in story.typed))
        if story.symptom:
            yield f"{self.say('symptom')}: {code(story.symptom)}"
            yield ""
        yield from (f"- {code(name)} = {code(str(value))}" for name, value in story.inputs.items())

    # ------------------------------------------------------------ steps

    def steps(self) -> Iterator[str]:
        if self.story.steps:
            yield from (f"## {self.say('steps')}", "")
        for place, step in enumerate(self.story.steps.values(), 1):
            yield f"### {place}\\. {self.text(step.get('ask'), code(str(step.get('key', '?'))))}"
            yield ""
            yield from self.step(step)
            yield ""

    def step(self, step: Data) -> Iterator[str]:
        if step.get("probe"):
            arguments = " ".join(f"{key}={value}" for key, value in mapping(step.get("arguments")).items())
            looked = f"{code(str(step['probe']))} {code(arguments)}" if arguments else code(str(step["probe"]))
            yield f"- {looked} {self.say('on')} {code(str(step.get('target', '?')))}, {self.seconds(step)}"
        if step.get("answer"):
            yield f"- {self.text(step['answer'])}"
        if step.get("by_hand"):
            yield f"- {self.say('by hand')}"
        if step.get("reason"):
            yield f"- {self.say('no answer')}: {words(self.told(step['reason']))}"
        yield from self.evidence(str(step.get("evidence")))

    def evidence(self, name: str) -> Iterator[str]:
        evidence = self.story.evidence.get(name)
        if evidence is None:
            return
        for command in mappings(evidence.get("commands")):
            yield f"- {code(str(command.get('target', '?')))}: {code(str(command.get('text', '')))}"
        failure = mapping(evidence.get("failure"))
        if failure:
            hint = f" ({words(self.told(failure['hint']))})" if failure.get("hint") else ""
            why = self.told(failure.get("message") or failure.get("reason"))
            yield f"- {self.say('no answer')}: {words(why)}{hint}"
        if evidence.get("facts") is not None:
            shown = json.dumps(evidence["facts"], ensure_ascii=False, indent=1, default=str)
            yield from ("", f"{self.say('facts')} ({code(name)}):", "", fenced(shown, 4000))

    def seconds(self, data: Data) -> str:
        return code(f"{number(data.get('seconds')):.2f} {self.say('seconds')}")

    # ------------------------------------------------------------ diagnosis

    def diagnosis(self) -> Iterator[str]:
        yield from (f"## {self.say('diagnosis')}", "")
        found = self.story.diagnosis
        if found is None:
            yield self.say("none")
            return
        verdict = str(found.get("verdict", "unknown"))
        said = self.say(verdict) if verdict in WORDS else words(verdict)
        yield f"**{said}** {self.text(found.get('text'))}".rstrip()
        yield ""
        if found.get("cut"):
            yield from (f"{self.say('partial')}: {code(str(found['cut']))}", "")
        for cause in mappings(found.get("causes")):
            yield from self.cause(cause)
        yield from self.listed("ruled out", found.get("ruled_out"), self.ruled_out)
        yield from self.listed("not seen", found.get("unknown"), self.not_seen)
        yield from self.listed("unfinished", found.get("unfinished"), self.left)
        for title, key in (("not begun", "not_begun"), ("not of hosts", "not_of_hosts")):
            if names := listing(found.get(key)):
                yield from ("", f"### {self.say(title)}", "", *(f"- {code(str(one))}" for one in names))

    def cause(self, cause: Data) -> Iterator[str]:
        name = code(str(cause.get("id", "?")))
        yield f"- **{self.text(cause.get('title'), name)}** ({name})"
        yield from (f"  - {self.text(line)}" for line in mappings(cause.get("case")))
        for key, value in mapping(cause.get("values")).items():
            yield f"  - {code(key)} = {code(str(value))}"
        if cause.get("confidence"):
            yield f"  - {self.say('confidence')}: {code(str(cause['confidence']))}"
        evidence = ", ".join(code(str(found)) for found in listing(cause.get("evidence")))
        if evidence:
            yield f"  - {self.say('evidence')}: {evidence}"

    def listed(self, title: str, entries: object, line: Any) -> Iterator[str]:
        found = mappings(entries)
        if found:
            yield from ("", f"### {self.say(title)}", "", *(line(entry) for entry in found))

    def ruled_out(self, entry: Data) -> str:
        by = entry.get("evidence")
        names = ", ".join(code(str(name)) for name in (by if isinstance(by, list) else [by]) if name)
        name = code(str(entry.get("id", "?")))
        said = f"{self.text(entry['title'])} ({name})" if entry.get("title") else name
        return f"- {said}" + (f", {self.say('by')} {names}" if names else "")

    def left(self, entry: Data) -> str:
        return f"- {code(str(entry.get('symptom', '?')))}: {number(entry.get('count')):.0f}"

    def not_seen(self, entry: Data) -> str:
        reason = self.told(entry.get("message") or entry.get("reason") or "?")
        hint = f" ({words(self.told(entry['hint']))})" if entry.get("hint") else ""
        place = f"{code(str(entry.get('probe', '?')))} {self.say('on')} {code(str(entry.get('target', '?')))}"
        return f"- {place}: {words(reason)}{hint}"

    # ------------------------------------------------------------ fixes

    def fixes(self) -> Iterator[str]:
        if self.story.commands or self.story.checks:
            yield from (f"## {self.say('fixes')}", "")
        for command in self.story.commands:
            yield from self.command(command)
            yield ""
        for check in self.story.checks:
            holds = check.get("verified")
            key = "verified" if holds is True else "not verified" if holds is False else "not told"
            yield f"- {self.say(key)}" + (f": {words(self.told(check['text']))}" if check.get("text") else "")

    def command(self, command: ActionRecord) -> Iterator[str]:
        intent, outcome = command.intent, command.outcome or {}
        yield f"### {code(str(intent.get('cause', '?')))} / {code(str(intent.get('fix', '?')))}"
        yield ""
        if intent.get("run"):
            yield from (f"{self.say('on')} {code(str(intent.get('on', '?')))}:", "", fenced(str(intent["run"])), "")
        if intent.get("original"):
            yield f"- {self.say('edited')}: {code(str(intent['original']), 2000)}"
        if intent.get("confirmed_by"):
            yield f"- {self.say('confirmed by')}: {code(str(intent['confirmed_by']))}"
        yield from self.outcome(command, outcome)
        if command.undo is not None:
            state = str((command.undo_outcome or {}).get("state", "?"))
            undone = code(str(command.undo.get("run", "?")), 2000)
            yield f"- {self.say('undone')} {undone}: {words(self.say(state))}"
        yield from self.state(command)

    def state(self, command: ActionRecord) -> Iterator[str]:
        """What was kept before it, and whether that is there again after its undo."""
        for thing in mappings((command.before or {}).get("kept")):
            yield f"- {self.say('kept')}: {code(str(thing.get('what', '?')))}"
            yield from ("", fenced("\n".join(map(str, listing(thing.get("lines")))), 4000), "")
        after = command.after
        if after is None:
            return
        restored, left = after.get("restored"), listing(after.get("left"))
        yield f"- {self.say('restored' if restored is True else 'changed' if left else 'not compared')}"
        if left:
            yield from ("", fenced("\n".join(map(str, left)), 4000), "")
        yield from (f"- {self.say('put back')}: {code(str(line))}" for line in listing(after.get("by_hand")))

    def outcome(self, command: ActionRecord, outcome: Data) -> Iterator[str]:
        if command.outcome is None:
            yield f"- {self.say('no outcome')}"
            return
        state = words(self.say(str(outcome.get("state", "?"))))
        status = outcome.get("exit_status")
        exit_status = f", {self.say('exit status')} {code(str(status))}" if status is not None else ""
        yield f"- {self.say('state')}: {state}{exit_status}, {self.seconds(outcome)}"
        if outcome.get("output"):
            yield from ("", f"{self.say('output')}:", "", fenced(str(outcome["output"])), "")

    def notes(self) -> Iterator[str]:
        if self.story.notes:
            yield from (f"## {self.say('notes')}", "")
        for entry in self.story.notes:
            shown = json.dumps(entry.data, ensure_ascii=False, default=str)
            yield f"- {code(entry.at)} {code(entry.kind)}: {code(shown, 1000)}"

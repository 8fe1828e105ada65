"""A session as one HTML page: no scripts, nothing from outside, readable on a phone and on paper.

Whatever came from outside is escaped by Jinja's autoescape and made inert before; the page's own policy forbids
everything but its one style sheet, which it names by digest."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from base.korean import spoken
from base.text import Lang, clip, inert
from journal.export import WORDS
from journal.picture import picture_of
from journal.reading import Entry, Recording
from journal.story import Data, Story, listing, mapping, mappings, story_of

if TYPE_CHECKING:
    from jinja2 import Template

LONGEST = 20_000
"""Letters of one output that are shown; the journal holds the rest."""

_MORE: Mapping[str, tuple[str, str]] = {
    "cause id": ("id", "이름"),
    "way": ("The way of the packet", "패킷이 지나는 길"),
    "timeline": ("Timeline", "시간 순서"),
    "what was seen": ("What was seen", "확인한 것"),
    "commands": ("commands and what they said", "명령과 출력"),
    "dies": ("dies here", "여기서 막힌다"),
    "end": ("holds the address", "이 주소를 가진 장비"),
    "unseen": ("could not be asked", "확인하지 못함"),
    "outside": ("leaves what the site knows", "사이트 밖으로 나간다"),
    "anonymised": (
        "Addresses and names were replaced; their relations are real",
        "주소와 이름을 바꾼 문서. 서로의 관계는 실제와 같다",
    ),
    "decided": ("decided", "판단"),
    "intent": ("about to run", "실행 시작"),
    "outcome": ("result", "결과"),
    "undo-intent": ("about to take back", "되돌리기 시작"),
    "undo-outcome": ("taken back", "되돌린 결과"),
    "left": ("left as it is, by", "그대로 둔 사람"),
    "verify": ("verification", "검증"),
    "search": ("typed", "입력"),
    "step": ("looked", "확인"),
    "decision": ("the operator decided", "운영자의 판단"),
    "plan": ("the plan was changed", "계획 변경"),
    "note": ("note", "메모"),
    "damage": ("damage", "손상"),
    "clock": ("clock", "시계"),
    "end-of-session": ("closed", "종료"),
    "timeline note": (
        "times are the clock of the machine deadhop ran on, UTC",
        "시각은 deadhop 을 실행한 장비의 시계, UTC",
    ),
}


@dataclass(frozen=True, slots=True)
class Moment:
    at: str
    kind: str
    text: str
    code: str = ""
    """A command, as it was sent."""


class _Page:
    def __init__(self, recording: Recording, lang: Lang, anonymised: bool) -> None:
        self.recording, self.lang, self.is_anonymised = recording, lang, anonymised
        self.story: Story = story_of(recording)
        self._replies = _replies(recording)

    def say(self, key: str) -> str:
        en, ko = _MORE.get(key) or WORDS.get(key) or (key, key)
        return ko if self.lang is Lang.KO else en

    def told(self, message: object) -> str:
        """What a failure said, in the reader's language."""
        return spoken(str(message), self.lang)

    def text(self, value: object, otherwise: str = "") -> str:
        """A bilingual text of the journal, or a plain one."""
        if isinstance(value, Mapping):
            value = value.get(self.lang.value) or value.get("en") or value.get("ko")
        return str(value) if value else otherwise

    @property
    def verdict(self) -> str:
        """A word for the style sheet: one of ours, whatever the journal holds."""
        said = str((self.story.diagnosis or {}).get("verdict", ""))
        return said if said in ("cause", "not-a-fault", "nothing-found") else "unknown"

    def listed(self, data: Data, key: str) -> list[Data]:
        return mappings(data.get(key))

    def mapped(self, data: Data, key: str) -> Data:
        return mapping(data.get(key))

    def joined(self, value: object) -> str:
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    def lines_of(self, data: Data, key: str) -> str:
        return self.clipped("\n".join(map(str, listing(data.get(key)))))

    def compared(self, after: Data) -> str:
        """The word for what the look after an undo said."""
        restored = "restored" if after.get("restored") is True else "not compared"
        return "changed" if after.get("left") else restored

    def clipped(self, value: object) -> str:
        return clip(str(value), LONGEST)

    def outputs(self, evidence: Data) -> Iterator[tuple[str, str, str]]:
        """Target, command and what it said, of every command of an evidence."""
        for command in mappings(evidence.get("commands")):
            target, text = str(command.get("target", "")), str(command.get("text", ""))
            replies = self._replies[target, text]
            reply = (replies.pop(0) if len(replies) > 1 else replies[0]) if replies else {}
            said = "\n".join(str(reply[key]) for key in ("stdout", "stderr", "message") if reply.get(key))
            yield target, text, clip(said.rstrip("\n"), LONGEST)

    def facts(self, evidence: Data) -> str:
        shown = json.dumps(evidence.get("facts"), ensure_ascii=False, indent=1, default=str)
        return clip(shown, LONGEST) if evidence.get("facts") is not None else ""

    def moments(self) -> Iterator[Moment]:
        for entry in self.recording.entries:
            moment = self._moment(entry)
            if moment is not None:
                yield moment

    def _moment(self, entry: Entry) -> Moment | None:
        data = entry.data
        match entry.kind:
            case "search":
                return Moment(entry.at, "search", self.text(data.get("symptom")))
            case "step":
                answer = self.text(data.get("answer")) or self.told(data.get("reason") or "")
                hand = f" ({self.say('by hand')})" if data.get("by_hand") else ""
                return Moment(entry.at, "step", f"{self.text(data.get('ask'))} — {answer}{hand}")
            case "diagnosis":
                return Moment(entry.at, "diagnosis", self.say(str(data.get("verdict", "unknown"))))
            case "intent" | "undo-intent":
                by = f", {self.say('confirmed by')} {data['confirmed_by']}" if data.get("confirmed_by") else ""
                return Moment(entry.at, entry.kind, f"{data.get('on', '?')}{by}", str(data.get("run", "")))
            case "outcome" | "undo-outcome":
                return Moment(entry.at, entry.kind, self.say(str(data.get("state", "?"))))
            case "verify":
                holds = data.get("verified")
                key = "verified" if holds is True else "not verified" if holds is False else "not told"
                return Moment(entry.at, "verify", self.say(key))
            case "left":
                return Moment(entry.at, "left", str(data.get("by", "?")))
            case "end":
                return Moment(entry.at, "end-of-session", "")
            case "decision" | "plan" | "note" | "damage" | "clock":
                said = data.get("text") if set(data) <= {"text", "seconds"} else None
                return Moment(entry.at, entry.kind, str(said or json.dumps(data, ensure_ascii=False, default=str)))
        return None


def _replies(recording: Recording) -> defaultdict[tuple[str, str], list[Data]]:
    """What was said to each command, in order."""
    found: defaultdict[tuple[str, str], list[Data]] = defaultdict(list)
    for entry in recording.entries:
        if entry.kind == "exchange":
            data = entry.data
            request = mapping(data.get("request"))
            found[str(request.get("target")), str(request.get("text"))].append(mapping(data.get("reply")))
    return found


def to_html(recording: Recording, lang: Lang, *, anonymised: bool = False) -> str:
    """The page. Complete in itself: it loads nothing."""
    page = _Page(recording, lang, anonymised)
    style = _style()
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return _template().render(
        page=page, story=page.story, lang=lang.value, style=style, digest=digest, picture=picture_of(page.story)
    )


def _source(name: str) -> str:
    return files("journal").joinpath("page", name).read_text(encoding="utf-8")


def _style() -> str:
    return _source("session.css")


def _finalize(value: Any) -> Any:
    """Every value that is put in, also a number or a list of an edited journal, becomes inert text."""
    from markupsafe import Markup

    return value if isinstance(value, Markup) else inert(str("" if value is None else value))


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, finalize=_finalize, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # The page's own style sheet is the one thing that is not escaped; it holds nothing from outside.
    environment.filters["sheet"] = Markup
    return environment.from_string(_source("session.html.j2"))

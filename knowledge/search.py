"""From what an operator types or pastes to symptoms, with the inputs that the text already answers.

Order of the matches:
1. Error signatures found in the text. Of several, errors stand before wrappers ("Exceeded maximum number of
   retries" has a cause of its own further on); then what is complete on the earlier line, for the first error of
   a log is nearest to the cause; then, on one line, the longer match, for it explains more of it; then the id.
2. Titles and phrases like the text (`knowledge.likeness`), by score, then by id.
Scores: signatures 100, 99, …; wrappers from 89; likeness at most 79 beside a signature, else up to 100."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from base.text import Text, clip, inert
from knowledge.answered import all_answered
from knowledge.likeness import Likeness, LikenessIndex
from knowledge.mentions import HostNames, Mention, assign, checked, host_names, mentions, without_mentions
from knowledge.model import HERE, Input, Symptom
from knowledge.paste import Paste, Prompt, clean
from knowledge.signatures import Hit, SignatureIndex

_LISTED = 30.0
"""Likeness below it says nothing."""
_SURE, _AHEAD = 72.0, 10.0
_EXACT = 97.0
_BESIDE_SIGNATURE = 60.0
_TELLING = re.compile(
    r"error|fail|refus|denied|unreachable|time[d-]? ?out|cannot|could not|not found|no such|invalid|warning|los[ts]"
    r"|실패|오류|에러|안 ?[되된돼됨]|없|못|거절|거부|불가",
    re.IGNORECASE,
)
_LINES_COMPARED = 6
_QUOTED = 120
_MENTIONED = 4000


@dataclass(frozen=True, slots=True)
class Match:
    symptom: str
    title: Text
    score: float
    """0..100."""
    reason: Text
    inputs: Mapping[str, str]
    """Captured from the text; every value is of its kind."""
    matched: str
    """The line or phrase that matched, inert."""


@dataclass(frozen=True, slots=True)
class Results:
    matches: tuple[Match, ...] = ()
    confident: bool = False
    """The first match can be taken without asking."""
    truncated: bool = False
    """Only the head and the tail of the paste were searched."""
    well: Text | None = None
    """The text shows by itself that what it tells of works; then there are no matches."""


class Index:
    """Prepared once, then searched at every key; may be searched from several threads."""

    def __init__(self, symptoms: Iterable[Symptom]) -> None:
        self._symptoms = sorted(symptoms, key=lambda symptom: symptom.id)
        self._signatures = SignatureIndex(self._symptoms)
        self._likeness = LikenessIndex(self._symptoms)

    def search(self, text: str, limit: int = 8, *, hosts: Collection[str] = ()) -> Results:
        """`hosts` are the names of the site, with their addresses if it is a mapping; they are recognised in free
        text."""
        paste = clean(text)
        if not paste.lines:
            return Results(truncated=paste.truncated)
        names = host_names(tuple(hosts.items() if isinstance(hosts, Mapping) else ((one, "") for one in hosts)))
        hits = _best_of_each(self._signatures.find(paste))[:limit]
        if not (hits or paste.truncated) and (well := all_answered(paste.lines)):
            return Results(well=well)
        alike = self._alike(paste, names, beside=bool(hits))
        matches = [self._of_hit(hit, order, paste, names) for order, hit in enumerate(hits)]
        taken = {hit.symptom for hit in hits}
        others = [found for found in alike if found.symptom not in taken][: max(limit - len(matches), 0)]
        said = mentions(paste.text[:_MENTIONED], names) if others else ()
        matches += [self._of_likeness(found, paste, names, said, beside=bool(hits)) for found in others]
        confident = bool(hits) or _is_clear(alike, lines=len(paste.lines))
        return Results(tuple(matches), confident, paste.truncated)

    def _alike(self, paste: Paste, hosts: HostNames, *, beside: bool) -> list[Likeness]:
        lines = paste.lines if len(paste.lines) <= 1 else () if beside else _telling_lines(paste)
        best: dict[int, Likeness] = {}
        for line in lines:
            for found in self._likeness.find(without_mentions(line, hosts)):
                known = best.get(found.symptom)
                if found.score >= _LISTED and (known is None or found.score > known.score):
                    best[found.symptom] = found
        least = _BESIDE_SIGNATURE if beside else _LISTED
        kept = [found for found in best.values() if found.score >= least]
        return sorted(kept, key=lambda found: (-found.score, found.symptom))

    # ------------------------------------------------------------------ matches

    def _of_hit(self, hit: Hit, order: int, paste: Paste, hosts: HostNames) -> Match:
        symptom = self._symptoms[hit.symptom]
        line = _shown(hit.matched)
        score = max((89.0 if hit.wraps else 100.0) - order, 80.0)
        reason = Text(f"the line “{line}” is its error", f"이 줄이 해당 증상의 오류 메시지다: “{line}”")
        return Match(symptom.id, symptom.title, score, reason, self._inputs_of(hit, paste, hosts), line)

    def _inputs_of(self, hit: Hit, paste: Paste, hosts: HostNames) -> dict[str, str]:
        inputs = self._symptoms[hit.symptom].inputs
        block = paste.block_at(hit.last_line)
        captured = dict(hit.captures)
        for more in self._signatures.also(hit.symptom, paste, block):
            captured = {**more, **captured}
        filled = _captured(inputs, captured, hosts)
        filled = {**_from_prompt(inputs, paste, hit.last_line, hosts), **filled}
        prompt = paste.prompt_at(hit.last_line)
        seen = "\n".join(paste.lines[max(block[0], hit.last_line - 40) : hit.last_line + 1])
        for text in (prompt.command if prompt else "", seen):
            missing = [wanted for wanted in inputs.values() if wanted.name not in filled]
            filled.update(assign(missing, _others(mentions(text, hosts), captured.values())))
        return filled

    def _of_likeness(
        self, found: Likeness, paste: Paste, hosts: HostNames, said: tuple[Mention, ...], *, beside: bool
    ) -> Match:
        symptom = self._symptoms[found.symptom]
        score = round(min(found.score, 79.0 if beside else 100.0), 1)
        inputs = assign(symptom.inputs.values(), said)
        inputs = {**_from_prompt(symptom.inputs, paste, len(paste.lines) - 1, hosts), **inputs}
        return Match(symptom.id, symptom.title, score, _likeness_reason(found), inputs, _shown(found.phrase.text))


def _best_of_each(hits: list[Hit]) -> list[Hit]:
    best: dict[int, Hit] = {}
    for hit in hits:
        best.setdefault(hit.symptom, hit)
    return list(best.values())


def _telling_lines(paste: Paste) -> list[str]:
    """Of a paste without a known signature, the few lines that speak of an error; typed lines as they are."""
    distinct = list(dict.fromkeys(line for line in paste.lines if any(map(str.isalpha, line))))
    telling = [line for line in distinct if _TELLING.search(line)]
    return (telling or distinct)[:_LINES_COMPARED]


def _is_clear(alike: list[Likeness], *, lines: int) -> bool:
    if not alike or lines > 3:
        return False
    best, second = alike[0].score, alike[1].score if len(alike) > 1 else 0.0
    return (best >= _SURE and best - second >= _AHEAD) or best >= _EXACT > second


def _shown(line: str) -> str:
    return clip(inert(line).replace("\n", "␊"), _QUOTED)


def _likeness_reason(found: Likeness) -> Text:
    shown = _shown(found.phrase.text)
    if found.phrase.is_title:
        return Text(f"similar to its title “{shown}”", f"제목이 비슷하다: “{shown}”")
    return Text(f"similar to the phrase “{shown}”", f"표현이 비슷하다: “{shown}”")


# ------------------------------------------------------------------ inputs


def _captured(inputs: Mapping[str, Input], captures: Mapping[str, str], hosts: HostNames) -> dict[str, str]:
    found = {name: checked(inputs[name], value) for name, value in captures.items() if name in inputs}
    for name, value in found.items():
        if inputs[name].kind == "host":
            found[name] = hosts.known(value) or value
    return {name: value for name, value in found.items() if value}


def _from_prompt(inputs: Mapping[str, Input], paste: Paste, line: int, hosts: HostNames) -> dict[str, str]:
    """Inputs that a shell prompt or the prefix of a log line answers."""
    prompt = paste.prompt_at(line) or Prompt("", "", "", 0)
    host = paste.log_hosts[line] or prompt.host
    known = hosts.known(host) if hosts.by_name else host
    told = {"prompt-host": known, HERE: known, "prompt-user": prompt.user}
    found = {name: checked(wanted, told.get(wanted.paste, "")) for name, wanted in inputs.items() if wanted.paste}
    return {name: value for name, value in found.items() if value}


def _others(found: Iterable[Mention], captured: Collection[str]) -> list[Mention]:
    """Mentions that no capture has named yet."""
    return [mention for mention in found if not any(mention.value in value for value in captured)]

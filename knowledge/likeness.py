"""How like a typed question is to titles and phrases, in English, Korean and both mixed.

Words of Latin script are compared by stem, Korean by syllables and pairs of syllables without regard to spaces;
rare ones weigh more. Only the few symptoms that share the most are then compared letter by letter (rapidfuzz)."""

from __future__ import annotations

import heapq
import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from knowledge.model import Symptom

_LONGEST_QUERY = 400
_MOST_GRAMS = 120
_POSTINGS = 12_000
"""Entries of the inverted index read for one query, rarest words first."""
_COMPARED = 32
_UNKNOWN_WEIGHT = 0.8
_STOP_WEIGHT = 0.12
_OTHER_LANGUAGE = 0.85
"""A question in Korean means a Korean phrase rather than one that shares a loan word."""

_LOANS = {
    "ping": "핑(?![거계크])",
    "port": "포트",
    "host": "호스트",
    "instance": "인스턴스",
    "routing": "라우팅",
    "route": "라우트",
    "firewall": "방화벽",
    "server": "서버",
    "network": "네트워크",
    "interface": "인터페이스",
    "gateway": "게이트웨이",
    "node": "노드",
    "pod": "파드|팟",
    "timeout": "타임아웃",
    "ssh": "에스에스에이치",
    "cluster": "클러스터",
    "unreachable": "언리처블",
}
_ENGLISH = {ko.partition("(")[0]: en for en, several in _LOANS.items() for ko in several.split("|")}
_LOAN = re.compile("(?<![가-힣])(?:" + "|".join(_LOANS.values()) + ")")
_WORDS = re.compile(r"[^\W가-힣_ᄀ-ᇿ]+|[가-힣ᄀ-ᇿ]+")
_RUNS = re.compile(r"[^\W가-힣_ᄀ-ᇿ]+|[가-힣ᄀ-ᇿ]+(?: +[가-힣ᄀ-ᇿ]+)*")

_LITTLE = """
a an and any are as at be been but by can cannot cant do does doesnt dont for from had has have how i if in
is isnt it its me my no not none of on or our so that the their then there they this to was we were what
when why will with you your only still some fail failed problem issue help broken please get got try error
work say"""
_LITTLE_SYLLABLES = frozenset(
    "이가은는을를에의로으도만다요서니습안된돼되됨되해하한할함지않못음고면인것수있네나아어"
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A title or a phrase, prepared."""

    text: str
    is_title: bool
    plain: str
    """Lower case, one space between words."""
    grams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Likeness:
    symptom: int
    score: float
    """0..100."""
    phrase: Phrase
    shared: tuple[str, ...]
    """Words of the question found in the phrase, in order."""


def plain(text: str) -> str:
    if text.isascii():
        return " ".join(_WORDS.findall(text.lower().replace("'", "")))
    folded = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return " ".join(_WORDS.findall(_LOAN.sub(lambda found: f" {_ENGLISH[found[0]]} ", folded)))


def grams(prepared: str) -> list[str]:
    """Stems of Latin words; syllables and pairs of syllables of Korean, spaces left out. In order, each once."""
    found: dict[str, None] = {}
    for run in _RUNS.findall(prepared):
        if _is_korean(run):
            syllables = run.replace(" ", "")
            found.update(dict.fromkeys(syllables))
            found.update(dict.fromkeys(map(str.__add__, syllables, syllables[1:])))
        else:
            found[_stem(run)] = None
    return list(found)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


_STOPS = frozenset(map(_stem, _LITTLE.split()))


def _is_korean(gram: str) -> bool:
    return gram[0] >= "\u1100" and (gram[0] <= "\u11ff" or "가" <= gram[0] <= "힣")


@dataclass(frozen=True, slots=True)
class _Question:
    plain: str
    weights: Mapping[str, float]
    """Gram → what it weighs in the question."""
    meant: Mapping[str, Mapping[str, float]]
    """Gram of the index → grams of the question it may stand for → how well (0..1)."""
    total: float


class LikenessIndex:
    def __init__(self, symptoms: Sequence[Symptom]) -> None:
        self._phrases = [_phrases(symptom) for symptom in symptoms]
        self._postings: dict[str, list[int]] = {}
        for number, phrases in enumerate(self._phrases):
            for gram in {gram for phrase in phrases for gram in phrase.grams}:
                self._postings.setdefault(gram, []).append(number)
        self._words = sorted(gram for gram in self._postings if not _is_korean(gram))
        self._pairs = sorted(gram for gram in self._postings if _is_korean(gram))
        self._weights = {gram: self._weight(len(found)) * _lighter(gram) for gram, found in self._postings.items()}
        self._letters: dict[str, str] = {}
        self._totals: dict[str, float] = {}
        self._near: dict[str, dict[str, float]] = {}

    def _weight(self, used_by: int) -> float:
        everything = len(self._phrases)
        return math.log(1 + everything / used_by) / math.log(1 + everything)

    def find(self, text: str) -> list[Likeness]:
        """The symptoms most like the text, best first."""
        question = self._question(plain(text[:_LONGEST_QUERY]))
        if not any(_lighter(gram) > _STOP_WEIGHT for gram in question.meant):
            return []
        found = [self._likeness(number, question) for number in self._shortlist(question)]
        return sorted(found, key=lambda likeness: (-likeness.score, likeness.symptom))

    # ------------------------------------------------------------------ the question

    def _question(self, prepared: str) -> _Question:
        asked = [gram for gram in grams(prepared) if not gram.isdigit()][:_MOST_GRAMS]
        weights: dict[str, float] = {}
        meant: dict[str, dict[str, float]] = {}
        for gram in asked:
            near = self._nearest(gram, last=gram == asked[-1])
            unknown = (0.3 if _is_korean(gram) else _UNKNOWN_WEIGHT) * _lighter(gram)
            known = max((self._weights[word] for word in near), default=unknown)
            weights[gram] = known
            for word, likeness in near.items():
                meant.setdefault(word, {})[gram] = likeness
        return _Question(prepared, weights, meant, sum(weights.values()))

    def _nearest(self, gram: str, *, last: bool) -> dict[str, float]:
        """Grams of the index that this one may stand for. The last word may be half typed."""
        if _is_korean(gram):
            near = {gram: 1.0} if gram in self._postings else {}
        else:
            near = {gram: 1.0} if gram in self._postings else self._misspelt(gram)
        if last and len(gram) > 1 and not _is_korean(gram):
            near = {**self._begun(gram), **near}
        return near

    def _begun(self, start: str) -> dict[str, float]:
        first = bisect_left(self._words, start)
        words = self._words[first : first + 24]
        return {word: max(len(start) / len(word), 0.6) for word in words if word.startswith(start)}

    def _misspelt(self, word: str) -> dict[str, float]:
        if len(word) < 4:
            return {}
        if word not in self._near:
            if len(self._near) > 5000:
                self._near.clear()
            cutoff = 72 if len(word) > 5 else 78
            close = process.extract(word, self._words, scorer=fuzz.ratio, score_cutoff=cutoff, limit=4)
            self._near[word] = {found: (score - 40) / 60 for found, score, _ in close if len(found) > 2}
        return self._near[word]

    # ------------------------------------------------------------------ the symptoms

    def _shortlist(self, question: _Question) -> list[int]:
        shared: dict[int, float] = {}
        left = _POSTINGS
        for gram in sorted(question.meant, key=lambda gram: (len(self._postings[gram]), gram)):
            weight = self._weights[gram] * max(question.meant[gram].values())
            posting = self._postings[gram][:left]
            for number in posting:
                shared[number] = shared.get(number, 0.0) + weight
            left -= len(posting)
            if left <= 0:
                break
        least = max(shared.values(), default=0.0) * 0.4
        likely = [(-weight, number) for number, weight in shared.items() if weight >= least]
        return [number for _, number in heapq.nsmallest(_COMPARED, likely)]

    def _likeness(self, number: int, question: _Question) -> Likeness:
        letters = self._jamo(question.plain)
        everywhere: dict[str, float] = {}
        best: tuple[float, Phrase, dict[str, float]] | None = None
        for phrase in self._phrases[number]:
            covered, fraction = self._covered(phrase, question)
            for gram, likeness in covered.items():
                everywhere[gram] = max(everywhere.get(gram, 0.0), likeness)
            tongue = 1.0 if phrase.plain.isascii() == question.plain.isascii() else _OTHER_LANGUAGE
            score = max(_shares(covered, fraction, question) * tongue, self._alike(letters, phrase))
            if best is None or score > best[0]:
                best = score, phrase, covered
        assert best is not None
        mixed = 62 * _part(everywhere, question)
        shared = tuple(gram for gram in question.weights if gram in best[2] and len(gram) > 1)
        return Likeness(number, max(best[0], mixed), best[1], shared)

    def _covered(self, phrase: Phrase, question: _Question) -> tuple[dict[str, float], float]:
        """Grams of the question found in the phrase, and the part of the phrase's weight that they are."""
        covered: dict[str, float] = {}
        inside = 0.0
        for gram in phrase.grams:
            asked = question.meant.get(gram)
            if asked:
                inside += self._weights[gram] * max(asked.values())
                for word, likeness in asked.items():
                    covered[word] = max(covered.get(word, 0.0), likeness)
        return covered, inside / self._weight_of(phrase) if inside else 0.0

    def _weight_of(self, phrase: Phrase) -> float:
        if phrase.plain not in self._totals:
            self._totals[phrase.plain] = sum(map(self._weights.__getitem__, phrase.grams))
        return self._totals[phrase.plain]

    def _alike(self, letters: str, phrase: Phrase) -> float:
        """Letter by letter, spaces left out; 50 % of the letters are in common between any two texts."""
        ratio = fuzz.ratio(letters, self._jamo(phrase.plain), score_cutoff=60)
        return max(0.0, ratio - 50) * 2

    def _jamo(self, prepared: str) -> str:
        if prepared not in self._letters:
            if len(self._letters) > 100_000:
                self._letters.clear()
            self._letters[prepared] = unicodedata.normalize("NFD", prepared.replace(" ", ""))
        return self._letters[prepared]


def _lighter(gram: str) -> float:
    if gram in _STOPS:
        return _STOP_WEIGHT
    if not _is_korean(gram):
        return 1.0
    little = sum(syllable in _LITTLE_SYLLABLES for syllable in gram)
    return (0.3, 0.08)[little] if len(gram) == 1 else (1.0, 0.5, 0.12)[little]


def _phrases(symptom: Symptom) -> tuple[Phrase, ...]:
    texts = dict.fromkeys((symptom.title.en, symptom.title.ko, *symptom.phrases_en, *symptom.phrases_ko))
    titles = {symptom.title.en, symptom.title.ko}
    return tuple(
        Phrase(text, text in titles, prepared := plain(text), tuple(grams(prepared))) for text in texts if text
    )


def _part(covered: Mapping[str, float], question: _Question) -> float:
    found = sum(question.weights[gram] * likeness for gram, likeness in covered.items())
    return found / question.total if question.total else 0.0


def _shares(covered: Mapping[str, float], fraction: float, question: _Question) -> float:
    """0..100. A question within a phrase counts, and a phrase within a longer question too."""
    asked = _part(covered, question)
    contained = asked * (0.6 + 0.4 * fraction)
    contains = fraction * (0.35 + 0.65 * asked) if len(covered) > 2 else 0.0
    return 100 * max(contained, contains)

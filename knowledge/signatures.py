"""Which error signatures a paste holds. Every signature is first looked up by a literal it cannot match without,
so that thousands of them cost one pass over the text."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.model import Symptom
from knowledge.paste import Paste

_PARSE: Callable[[str, int], Any] = importlib.import_module("re._parser").parse
_GRAM = 3
_MOST_STARTS = 200
_WRAPPING = re.compile(
    r"exceeded maximum number of retries|maxretriesexceeded|exhausted all hosts available|messagingtimeout"
    r"|timed out waiting for a reply|crashloopbackoff|back-off restarting|imagepullbackoff|no valid host was found"
    r"|timed out waiting for the condition|context deadline exceeded|main process exited|failed with result"
    r"|failed to create pod sandbox|install(?:ation)? failed|command failed|unfortunately, an error has occurred"
    r"|the kubelet is not healthy|error execution phase|build of instance|traceback \(most recent call last\)"
)
_OWN_WORDS = 12
"""Letters a signature must require beyond a wrapper's words to be more than the wrapper."""


@dataclass(frozen=True, slots=True)
class Signature:
    symptom: int
    """Index of the symptom."""
    pattern: re.Pattern[str]
    literals: tuple[str, ...]
    """Lower-case runs of letters without which it cannot match."""

    @property
    def wraps(self) -> bool:
        """It knows only a wrapper ("Exceeded maximum number of retries"), which has a cause of its own."""
        words = " ".join(self.literals)
        own = _WRAPPING.sub("", words)
        return own != words and sum(map(str.isalnum, own)) < _OWN_WORDS


@dataclass(frozen=True, slots=True)
class Hit:
    symptom: int
    wraps: bool
    first_line: int
    """Lines of the cleaned paste."""
    last_line: int
    length: int
    matched: str
    captures: dict[str, str]

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Errors before wrappers, then what ends first, then what explains more of the same line."""
        return self.wraps, self.last_line, -self.length


def literals_of(pattern: str, flags: int) -> tuple[str, ...]:
    """Runs of letters every match contains, in lower case; none when the pattern cannot be read."""
    try:
        parsed = _PARSE(pattern, flags)
    except (re.error, RecursionError, OverflowError):
        return ()
    return tuple(run for run in "".join(_required(parsed)).lower().split("\0") if run)


def _required(parsed: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Letters, and NUL where the run is broken."""
    for kind, value in parsed:
        match str(kind):
            case "LITERAL":
                yield chr(value)
            case "SUBPATTERN":
                yield from _required(value[3])
            case "ATOMIC_GROUP":
                yield from _required(value)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT" if value[0] > 0:
                yield from ("\0", *_required(value[2]), "\0")
            case "AT":
                pass
            case _:
                yield "\0"


class SignatureIndex:
    def __init__(self, symptoms: Sequence[Symptom]) -> None:
        self._signatures = [
            Signature(number, pattern, literals_of(pattern.pattern, pattern.flags))
            for number, symptom in enumerate(symptoms)
            for pattern in symptom.signatures
        ]
        self._longest = [max(signature.literals, key=len, default="") for signature in self._signatures]
        self._by_gram, self._always = self._filed()
        self._of_symptom: dict[int, list[int]] = {}
        for number, signature in enumerate(self._signatures):
            self._of_symptom.setdefault(signature.symptom, []).append(number)
        self._multiline: dict[int, re.Pattern[str]] = {}

    def _filed(self) -> tuple[dict[str, list[int]], list[int]]:
        uses = Counter(gram for literal in self._longest for gram in _grams(literal))
        by_gram: dict[str, list[int]] = {}
        always = []
        for number, literal in enumerate(self._longest):
            rarest = min(_grams(literal), key=lambda gram: (uses[gram], gram), default=None)
            if rarest is None:
                always.append(number)
            else:
                by_gram.setdefault(rarest, []).append(number)
        return by_gram, always

    def find(self, paste: Paste) -> list[Hit]:
        """The first place of every signature that matches, best first."""
        if not self._signatures:
            return []
        hits = [hit for number in self._candidates(paste) if (hit := self._hit(number, paste)) is not None]
        return sorted(hits, key=lambda hit: (hit.rank, hit.symptom))

    def also(self, symptom: int, paste: Paste, lines: tuple[int, int]) -> Iterator[dict[str, str]]:
        """What other signatures of the symptom capture within these lines of the cleaned paste."""
        text = "\n".join(paste.lines[slice(*lines)])
        for number in self._of_symptom.get(symptom, ()):
            if found := self._pattern(number).search(text):
                yield _captures(_innermost(self._pattern(number), found))

    def _candidates(self, paste: Paste) -> list[int]:
        text = f"{paste.text}\n{paste.raw}".lower()
        present = _grams(text)
        filed = (number for gram in self._by_gram.keys() & present for number in self._by_gram[gram])
        numbers = [*self._always, *(number for number in filed if _all_in(self._longest[number], present))]
        return sorted(n for n in numbers if all(part in text for part in self._signatures[n].literals))

    def _pattern(self, number: int) -> re.Pattern[str]:
        """Compiled for whole texts; when first needed, for compiling thousands takes a second."""
        if number not in self._multiline:
            pattern = self._signatures[number].pattern
            self._multiline[number] = re.compile(pattern.pattern, pattern.flags | re.MULTILINE)
        return self._multiline[number]

    def _hit(self, number: int, paste: Paste) -> Hit | None:
        pattern, signature = self._pattern(number), self._signatures[number]
        if found := pattern.search(paste.text):
            return _hit(signature, _innermost(pattern, found), paste.text, lambda line: line)
        if found := pattern.search(paste.raw):
            return _hit(signature, _innermost(pattern, found), paste.raw, paste.line_of_raw)
        return None


def _innermost(pattern: re.Pattern[str], found: re.Match[str]) -> re.Match[str]:
    """Of a match over several lines the one with the same end that starts last: of two pings before an error, the
    nearer one. It must capture as much."""
    names = _captures(found).keys()
    for _ in range(_MOST_STARTS):
        next_line = found.string.find("\n", found.start(), found.end()) + 1
        nearer = pattern.search(found.string, next_line, found.end()) if next_line else None
        if nearer is None or nearer.end() != found.end() or not names <= _captures(nearer).keys():
            break
        found = nearer
    return found


def _hit(signature: Signature, found: re.Match[str], text: str, line_of: Callable[[int], int]) -> Hit | None:
    if not found[0].strip():
        return None
    first = text.count("\n", 0, found.start())
    last = first + found[0].rstrip().count("\n")
    end = text.find("\n", found.end() - 1)
    start = text.rfind("\n", 0, found.start() + len(found[0].rstrip())) + 1
    line = text[start : end if end >= 0 else len(text)]
    lines = line_of(first), line_of(last)
    return Hit(signature.symptom, signature.wraps, *lines, len(found[0]), line.strip(), _captures(found))


def _captures(found: re.Match[str]) -> dict[str, str]:
    return {name: value for name, value in found.groupdict().items() if value}


def _all_in(literal: str, present: set[str]) -> bool:
    """Cheaper than a look through a long text, and nearly as sharp."""
    return all(literal[start : start + _GRAM] in present for start in range(len(literal) - _GRAM + 1))


def _grams(text: str) -> set[str]:
    return {text[start : start + _GRAM] for start in range(len(text) - _GRAM + 1)}

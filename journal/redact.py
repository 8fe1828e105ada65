"""Secrets are blacked out before anything is written. Equal secrets get equal placeholders, for the key of the
placeholders is kept with the journals."""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast

from base.files import opened
from journal import detectors
from journal.detectors import BEGINNINGS, SERVICES
from journal.secret_names import ENV_PAIR, SECRET_KEY, TRIGGERS, block_spans
from journal.secret_rules import RULES, TELLING_COMMANDS, key_spans
from journal.secret_shapes import spans

_COOKIE = re.compile(r"(?:set-)?cookie", re.IGNORECASE)
PLACEHOLDER = re.compile(r"‹secret:[0-9a-f]{4,16}›")
_ASCII = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_WORDS = tuple(sorted({word for words, _ in RULES for word in words}))
_SHAPED = ("secret", "cloud-config", "chpasswd", "write_files")


class Redactor:
    """Blacks out secrets. Redactors with the same key give equal placeholders to equal secrets."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, folder: Path) -> Redactor:
        """The redactor of a folder of journals; its key is made with the first one. OSError when it cannot be."""
        return cls(_key_in(folder / "redaction.key"))

    def placeholder(self, secret: str) -> str:
        """Says nothing of the secret: without the key nobody can try guesses."""
        digest = blake2b(secret.encode("utf-8", "surrogatepass"), key=self._key, digest_size=4).hexdigest()
        return f"‹secret:{digest}›"

    def text(self, text: str) -> str:
        """The text without the secrets it shows. Addresses, rules, fingerprints and public keys stay."""
        lowered = _lower(text)
        words = [word for word in _WORDS if word in lowered]
        if "private key" in lowered or "putty-user" in lowered:
            text = self._without(text, key_spans(text))
        if any(word in lowered for word in _SHAPED):
            text = self._without(text, spans(text))
        if "\n" in text and not set(words).isdisjoint(TRIGGERS):
            text = self._without(text, block_spans(text))
        if "value:" in lowered:
            text = ENV_PAIR.sub(self._hidden, text)
        text = _lines(text, _lower, words, self._by_rules)
        text = _lines(text, str, [word for word in BEGINNINGS if word in text], self._by_beginning)
        return _lines(text, _lower, [word for word in SERVICES if word in lowered], self._by_service)

    def _by_rules(self, line: str, words: set[str]) -> str:
        """In the order they are written down: the more telling first."""
        for triggers, pattern in RULES:
            if not words.isdisjoint(triggers):
                line = pattern.sub(self._hidden, line)
        return line

    def _by_beginning(self, line: str, words: set[str]) -> str:
        return self._without(line, _apart(detectors.spans(line, {BEGINNINGS[word] for word in words})))

    def _by_service(self, line: str, words: set[str]) -> str:
        return self._without(line, _apart(detectors.spans(line, {SERVICES[word] for word in words})))

    def _without(self, text: str, hidden: Iterable[tuple[int, int]]) -> str:
        done, parts = 0, []
        for start, end in hidden:
            parts += [text[done:start], self._mark(text[start:end])]
            done = end
        return "".join(parts) + text[done:]

    def _hidden(self, found: re.Match[str]) -> str:
        start, end = found.span("secret")
        offset = found.start()
        return found[0][: start - offset] + self._mark(found["secret"]) + found[0][end - offset :]

    def _mark(self, secret: str) -> str:
        """What is hidden already stays as it is."""
        return secret if PLACEHOLDER.search(secret) else self.placeholder(secret)

    def data(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The same as plain JSON values without secrets: those in strings, and those under a telling key."""
        clean = {str(key): self._under(str(key), inner) for key, inner in value.items()}
        request, reply = clean.get("request"), clean.get("reply")
        if isinstance(request, dict) and isinstance(reply, dict):
            self._answer(str(request.get("text", "")), reply)
        return clean

    def _answer(self, command: str, reply: dict[str, Any]) -> None:
        """Of some commands the whole answer is a secret."""
        if isinstance(reply.get("stdout"), str) and TELLING_COMMANDS.search(command):
            reply["stdout"] = _LONG_WORD.sub(lambda found: self._mark(found[0]), reply["stdout"])

    def _under(self, key: str, value: object) -> Any:
        if isinstance(value, str) and value and not PLACEHOLDER.search(value) and _telling(key, value):
            return self.placeholder(value)
        return self._plain(value)

    def _plain(self, value: object) -> Any:
        match value:
            case Enum():
                return self._plain(value.value)
            case str():
                # Lone surrogates (bytes that are no UTF-8) cannot be written; they become visible.
                return self.text(value.encode("utf-8", "backslashreplace").decode())
            case None | bool() | int():
                return value
            case float():
                return value if math.isfinite(value) else str(value)
            case Mapping():
                return self.data(value)
            case list() | tuple():
                return [self._plain(inner) for inner in value]
            case set() | frozenset():
                return [self._plain(inner) for inner in sorted(value, key=str)]
            case datetime():
                return value.isoformat()
        return self._plain(str(value))


_LONG_WORD = re.compile(r"[^\s‹›]{4,}")


_SESSION = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
"""Names that deadhop gives itself; a replay needs them."""


def _telling(key: str, value: str) -> bool:
    if _SESSION.fullmatch(value):
        return False
    return bool(SECRET_KEY.fullmatch(key)) or (_COOKIE.fullmatch(key) is not None and "=" in value)


def _lower(text: str) -> str:
    """In lower case and as long as before."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text.translate(_ASCII)


def _lines(
    text: str, folded: Callable[[str], str], words: list[str], change: Callable[[str, set[str]], str]
) -> str:
    """Changes the lines in which one of the words is, and looks at no others."""
    if not words:
        return text
    interesting = re.compile("|".join(map(re.escape, words)))
    done, parts = 0, []
    for found in interesting.finditer(folded(text)):
        if found.start() < done:
            continue
        start = text.rfind("\n", 0, found.start()) + 1
        end = text.find("\n", found.end())
        line = text[start : len(text) if end < 0 else end]
        here = folded(line)
        parts += [text[done:start], change(line, {word for word in words if word in here})]
        done = start + len(line)
    return "".join(parts) + text[done:]


def _apart(found: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """In order, those that overlap left out."""
    done = 0
    for start, end in sorted(found):
        if start >= done and end > start:
            yield start, end
            done = end


def _key_in(path: Path) -> bytes:
    """Made by whoever comes first, whole before it has its name."""
    with contextlib.suppress(FileNotFoundError):
        return _key_read(path)
    unfinished = path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return _key_read(path)


def _key_read(path: Path) -> bytes:
    with opened(path) as file:
        key = file.read()
    return key[:64] if len(key) >= 32 else _KEY


_KEY = secrets.token_bytes(32)
_OWN = Redactor(_KEY)
"""For what belongs to no folder."""


def placeholder(secret: str) -> str:
    return _OWN.placeholder(secret)


def redact_text(text: str) -> str:
    return _OWN.text(text)


def redact(value: Mapping[str, Any]) -> dict[str, Any]:
    return _OWN.data(value)


_T = TypeVar("_T")
_SAYING = re.compile(r"(?:\w+_)?(?:error|message|hint|said|why)")


def hushed(value: _T) -> _T:
    """A failure or facts, without the secrets of what they quote: a program that fails says what it likes."""
    if not is_dataclass(value):
        return value
    told = {one.name: getattr(value, one.name) for one in fields(value) if _SAYING.fullmatch(one.name)}
    clean = {name: redact_text(text) for name, text in told.items() if isinstance(text, str)}
    changed = any(clean[name] != told[name] for name in clean)
    return cast(_T, replace(cast(Any, value), **clean)) if changed else value

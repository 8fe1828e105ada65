"""Secrets are blacked out before anything is written. Equal secrets get equal placeholders, for the key of the
placeholders is kept with the journals."""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from pathlib import Path
from typing import Any

_NAMES = (
    r"passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|preshared[_-]?key"
    r"|client-key-data|psk"
)
_KEYS = ("api", "access", "secret", "private", "preshared")
_TRIGGERS = (
    *("passw", "passphrase", "secret", "token", "psk", "key-data"),
    *(f"{kind}{joint}key" for kind in _KEYS for joint in ("", "_", "-")),
)
_SECRET_KEY = re.compile(rf"(?:.*[_. -])?(?:{_NAMES}|authorization|cookie|x-auth-token)", re.IGNORECASE)
_PLAIN_WORD = r"(?!(?:none|null|nil|true|false|yes|no|required|optional|\(none\)|\*+|\$|<|‹)(?:[\s\"',;]|\b|$))"

_KEY_BLOCK = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----(?P<secret>[^-‹]{1,65536})"
    r"(?:-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----)?"
)
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("@",), re.compile(r"(?:://|,)[\w.%-]{0,100}:(?P<secret>[^\s/@,‹]{1,300})@(?=[\w\[])")),
    (
        ("auth", "cookie", "x-subject-token"),
        re.compile(
            r"\b(?:proxy-authorization|authorization|x-auth-token|x-subject-token|(?:set-)?cookie)['\"]?\s{0,4}[:=]\s{0,4}"
            rf"['\"]?(?!(?:bearer|basic|token) ‹)(?:(?:bearer|basic|token) )?{_PLAIN_WORD}"
            r"(?P<secret>[^\s'\"‹][^\n'\"‹]{0,8191})",
            re.IGNORECASE,
        ),
    ),
    (
        _TRIGGERS,
        re.compile(
            rf"(?<!‹)(?:{_NAMES})[\"']?[ \t]{{0,4}}[=:][ \t]{{0,4}}(?P<quote>[\"'])(?!‹)"
            r"(?P<secret>(?:(?!(?P=quote))[^\n‹]){1,8192})(?P=quote)",
            re.IGNORECASE,
        ),
    ),
    (
        _TRIGGERS,
        re.compile(
            rf"(?<!‹)(?:{_NAMES})(?:\\?[\"'])?[ \t]{{0,4}}[=:][ \t]{{0,4}}"
            rf"(?:\\?[\"'])?{_PLAIN_WORD}(?P<secret>[^\s\"'\\‹,;&)}}\]]{{1,8192}})",
            re.IGNORECASE,
        ),
    ),
    (
        _TRIGGERS,
        re.compile(
            rf"(?<![\w-])--[\w-]{{0,40}}?(?:{_NAMES})[ =]['\"]?{_PLAIN_WORD}"
            r"(?P<secret>[^\s'\"‹-][^\s'\"‹]{0,8191})"
        ),
    ),
    (
        ("password ",),
        re.compile(
            r"^[ \t]{0,20}(?:neighbor \S{1,100} |enable )?password (?:[78] )?(?P<secret>[^\s‹]{1,300})$",
            re.MULTILINE,
        ),
    ),
    (("bearer ",), re.compile(r"\bbearer (?P<secret>[\w.~+/=-]{16,8192})", re.IGNORECASE)),
    (("eyj",), re.compile(r"\b(?P<secret>eyJ[\w-]{8,8192}\.[\w-]{8,8192}\.[\w-]{0,8192})")),
    (("gaaaa",), re.compile(r"\b(?P<secret>gAAAAA[\w=-]{40,8192})")),
    (
        ("akia", "ghp_", "gho_", "ghs_", "glpat-"),
        re.compile(r"\b(?P<secret>AKIA[0-9A-Z]{16}|gh[pos]_\w{30,}|glpat-[\w-]{20,})"),
    ),
    (("token",), re.compile(r"\b(?P<secret>(?=[a-z0-9]{0,5}[a-z.][a-z0-9.]{0,16}\d)[a-z0-9]{6}\.[a-z0-9]{16})\b")),
)


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
        lowered = text.lower()
        text = _KEY_BLOCK.sub(self._hidden, text) if "private key-----" in lowered else text
        active = [rule for rule in _RULES if any(trigger in lowered for trigger in rule[0])]
        if not active:
            return text
        return "\n".join(self._line(line, active) for line in text.split("\n"))

    def _line(self, line: str, rules: list[tuple[tuple[str, ...], re.Pattern[str]]]) -> str:
        lowered = line.lower()
        for triggers, pattern in rules:
            if any(trigger in lowered for trigger in triggers):
                line = pattern.sub(self._hidden, line)
        return line

    def _hidden(self, found: re.Match[str]) -> str:
        start, end = found.span("secret")
        offset = found.start()
        return found[0][: start - offset] + self.placeholder(found["secret"]) + found[0][end - offset :]

    def data(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The same as plain JSON values without secrets: those in strings, and those under a telling key."""
        return {str(key): self._under(str(key), inner) for key, inner in value.items()}

    def _under(self, key: str, value: object) -> Any:
        if isinstance(value, str) and value and _SECRET_KEY.fullmatch(key) and not value.startswith("‹secret:"):
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
    key = path.read_bytes()
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

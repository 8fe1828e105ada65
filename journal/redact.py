"""Secrets are blacked out before anything is written. Equal secrets get equal placeholders within one process."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from typing import Any

_KEY = secrets.token_bytes(32)

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


def placeholder(secret: str) -> str:
    digest = blake2b(secret.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=2).hexdigest()
    return f"‹secret:{digest}›"


def redact_text(text: str) -> str:
    """The text without the secrets it shows. Addresses, rules, fingerprints and public keys stay as they are."""
    lowered = text.lower()
    text = _KEY_BLOCK.sub(_hidden, text) if "private key-----" in lowered else text
    active = [rule for rule in _RULES if any(trigger in lowered for trigger in rule[0])]
    if not active:
        return text
    return "\n".join(_redact_line(line, active) for line in text.split("\n"))


def _redact_line(line: str, rules: list[tuple[tuple[str, ...], re.Pattern[str]]]) -> str:
    lowered = line.lower()
    for triggers, pattern in rules:
        if any(trigger in lowered for trigger in triggers):
            line = pattern.sub(_hidden, line)
    return line


def _hidden(found: re.Match[str]) -> str:
    start, end = found.span("secret")
    offset = found.start()
    return found[0][: start - offset] + placeholder(found["secret"]) + found[0][end - offset :]


def redact(value: Mapping[str, Any]) -> dict[str, Any]:
    """The same as plain JSON values without secrets: those in strings, and those under a telling key."""
    return {str(key): _under(str(key), inner) for key, inner in value.items()}


def _under(key: str, value: object) -> Any:
    if isinstance(value, str) and value and _SECRET_KEY.fullmatch(key) and not value.startswith("‹secret:"):
        return placeholder(value)
    return _plain(value)


def _plain(value: object) -> Any:
    for kind, convert in _CONVERSIONS:
        if isinstance(value, kind):
            return convert(value)
    return value if value is None else _text(str(value))


def _text(text: str) -> str:
    """Lone surrogates (bytes that are no UTF-8) cannot be written; they become visible."""
    return redact_text(text.encode("utf-8", "backslashreplace").decode())


_CONVERSIONS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (Enum, lambda value: _plain(value.value)),
    (str, _text),
    ((bool, int), lambda value: value),
    (float, lambda value: value if math.isfinite(value) else str(value)),
    (Mapping, redact),
    ((list, tuple), lambda values: [_plain(value) for value in values]),
    ((set, frozenset), lambda values: [_plain(value) for value in sorted(values, key=str)]),
    (datetime, lambda value: value.isoformat()),
)

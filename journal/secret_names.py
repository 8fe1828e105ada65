"""Names under which a secret stands, and how its value is written after them: quoted, bare, to the end of the line
or in the lines below. Where it is not plain how far a value goes, more is blacked out rather than less."""

from __future__ import annotations

import re
from collections.abc import Iterator

Rule = tuple[tuple[str, ...], re.Pattern[str]]

NAMES = (
    r"passw(?:or)?d|passphrase|passcode|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key"
    r"|preshared[_-]?key|encryption[_-]?key|signing[_-]?key|master[_-]?key|account[_-]?key|auth[_-]?key"
    r"|auth[_-]?pass|admin[_-]?pass|(?<=[a-z0-9][_-])pass|(?<=[a-z0-9]_)pwd|credential[_-]?key|snmp[_-]?community"
    r"|client-key-data|erlang[_-]?cookie|psk"
)
_KEYS = ("api", "access", "secret", "private", "preshared", "encryption", "signing", "master", "account", "auth")
TRIGGERS = (
    *("passw", "passphrase", "passcode", "secret", "token", "psk", "key-data", "authpass", "adminpass"),
    *("_pass", "-pass", "pwd", "credential_key", "community", "cookie"),
    *(f"{kind}{joint}key" for kind in _KEYS for joint in ("", "_", "-")),
)
SECRET_KEY = re.compile(
    rf"(?:.*[_. -])?(?:{NAMES}|authorization|x-auth-token|x-subject-token|user_?data)|pwd"
    r"|(?:[a-z0-9]+)(?:Password|Secret|Token|ApiKey|SecretKey|PrivateKey)",
    re.IGNORECASE,
)
"""Names under which a value is a secret whatever it looks like."""
_EMPTY = (
    r"(?:(?:none|null|nil|true|false|yes|no|required|optional|hidden|secrets|\d+ bytes|\(none\)|\(hidden\))\.?"
    r"|\*+|[|>][-+\d]{0,2}[ \t]*$|<[^<>\n]{0,200}>|‹|\[[a-z _-]{0,40}\]|\{\}"
    r"|\$|\$\{[^{}\n]{0,100}\}|\$\([^()\n]{0,200}\)|(?-i:\$[A-Z_][A-Z0-9_]{0,100})|\{\{[^{}\n]{0,200}\}\}"
    r"|(?:~|/(?:etc|var|root|home|opt|usr|run|srv|mnt))/[\w./-]{1,200})"
)
"""What stands in place of a secret: words, masks, variables, and the path of the file that holds it."""
_OPENS = r"[\[{](?:$|[\s\"'\\\[{]|[\w-]{1,60}:)"
WORD = rf"(?!{_EMPTY}(?:[\s\"',;&)}}\]|\\]|$)|{_OPENS})"
"""Before a value of one word."""
_LINE = rf"(?!{_EMPTY}[ \t]*(?:$|[ \t]{{2}}|[#(,;\"'}}\]])|{_OPENS})"
"""Before a value that goes to the end of its line: `none of your business` is one, `none` is not."""
_NEXT = r"[\w.-]{1,60}[\"']?[=:]"
_BARE = (
    rf"(?P<secret>(?:[^\s\"'\\‹,;&)}}\]]|[,;&)}}\]](?![\s\"'\\,;&)}}\]]|$|{_NEXT})|(?<=\w)[\"'](?=\w)"
    r"|\\(?![nrt\"'\\]|$)){1,8192})"
)
"""Separators belong to it unless they end something or another name follows."""
_TO_THE_END = r"(?P<secret>[^\s\"'‹](?:[^\n‹]{0,8190}[^\s‹,])?)"


def _rule(pattern: str, flags: int = re.IGNORECASE) -> Rule:
    return TRIGGERS, re.compile(pattern, flags)


NAMED: tuple[Rule, ...] = (
    # "name": "value", with what quotes do to quotes in JSON, in the shell, in YAML and in JSON in JSON
    _rule(
        rf"(?<!‹)(?:{NAMES})[\"']?[ \t]{{0,20}}[=:][ \t]{{0,20}}\"(?!‹)(?:(?=[^\n\"]*\")|(?=\S))"
        r"(?P<secret>(?:\\[^\n]|[^\n‹\"\\]){1,8192})(?:\"|$)"
    ),
    _rule(
        rf"(?<!‹)(?:{NAMES})[\"']?[ \t]{{0,20}}[=:][ \t]{{0,20}}'(?!‹)"
        r"(?P<secret>(?:[^\n‹']|'\\''|'\"'\"'|''){1,8192})'"
    ),
    _rule(
        rf"(?<!‹)(?:{NAMES})(?:\\?[\"'])?[ \t]{{0,20}}[=:][ \t]{{0,20}}\\\"(?!‹)"
        r"(?P<secret>(?:\\\\\\?[^\n]|[^\n‹\"\\]){1,8192})\\\""
    ),
    # a line of its own: YAML and ini take all of it, the shell up to a blank
    _rule(
        rf"^[ \t-]{{0,80}}[\w.-]{{0,100}}(?:{NAMES})(?:[ \t]{{0,20}}:[ \t]+|[ \t]+=[ \t]*|=[ \t]+)"
        rf"{_LINE}{_TO_THE_END}"
    ),
    _rule(
        rf"^[ \t]{{0,80}}(?-i:[a-z\d_.-]{{0,100}}(?:{NAMES}))={WORD}"
        r"(?P<secret>[^\s\"'‹](?:(?![ \t]+[\w.-]+=)[^\n‹]){0,8192}(?<![\s;,&)]))"
    ),
    _rule(
        rf"^[ \t-]{{0,80}}(?:export[ \t]+|set[ \t]+)?[\w.-]{{0,100}}(?:{NAMES})={WORD}"
        r"(?P<secret>[^\s\"'‹](?:[^\s‹]{0,8190}[^\s‹;,&)])?)"
    ),
    _rule(rf"\\n[ -]{{0,80}}[\w.-]{{0,100}}(?:{NAMES}): {{1,20}}{WORD}(?P<secret>[^\s\"'\\‹][^\"\\‹\n]{{0,8191}})"),
    # anywhere in a line
    _rule(
        rf"(?<!‹)(?<!checksum/)(?:{NAMES})(?:\\?[\"'])?[ \t]{{0,20}}"
        rf"(?:=[ \t]{{0,20}}|:[ \t]{{1,20}}|:(?=[\\\"']))(?:\\?[\"'])?{WORD}{_BARE}"
    ),
    # without a blank it may be the port of a service: `ns/some-token:web`
    _rule(rf"(?<![\w./‹-])(?:{NAMES}):{WORD}{_BARE}"),
    # PWD is also where a shell is
    _rule(rf"(?<![a-z0-9])pwd(?:[\"']?:[ \t]{{0,20}}(?=[\"'])|=)[\"']?(?![/~.]){WORD}{_BARE}"),
    _rule(
        rf"\|[ \t]{{0,80}}[\w.-]{{0,100}}(?:{NAMES})[ \t]{{0,200}}\|[ \t]{{1,20}}{WORD}"
        r"(?P<secret>[^\s|‹][^|\n‹]{0,8192}?)[ \t]*\|"
    ),
    # --name value
    _rule(
        rf"(?<![\w-])--[\w-]{{0,40}}?(?:{NAMES})[ =](?P<quote>['\"])(?!‹)"
        r"(?P<secret>(?:(?!(?P=quote))[^\n‹]){1,8192})(?P=quote)",
        0,
    ),
    _rule(
        rf"(?<![\w-])--[\w-]{{0,40}}?(?:{NAMES})(?: ['\"]?(?!-)|=['\"]?){WORD}(?P<secret>[^\s'\"‹]{{1,8192}})", 0
    ),
    _rule(
        rf"[\"']--[\w-]{{0,40}}?(?:{NAMES})[\"'],\s{{0,60}}\"(?!‹|-)(?P<secret>(?:\\.|[^\"\\‹\n]){{1,8192}})\"", 0
    ),
    # one environment variable of a container: {"name": "DB_PASSWORD", "value": "…"}
    _rule(
        rf"[\"']?(?:name|key)[\"']?:\s{{0,4}}[\"']?[\w.-]{{0,100}}(?:{NAMES})[\"']?,\s{{0,60}}"
        r"[\"']value[\"']:\s{0,4}[\"'](?P<secret>(?:\\.|[^\"\\‹]){1,8192})"
    ),
    _rule(
        rf"\\[\"'](?:name|key)\\[\"']:\s{{0,4}}\\[\"'][\w.-]{{0,100}}(?:{NAMES})\\[\"'],\s{{0,60}}"
        r"\\[\"']value\\[\"']:\s{0,4}\\[\"'](?P<secret>(?:\\\\\\?.|[^\"\\‹]){1,8192})"
    ),
)

ENV_PAIR = re.compile(
    rf"(?m)^(?P<indent>[ -]{{0,80}})name: [\"']?[\w.-]{{0,100}}(?:{NAMES})[\"']?[ \t]*\n[ ]{{1,80}}value: [\"']?"
    r"(?P<secret>[^\n\"'‹](?:[^\n‹]{0,8190}[^\n‹\"' \t])?)",
    re.IGNORECASE,
)
"""The same of a container's environment, in YAML: two lines."""

_HEAD = re.compile(
    rf"(?:{NAMES})[\"']?[ \t]{{0,20}}:[ \t]{{0,20}}(?P<mark>(?:![\w!]{{1,30}}[ \t]{{1,20}})?[|>][-+\d]{{0,2}})?"
    r"(?:[ \t]{1,20}#[^\n]{0,200})?[ \t]{0,20}\r?\n",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"[ \t-]*[\"']?[\w.-]*")
_NO_SCALAR = re.compile(r"- |[\[{#]|[^\n]*:(?:\s|$)|[^\n]*\{[^\n]*\}\s*$")


def block_spans(text: str) -> Iterator[tuple[int, int]]:
    """Values that stand in the lines below their name, as YAML's `|`, `>` and long words do."""
    done = 0
    for head in _HEAD.finditer(text):
        start = text.rfind("\n", 0, head.start()) + 1
        if start < done or not _BEFORE.fullmatch(text, start, head.start()):
            continue
        body = text[start : head.start()]
        first, done = _body(text, head.end(), len(body) - len(body.lstrip(" \t-")), block=bool(head["mark"]))
        if done > first:
            yield first, done


def _body(text: str, at: int, indent: int, *, block: bool) -> tuple[int, int]:
    """From the first word to the end of the last line that is further in than the name."""
    first, end = -1, at
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop]
        words = line.lstrip()
        if words and (len(line) - len(words) <= indent or (not block and _NO_SCALAR.match(words))):
            break
        if words:
            first = stop - len(words) if first < 0 else first
            end = at + len(line.rstrip())
        elif not block:
            break
        at = stop + 1
    return (first, end) if first >= 0 else (at, 0)

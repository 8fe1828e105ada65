"""Pastes: what an operator copied from a terminal or a log, freed of everything that is not the message.

Linear in the length of the text, and bounded: of a longer paste only the head and the tail are read."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

from base.text import without_ansi

KEPT = 64 * 1024
"""Characters kept of the head and of the tail of a long paste."""
LONGEST_LINE = 4096
"""Longer lines are cut into lines: a signature never meets a line it could be slow on."""
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Prompt:
    """A shell prompt. `user` and `host` are empty for a bare `$ `."""

    user: str
    host: str
    command: str
    line: int
    """Index in `Paste.lines` of the command, or of what follows an empty one."""


@dataclass(frozen=True, slots=True)
class Paste:
    lines: tuple[str, ...]
    """Without escapes, control bytes, log prefixes and prompts; never empty ones."""
    text: str
    """The lines, joined."""
    prompts: tuple[Prompt, ...]
    truncated: bool
    """The middle of the paste was not read."""
    raw: str
    """As pasted, but without escapes and control bytes."""
    log_hosts: tuple[str, ...]
    """For each line the host its log prefix named, or empty."""
    raw_lines: tuple[int, ...]
    """For each line the number (from 0) of its line in `raw`."""

    def line_of_raw(self, raw_line: int) -> int:
        """Index in `lines` of what became of a line of `raw`."""
        return max(bisect_right(self.raw_lines, raw_line) - 1, 0)

    def prompt_at(self, line: int) -> Prompt | None:
        """The prompt that a line stands behind."""
        index = bisect_right([prompt.line for prompt in self.prompts], line) - 1
        return self.prompts[index] if index >= 0 else None

    def block_at(self, line: int) -> tuple[int, int]:
        """First line and end (exclusive) of what stands behind the same prompt."""
        starts = [prompt.line for prompt in self.prompts]
        index = bisect_right(starts, line)
        start = starts[index - 1] if index else 0
        return start, starts[index] if index < len(starts) else len(self.lines)


_CARET_ESCAPES = re.compile(r"(?:\^\[|#033|\\033|\\e|\\x1b)\[[\d;]{0,20}[A-Za-z]")
_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
_BLANKS = re.compile("[\t\xa0\u2000-\u200a\u202f\u3000]")
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd\ud800-\udfff]"
)

_TIME = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_STAMP = rf"\d{{4}}[-/]\d\d[-/]\d\d[T ]{_TIME}(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|FATAL|AUDIT)"
_SPEAKER = r"(?P<{0}>[\w.-]{{1,253}}) [\w@./\\:+-]{{1,120}}(?:\[\d{{1,10}}\])?: "

_PREFIX = re.compile(
    "|".join(
        (
            r"(?:<\d{1,3}>(?:1 )?)?[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?"  # Feb 20 02:35:34 host unit[pid]:
            rf"{_TIME} {_SPEAKER.format('syslog')}",
            rf"{_STAMP} {_SPEAKER.format('journal')}",
            rf"{_STAMP} \d{{1,10}} {_LEVEL} [\w.-]{{1,200}}(?: \[[^\]\n]{{0,300}}\])* ",  # oslo.log
            rf"{_STAMP} - [\w.-]{{1,120}} - {_LEVEL} - ",
            rf"[\[(]?{_STAMP}[\])]?:?(?: (?:\[?{_LEVEL}\]?:?)(?=\s))?\s+",
            rf"[IWEF]\d{{4}} {_TIME} {{1,8}}\d{{1,10}} [\w./-]{{1,120}}:\d{{1,6}}\] ",  # klog
            r"[\w/-]{1,80}\.(?:go|py|c|cc|rs):\d{1,6}\] ",
            r"time=\"[^\"\n]{1,60}\" level=\w{1,12} (?=msg=)",
            rf"\w{{3}} \w{{3}} {{1,2}}\d{{1,2}} {_TIME} \d{{4}}\s+",
            rf"{_TIME}\s+(?=\S)",
            r"\[ {0,6}\d{1,12}\.\d{3,9}\] ",  # dmesg, ping -D
            rf"\[(?:{_LEVEL}|{_LEVEL.lower()}|[a-z][a-z-]{{1,30}})\] ",  # [ERROR] and [kubelet-check]
            r"\[pod/[\w./-]{1,300}\] ",  # kubectl logs --prefix
            r"[\w.-]{1,120} {1,40}\| ",  # docker compose
            rf"{_LEVEL} (?=[\w.]{{1,200}} \[)",
        )
    )
)

_WHO = r"(?P<user{0}>[A-Za-z_][\w.-]{{0,31}})@(?P<host{0}>[A-Za-z0-9][\w.-]{{0,252}})"
_ENVIRONMENT = r"(?:\([^()\n]{1,80}\) ?)?"
_PROMPT = re.compile(
    "|".join(
        (
            rf"{_ENVIRONMENT}{_WHO.format(2)}(?::| )?[~/][^\n#$%>]{{0,200}}[#$%>](?: |$)",  # root@master:~#
            rf"{_ENVIRONMENT}{_WHO.format(3)}[#$%>](?: |$)",
            r"(?P<host4>[A-Za-z][\w.-]{0,62})(?:\([\w-]{1,40}\))?# (?=show |conf|ping |traceroute |write |end$)",
            r"(?:(?:ba|da|z|k)?sh-\d\.\d{1,2}|~|/[\w./-]{0,200})(?: ?[#$])(?: |$)",  # sh-5.1#, / #
            r">>> |[$%❯➜] ",
            r"# (?=[a-z./])",  # a comment or ssh-keygen's `# Host …` is none
        )
    )
)
_BRACKETED = re.compile(rf"{_ENVIRONMENT}\[{_WHO.format(1)}(?:[ :][^\]\n]{{0,200}})?\] ?[#$%>](?: |$)")
_QUOTE = re.compile(r"(?:[>|] |# )(?=\S)")


def clean(text: str) -> Paste:
    """Any paste, also of binary. Never fails."""
    kept, truncated = _bounded(text)
    raw_lines = _raw_lines(kept)
    cleaner = _Cleaner()
    for number, line in enumerate(raw_lines):
        if line:
            cleaner.take(number, line)
    return cleaner.paste("\n".join(raw_lines), truncated)


def _bounded(text: str) -> tuple[str, bool]:
    if len(text) <= 2 * KEPT:
        return text, False
    head, tail = text[:KEPT], text[-KEPT:]
    whole_head = head.rpartition("\n")[0] or head
    whole_tail = tail.partition("\n")[2] or tail
    return f"{whole_head}\n{whole_tail}", True


def _raw_lines(text: str) -> list[str]:
    shown = _CARET_ESCAPES.sub("", without_ansi(text))
    shown = _BLANKS.sub(" ", _LINE_ENDS.sub("\n", shown))
    shown = unicodedata.normalize("NFC", _UNSEEN.sub("", shown))
    return [piece for line in shown.split("\n") for piece in _pieces(line.rstrip())]


def _pieces(line: str) -> list[str]:
    if len(line) <= LONGEST_LINE:
        return [line]
    return [line[start : start + LONGEST_LINE] for start in range(0, len(line), LONGEST_LINE)]


class _Cleaner:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.log_hosts: list[str] = []
        self.raw_lines: list[int] = []
        self.prompts: list[Prompt] = []

    def take(self, number: int, line: str) -> None:
        """One raw line; a prompt in its middle (after `^C`, after output without a line end) parts it."""
        found = _BRACKETED.search(line) if "@" in line else None
        if found is None:
            self._take_part(number, line)
            return
        self._add(number, *_without_prefixes(line[: found.start()]))
        self._take_prompt(number, found, line[found.end() :])

    def _take_part(self, number: int, line: str) -> None:
        line = line.lstrip()
        found = _PROMPT.match(line)
        if found is not None:
            self._take_prompt(number, found, line[found.end() :])
        else:
            self._add(number, *_without_prefixes(line))

    def _take_prompt(self, number: int, found: re.Match[str], command: str) -> None:
        names = found.groupdict()
        user = next((names[key] for key in names if key.startswith("user") and names[key]), "")
        host = next((names[key] for key in names if key.startswith("host") and names[key]), "")
        self.prompts.append(Prompt(user, host, command.strip(), len(self.lines)))
        self._add(number, command.strip(), "")

    def _add(self, number: int, line: str, host: str) -> None:
        if line:
            self.lines.append(line)
            self.log_hosts.append(host)
            self.raw_lines.append(number)

    def paste(self, raw: str, truncated: bool) -> Paste:
        lines = tuple(self.lines)
        hosts, numbers = tuple(self.log_hosts), tuple(self.raw_lines)
        return Paste(lines, "\n".join(lines), tuple(self.prompts), truncated, raw, hosts, numbers)


def _without_prefixes(line: str) -> tuple[str, str]:
    """The message, and the host that the log named."""
    host, start = "", len(line) - len(line.lstrip())
    for _ in range(_DEEPEST):
        found = _PREFIX.match(line, start)
        if found is None:
            break
        host = host or found["syslog"] or found["journal"] or ""
        start = found.end()
    rest = line[start:].strip()
    return (rest if start else _QUOTE.sub("", rest, count=1) if rest[:1] in ">|#" else rest), host

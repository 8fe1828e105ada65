"""A ping that lost nothing shows no symptom: that is said, instead of that none was found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from base.text import Text

_COUNTS = re.compile(
    r"(?P<sent>[1-9]\d{0,8}) packets transmitted, (?P<back>\d{1,9}) (?:packets )?received, 0(?:\.0)?% packet loss\b"
    r"(?:, time \d{1,12}ms)?"
)
_OTHER = re.compile(
    r"ping6? .{1,300}|PING \S{1,300} ?\(.{1,300}|\d{1,6} bytes from \S{1,300}(?: \(\S{1,300}\))?: [\w=. ]{1,80}ms"
    r"|--- \S{1,300} ping statistics ---"
    r"|(?:rtt|round-trip) min/avg/max\S{0,16} = [\d./]{1,80} ms(?:, \S{1,20} \d{1,9})?"
)
"""Whatever else a ping prints while all goes well. `(DUP!)`, an error, a word of anybody's is not of it."""


def all_answered(lines: Sequence[str]) -> Text | None:
    """What there is to say where the text is pings and nothing else, and each got an answer; else nothing."""
    found = [(_COUNTS.fullmatch(line.strip()), _OTHER.fullmatch(line.strip())) for line in lines]
    counts = [count for count, _ in found if count]
    if not counts or not all(count or other for count, other in found):
        return None
    if any(int(one["sent"]) != int(one["back"]) for one in counts):
        return None
    number = sum(int(one["sent"]) for one in counts)
    return Text(
        f"All {number} were answered: nothing is wrong with this ping. What is it that does not work?",
        f"{number} 개 모두 응답이 왔다. 이 ping 에는 문제가 없다. 안 되는 것이 무엇인지 적는다",
    )

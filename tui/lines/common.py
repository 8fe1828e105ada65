"""Small pieces of text that every screen draws with. What came from outside goes through `outside`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from base.errors import DeadhopError
from base.text import inert
from probes.target import called
from tui.words import Words

OK, BAD, UNKNOWN, BUSY, NONE, YOURS = "✓", "✗", "?", "…", "·", "→"
GOOD_STYLE, BAD_STYLE, UNSURE_STYLE, BUSY_STYLE = "$success", "$error", "$warning", "$secondary"
STYLES = {
    OK: GOOD_STYLE,
    BAD: BAD_STYLE,
    UNKNOWN: UNSURE_STYLE,
    BUSY: BUSY_STYLE,
    NONE: "dim",
    YOURS: "bold $warning",
}
BLANK = Content("")


def outside(text: str) -> str:
    """Text from outside, inert, with tabs that keep columns."""
    return inert(text).expandtabs(8)


def one_line(text: str) -> str:
    return outside(text).replace("\n", "␊")


def mark(symbol: str) -> tuple[str, str]:
    return symbol, STYLES[symbol]


def marked(symbol: str, text: str, style: str = "") -> Content:
    """A line that starts with a coloured symbol."""
    return Content.assemble(mark(symbol), " ", (text, style))


def heading(text: str) -> Content:
    return Content.styled(text, "bold $primary")


def dim(text: str) -> Content:
    return Content.styled(text, "dim")


def hint_line(words: Words, hint: str) -> Content:
    return Content.assemble((f"{words.hint}: ", "bold"), outside(words.told(hint)))


def error_lines(words: Words, error: DeadhopError) -> Content:
    message, hint = words.told_error(error)
    lines = [marked(BAD, outside(message), "bold")]
    if hint:
        lines.append(Content.assemble("  ", hint_line(words, hint)))
    return stacked(lines)


def stacked(lines: Iterable[Content | str]) -> Content:
    return Content("\n").join(lines)


def indented(content: Content, by: int = 2) -> Content:
    return stacked(Content.assemble(" " * by, line) for line in content.split("\n", allow_blank=True))


def target_name(words: Words, target: str) -> str:
    """As `probes.target` calls it; the operator's machine in words."""
    if target in ("", "operator"):
        return words.this_machine
    return one_line(called(target)[words.lang])


def seconds_text(words: Words, seconds: float) -> str:
    shown = f"{seconds:.1f}" if seconds < 9.95 else f"{seconds:.0f}"
    return words.seconds.format(seconds=shown)


def size_text(characters: int) -> str:
    if characters < 1000:
        return f"{characters} B"
    return f"{characters / 1000:.0f} KB" if characters < 1_000_000 else f"{characters / 1_000_000:.1f} MB"


def key_rows(keys: Sequence[tuple[str, str]], width: int) -> list[list[int]]:
    """Which of the (key, description) pairs go on which row of this width, in cells."""
    rows: list[list[int]] = [[]]
    used = 0
    for index, (key, description) in enumerate(keys):
        cells = Content(f"{key} {description}").cell_length
        if rows[-1] and used + GAP + cells > width:
            rows.append([])
            used = 0
        used += cells + (GAP if rows[-1] else 0)
        rows[-1].append(index)
    return rows


GAP = 2

"""Home in words: matches, pastes, health, recent sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from base.text import Lang, clip, without_ansi
from tui.lines.common import BAD, BUSY, NONE, OK, UNKNOWN, dim, mark, marked, one_line, outside, size_text, stacked
from tui.words import Words

if TYPE_CHECKING:
    from journal.store import SessionInfo
    from probes.facts import Reach
    from tui.engine import Match, Results

PREVIEW = 200
MOST_RECENT = 20
MOST_ABOUT = 60
MOST_HOSTS = 60


def match_prompt(match: Match, lang: Lang) -> Content:
    """A match: its title, why it matches, what was captured from the text."""
    lines = [Content.styled(outside(match.title[lang]), "bold"), dim("  " + one_line(match.reason[lang]))]
    captured = captured_line(match.inputs)
    return stacked([*lines, dim("  " + captured)] if captured else lines)


def captured_line(inputs: Mapping[str, str]) -> str:
    return "   ".join(f"{name} = {one_line(value)}" for name, value in inputs.items())


def results_heading(results: Results | None, words: Words, *, searching: bool, empty: bool) -> Content:
    """One line over the matches: how sure the search is."""
    if empty:
        return dim(words.home_idle)
    if results is None or searching:
        return marked(BUSY, words.searching, "dim")
    if results.well is not None:
        return marked(OK, results.well[words.lang])
    if not results.matches:
        return marked(UNKNOWN, words.nothing_matches)
    if not results.confident:
        return marked(UNKNOWN, words.not_confident)
    return dim(words.matches)


def pasted_line(pasted: str, words: Words) -> Content:
    """What a multi-line paste holds, in one line."""
    lines = pasted.count("\n") + (not pasted.endswith("\n"))
    said = words.pasted_one if lines == 1 else words.pasted
    first = next((line for line in pasted[:4000].splitlines() if line.strip()), "")
    shown = clip(one_line(without_ansi(first).strip()), PREVIEW)
    return Content.assemble(
        (said.format(lines=f"{lines:,}", size=size_text(len(pasted))), "bold $secondary"), "  ", (shown, "dim")
    )


def known_lines(said: Sequence[str], most: int) -> list[Content]:
    """What addresses and names in the text are."""
    lines = [Content.assemble(mark(NONE), " ", (one_line(one), "$secondary")) for one in said[:most]]
    return lines + ([dim(f"  … +{len(said) - most}")] if len(said) > most else [])


def health_counts(hosts: Sequence[str], reached: Mapping[str, Reach], words: Words) -> Content:
    """How many answer, do not, are being asked: one line."""
    stopped = sum(1 for reach in reached.values() if reach.stopped_at)
    parts: list[Content] = []
    for symbol, count, text in (
        (OK, len(reached) - stopped, words.health_fine),
        (BAD, stopped, words.health_stopped),
        (BUSY, len(hosts) - len(reached), words.health_asking),
    ):
        if count:
            parts.append(marked(symbol, f"{count} {text}"))
    return Content("   ").join(parts) if parts else dim(words.no_hosts)


def health_lines(hosts: Sequence[str], reached: Mapping[str, Reach], words: Words, width: int) -> Content:
    """Hosts that cannot be reached first, one a line with what stopped them. On a site small enough to be read
    the others follow, in columns."""
    stopped = [host for host in hosts if host in reached and reached[host].stopped_at]
    lines = [reach_line(reached[host], words) for host in stopped[:MOST_HOSTS]]
    if len(stopped) > MOST_HOSTS:
        lines.append(dim(words.more_rows.format(count=len(stopped) - MOST_HOSTS)))
    if len(hosts) > MOST_HOSTS:
        return stacked(lines)
    fine = [marked(OK, one_line(host)) for host in hosts if host in reached and not reached[host].stopped_at]
    asking = [marked(BUSY, one_line(host), "dim") for host in hosts if host not in reached]
    return stacked([*lines, *in_columns([*fine, *asking], width)])


def in_columns(cells: Sequence[Content], width: int) -> list[Content]:
    """Cells of one width, as many on a row as fit."""
    widest = max((cell.cell_length for cell in cells), default=0) + 2
    each = max(width // widest, 1)
    rows = [cells[start : start + each] for start in range(0, len(cells), each)]
    return [Content("").join(cell.pad_right(widest - cell.cell_length) for cell in row) for row in rows]


def reach_line(reach: Reach, words: Words) -> Content:
    return Content.assemble(marked(BAD, f"{one_line(reach.asked)}: ", "bold"), stopped_text(reach, words))


def stopped_text(reach: Reach, words: Words) -> str:
    """What stopped the way to a host's shell, in words."""
    layer = words.stopped.get(reach.stopped_at, _literal(reach.stopped_at))
    if reach.stopped_at == "port":
        layer = words.port_state.get(reach.port_state, layer)
    if reach.stopped_at == "key":
        layer = words.key_state.get(reach.key_state, layer)
    said = layer.format(port=reach.port, user=one_line(reach.user), address=one_line(reach.address))
    return f"{said} ({one_line(reach.host)})" if reach.host != reach.asked else said


def _literal(word: str) -> str:
    """A word from outside in a place that is formatted."""
    return one_line(word).replace("{", "{{").replace("}", "}}")


def recent_lines(sessions: Sequence[SessionInfo], lang: Lang, words: Words) -> Content:
    if not sessions:
        return marked(NONE, words.no_sessions, "dim")
    return stacked(session_line(one, lang, words) for one in sessions[:MOST_RECENT])


def session_line(one: SessionInfo, lang: Lang, words: Words) -> Content:
    """When, on what, and what came of it."""
    when = local_time(one.created)
    verdict = words.verdict.get(one.verdict, "")
    about = one_line(one.text) if one.text else one_line(one.id)
    said = f"  {verdict}" if verdict else ""
    return Content.assemble((when, "dim"), "  ", clip(about, MOST_ABOUT), (said, "dim"))


def local_time(stamp: str) -> str:
    """An ISO time as the operator's clock shows it; as it is when it is none."""
    try:
        return f"{datetime.fromisoformat(stamp).astimezone():%m-%d %H:%M}"
    except ValueError:
        return one_line(stamp)

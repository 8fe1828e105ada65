"""deadhop sessions: what was recorded, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from base.paths import state_dir
from deadhop.front import Front
from deadhop.output import clip_columns
from deadhop.parsing import Parser

if TYPE_CHECKING:
    from journal.store import SessionInfo


def arguments(parser: Parser) -> None:
    parser.add_argument(
        "-n",
        type=int,
        default=20,
        metavar="COUNT",
        help=parser.say("how many (default: 20)", "몇 개까지 (기본: 20)"),
    )


async def run(front: Front) -> int:
    from journal.store import sessions

    folder = state_dir() / "sessions"
    found = sessions(folder)[: max(front.arguments.n, 0)]
    if front.out.json:
        front.out.object("sessions", {"folder": str(folder), "sessions": [_json(info) for info in found]})
        return 0
    for info in found:
        front.out.line(_line(front, info))
    if not found:
        front.out.talk(front.say("no sessions in {}", "{} 에 세션이 없다").format(folder))
    return 0


def _line(front: Front, info: SessionInfo) -> str:
    what = info.symptom or " ".join(info.argv) or "-"
    end = ", ".join(info.causes) or info.verdict or front.say("not finished", "끝나지 않음")
    line = f"{info.id}  {info.created[:16].replace('T', ' ')}  {what} → {end}"
    return clip_columns(line.replace("\n", " "), 160)


def _json(info: SessionInfo) -> dict[str, object]:
    return {
        "id": info.id,
        "path": str(info.path),
        "created": info.created,
        "site": info.site,
        "text": info.text,
        "symptom": info.symptom,
        "verdict": info.verdict,
        "causes": list(info.causes),
        "entries": info.entries,
        "bytes": info.size,
    }

"""deadhop sessions: what was recorded, newest first; and whether it is still what was written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.paths import state_dir
from deadhop.front import Front
from deadhop.output import clip_columns, wrap
from deadhop.parsing import Parser

if TYPE_CHECKING:
    from journal.store import SessionInfo
    from journal.verify import Check


def arguments(parser: Parser) -> None:
    say = parser.say
    parser.add_argument(
        "verb",
        nargs="?",
        choices=("list", "verify"),
        default="list",
        metavar="list|verify",
        help=say(
            "verify: holds every line against its digest (default: list)",
            "verify: 모든 줄을 다이제스트와 맞추어 본다 (기본: list)",
        ),
    )
    parser.add_argument(
        "session",
        nargs="?",
        metavar="SESSION",
        help=say(
            "what to verify: id, path or `latest` (default: all)", "확인할 id, 경로, 또는 `latest` (기본: 모두)"
        ),
    )
    parser.add_argument(
        "-n", type=int, default=20, metavar="COUNT", help=say("how many (default: 20)", "몇 개까지 (기본: 20)")
    )


async def run(front: Front) -> int:
    if front.arguments.verb == "verify":
        return _verify(front)
    if front.arguments.session:
        say = front.say
        raise UsageError(
            say("`deadhop sessions` lists them all", "`deadhop sessions` 는 전체 목록을 보여 준다"),
            hint=f"deadhop sessions verify|export {front.arguments.session[:80]}",
        )
    return _list(front)


def _list(front: Front) -> int:
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


# ------------------------------------------------------------------ verify

STATES = {
    "intact": ("intact", "온전함"),
    "open": ("intact so far; it is being written now", "지금까지 온전함. 쓰는 중"),
    "unfinished": (
        "intact as far as it goes; it was not closed, so its end cannot be proven",
        "있는 데까지는 온전함. 정상 종료되지 않아 끝이 맞는지는 알 수 없다",
    ),
    "unsealed": (
        "not sealed: its lines follow each other, but without its seal they may all have been written anew",
        "seal 없음: 줄은 서로 이어지지만, 옆에 seal 파일이 없어 통째로 다시 쓰였는지는 알 수 없다",
    ),
    "damaged": ("NOT what was written", "기록한 내용과 다르다"),
    "unreadable": ("cannot be read", "읽을 수 없다"),
}
CODES = {"damaged": 1, "unreadable": 1, "unfinished": 2, "unsealed": 2}


def _verify(front: Front) -> int:
    """0 all are what was written, 1 one is not, 2 one was not closed or has no seal: not all can be proven."""
    from journal.verify import verify

    checks = [verify(path) for path in _paths(front)]
    codes = {CODES.get(check.state.value, 0) for check in checks}
    if front.out.json:
        front.out.object("verify", {"sessions": [_check_json(check) for check in checks]})
    else:
        for check in checks:
            for line in _check_lines(front, check):
                front.out.line(line)
    return 1 if 1 in codes else max(codes, default=0)


def _paths(front: Front) -> list[Path]:
    from diagnosis.session import find_journal

    wanted = front.arguments.session
    if not wanted:
        return sorted((state_dir() / "sessions").glob("*.jsonl"), reverse=True)
    if wanted.endswith(".jsonl") or "/" in wanted:
        return [find_journal(wanted)]
    by_name = state_dir() / "sessions" / f"{wanted}.jsonl"
    return [by_name if by_name.is_file() else find_journal(wanted)]


def _check_lines(front: Front, check: Check) -> Iterator[str]:
    say, lang = front.say, front.lang
    counted = say("{} entries, {} large outputs", "항목 {}개, 큰 출력 {}개").format(check.entries, check.outputs)
    yield f"{check.path.stem}  {say(*STATES[check.state.value])}  ({counted})"
    if check.message:
        yield wrap(front.told(check.message), "  ")
    for damage in check.damage:
        yield wrap(f"{say('line', '줄')} {damage.line}: {damage.text[lang]}", "    ", first="  ✗ ")
    for notice in check.notices:
        yield wrap(f"{say('line', '줄')} {notice.line}: {notice.text[lang]}", "    ", first="  ! ")


def _check_json(check: Check) -> dict[str, object]:
    return {
        "id": check.path.stem,
        "path": str(check.path),
        "state": check.state.value,
        "entries": check.entries,
        "outputs": check.outputs,
        "sealed": check.sealed,
        "damage": [{"line": one.line, "what": one.what} for one in check.damage],
        "notices": [{"line": one.line, "what": one.what} for one in check.notices],
        "message": check.message,
    }

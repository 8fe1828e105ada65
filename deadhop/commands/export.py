"""deadhop export: a session for a ticket or for a program."""

from __future__ import annotations

import json
from pathlib import Path

from deadhop.front import Front
from deadhop.output import to_json
from deadhop.parsing import Parser


def arguments(parser: Parser) -> None:
    say = parser.say
    add = parser.add_argument
    add("session", metavar="SESSION", help=say("id, path or `latest`", "id, 경로, 또는 `latest`"))
    add("--format", choices=("markdown", "html", "json"), help=say("default: markdown", "기본: markdown"))
    add(
        "--anonymise",
        action="store_true",
        help=say(
            "replace addresses and the names of hosts, projects and users; relations stay",
            "주소와 호스트·프로젝트·사용자 이름을 바꾼다. 서로의 관계는 유지된다",
        ),
    )
    add(
        "--output",
        metavar="FILE",
        help=say("a new file, readable by you alone (default: stdout)", "나만 읽을 수 있는 새 파일 (기본: stdout)"),
    )


async def run(front: Front) -> int:
    from diagnosis.session import find_journal

    path = find_journal(front.arguments.session)
    if front.arguments.output:
        return _to_file(front, path)
    return _to_stdout(front, path)


def _form(front: Front) -> str:
    return front.arguments.format or ("json" if front.out.json else "markdown")


def _to_file(front: Front, journal: Path) -> int:
    from diagnosis.report import write_export

    form = _form(front)
    target = Path(front.arguments.output)
    written = write_export(journal, form, front.lang, target, anonymise=front.arguments.anonymise)
    if front.out.json:
        front.out.object("export", {"session": journal.stem, "format": form, "file": str(written)})
    else:
        front.out.line(str(written))
    return 0


def _to_stdout(front: Front, journal: Path) -> int:
    from diagnosis.report import export_text
    from journal.store import read

    form = _form(front)
    recording = read(journal, deep=True)
    text = export_text(recording, form, front.lang, anonymise=front.arguments.anonymise)
    if recording.damage:
        front.out.talk(
            front.say(
                "the journal is damaged; the export says where", "기록이 손상되었다. 위치는 내보낸 문서에 있다"
            )
        )
    if front.out.json:
        document = json.loads(text) if form == "json" else text
        front.out.object("export", {"session": journal.stem, "format": form, "document": document})
    elif form == "json":
        front.out.raw(to_json(json.loads(text)) + "\n")
    elif form == "html":
        front.out.raw(text + "\n")
    else:
        front.out.line(text.rstrip("\n"))
    return 0

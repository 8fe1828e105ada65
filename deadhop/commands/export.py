"""deadhop export: a session for a ticket or for a program."""

from __future__ import annotations

from pathlib import Path

from deadhop.front import Front
from deadhop.output import to_json
from deadhop.parsing import Parser


def arguments(parser: Parser) -> None:
    say = parser.say
    add = parser.add_argument
    add("session", metavar="SESSION", help=say("id, path or `latest`", "id, 경로, 또는 `latest`"))
    add("--format", choices=("markdown", "json"), help=say("default: markdown", "기본: markdown"))
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
    written = write_export(journal, form, front.lang, Path(front.arguments.output))
    if front.out.json:
        front.out.object("export", {"session": journal.stem, "format": form, "file": str(written)})
    else:
        front.out.line(str(written))
    return 0


def _to_stdout(front: Front, journal: Path) -> int:
    from journal import export
    from journal.store import read

    recording = read(journal)
    form = _form(front)
    document = export.to_json(recording) if form == "json" else export.to_markdown(recording, front.lang)
    if front.out.json:
        front.out.object("export", {"session": journal.stem, "format": form, "document": document})
    elif isinstance(document, str):
        front.out.line(document.rstrip("\n"))
    else:
        front.out.raw(to_json(document) + "\n")
    return 0

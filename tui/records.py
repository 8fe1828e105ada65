"""Journals of other sessions, as text. Called in a thread."""

from __future__ import annotations

from pathlib import Path

from base.text import Lang

ENDINGS = {"markdown": ".md", "html": ".html", "json": ".json"}


def free_path(session: str, form: str, folder: Path | None = None) -> Path:
    """A file name for an export that is not taken: `deadhop-ID.md`, `deadhop-ID-2.md`, …"""
    folder = folder or Path.cwd()
    names = (f"deadhop-{session}{'' if number == 1 else f'-{number}'}{ENDINGS[form]}" for number in range(1, 1000))
    return next(path for name in names if not (path := folder / name).exists())


def markdown_of(journal: Path, lang: Lang) -> str:
    """The journal as its Markdown export; DeadhopError when it cannot be read."""
    from journal.export import to_markdown
    from journal.store import read

    return to_markdown(read(journal), lang)


def export_of(journal: Path, session: str, form: str, lang: Lang, *, anonymise: bool = False) -> Path:
    """Writes a journal's export beside the operator; returns where."""
    from diagnosis.report import write_export

    return write_export(journal, form, lang, free_path(session, form), anonymise=anonymise)

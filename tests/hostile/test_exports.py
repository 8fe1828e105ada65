"""Reports to hand on: in any Markdown reader what came from outside is text, never a link, an image or HTML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from base.text import Lang
from journal.export import to_markdown
from journal.store import Journal, read
from tests.hostile.records import hostile_entries
from tests.hostile.strings import ALL as EVERY
from tests.hostile.strings import HOSTILE, acting

ALL = tuple(text for text in EVERY if text not in HOSTILE["surrogate"])  # no UTF-8: never in a journal

ACTIVE = {"link_open", "image", "html_block", "html_inline", "s_open", "em_open", "table_open", "hr", "math_inline"}


def tokens(text: str, *, links: bool) -> Iterator[Token]:
    reader = MarkdownIt("gfm-like" if links else "commonmark", {"html": True, "linkify": links})
    for token in reader.parse(text):
        yield token
        yield from token.children or ()


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("links", [False, True], ids=["commonmark", "links made of plain text"])
def test_markdown_of_hostile_sessions(tmp_path: Path, lang: Lang, links: bool) -> None:
    headings = set()
    for start in range(0, len(ALL), 40):
        with Journal.create(tmp_path, {"argv": list(ALL[:40]), "site": ALL[start], "drill": False}) as journal:
            for kind, data in hostile_entries(tuple(text[:4000] for text in ALL[start : start + 40])):
                journal.append(kind, data)
        text = to_markdown(read(journal.path), lang)
        assert not acting(text, "\n\t"), acting(text, "\n\t")
        found = list(tokens(text, links=links))
        active = {token.type for token in found} & ACTIVE
        assert not active, [token for token in found if token.type in ACTIVE][:3]
        headings |= {token.tag for token in found if token.type == "heading_open"}
    assert headings == {"h1", "h2", "h3"}

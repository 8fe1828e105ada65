"""Any amount of text, of which only the rows on the screen are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui.widgets.hanging import hung

Line = Content | str
"""Text from outside comes as `str`, inert already: it is folded by cells; what we say is wrapped by words."""


class Rows(ScrollView, can_focus=True):
    ALLOW_SELECT = False
    DEFAULT_CSS = "Rows { overflow-x: hidden; scrollbar-gutter: stable; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._given: Sequence[Line] = ()
        self._folded: list[Line] = []
        self._folded_to = 0

    def show(self, lines: Sequence[Line]) -> None:
        self._given = lines
        self._fold()

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._folded_to:
            self._fold()

    def _fold(self) -> None:
        width = self.scrollable_content_region.width
        self._folded_to = width
        self._folded = [row for line in self._given for row in folded(line, width)] if width else []
        self.virtual_size = Size(width, len(self._folded))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, index = self.size.width, y + self.scroll_offset.y
        if index >= len(self._folded):
            return Strip.blank(width, self.rich_style)
        row = self._folded[index]
        content = row if isinstance(row, Content) else Content(row)
        return Visual.to_strips(self, content, width, 1, self.visual_style, apply_selection=False)[0]


def folded(line: Line, width: int) -> Iterator[Line]:
    """The rows a line takes; none of its text is lost."""
    if isinstance(line, Content):
        yield from hung(line, width)
    elif line.isascii():
        yield from (line[at : at + width] for at in range(0, max(len(line), 1), width))
    elif cell_len(line) <= width:
        yield line
    else:
        yield from chop_cells(line, width)

"""Lines that wrap under their own first word, not under the margin."""

from __future__ import annotations

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from tui.lines.common import STYLES


class Hanging(Visual):
    """Content whose wrapped lines keep the indent of the line they belong to."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self._width = -1
        self._wrapped = content

    def wrapped(self, width: int) -> Content:
        if width != self._width:
            lines = self.content.split("\n", allow_blank=True)
            self._wrapped = Content("\n").join(part for line in lines for part in hung(line, width))
            self._width = width
        return self._wrapped

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return self.wrapped(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return self.content.get_optimal_width(rules, container_width)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self.wrapped(width).get_height(rules, width)


def hung(line: Content, width: int) -> list[Content]:
    """One line wrapped to a width; what follows stands under the text, after indent and symbol."""
    indent = hang_of(line.plain)
    if line.cell_length <= width or width < indent + 8:
        return [line]
    first, *more = line[indent:].wrap(width - indent)
    return [
        Content.assemble(line[:indent], first.rstrip()),
        *(Content.assemble(" " * indent, one.rstrip()) for one in more),
    ]


def hang_of(text: str) -> int:
    """Spaces at the start, and a symbol with its space."""
    indent = len(text) - len(text.lstrip(" "))
    return indent + 2 if text[indent : indent + 1] in STYLES and text[indent + 1 : indent + 2] == " " else indent

"""The part of a site that somebody asked for: one node, or what has an address or a name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from probes.probe import Toolbox
from sitemap.gather import PATIENCE, gather, hypervisors
from sitemap.lexicon import Lexicon
from sitemap.model import Strip
from sitemap.seen import Gathered


@dataclass(frozen=True, slots=True)
class Selected:
    lexicon: Lexicon
    strips: tuple[Strip, ...]
    """All of the map when nothing was asked for."""


async def selected(toolbox: Toolbox, name: str = "", *, seconds: float = PATIENCE) -> AsyncIterator[Selected]:
    """The map, or what `name` is on; only the hypervisors of that are asked."""

    def wanted(found: Gathered) -> Iterable[str]:
        if not name:
            return hypervisors(found)
        return hypervisors(found, frozenset(strip.server.id for strip in Lexicon(found).strips(name)))

    async for found in gather(toolbox, seconds=seconds, wanted=wanted):
        lexicon = await asyncio.to_thread(Lexicon, found)
        yield Selected(lexicon, lexicon.strips(name) if name else lexicon.map.strips)

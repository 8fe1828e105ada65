"""What a session knows of the site around a text: the map, and what names and addresses in a paste are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from probes.site import Site

if TYPE_CHECKING:
    from probes.toolbox import LiveToolbox
    from sitemap.lexicon import Lexicon
    from sitemap.model import SiteMap
    from sitemap.whatis import Known

LEARNING = 20.0
"""Seconds for an API to say what there is, when nobody waits for it."""


class Surroundings:
    """A base of the session. The map has a way out of its own and none of it is recorded: whole lists of a site are
    no evidence. What was said of a text is."""

    site: Site
    drill: bool
    _lexicon: Lexicon | None = None
    _map_toolbox: LiveToolbox | None = None

    @property
    def has_map(self) -> bool:
        """There is a cloud or a cluster to ask; a recording has none."""
        return not self.drill and bool(self.site.clouds or self.site.clusters)

    async def learn(self) -> None:
        """Asks the APIs what there is, no hypervisor, so that `known_in` knows it. Nobody asked for this, so no
        program of a kubeconfig is run for it."""
        if not self.has_map or self._lexicon is not None:
            return
        from probes.site_programs import without_plugins
        from sitemap.gather import gather
        from sitemap.lexicon import Lexicon

        part = await asyncio.to_thread(without_plugins, self.site)
        async for found in gather(self._way_out(), seconds=LEARNING, wanted=lambda found: (), part=part):
            self._lexicon = await asyncio.to_thread(Lexicon, found)

    async def mapped(self) -> AsyncIterator[SiteMap]:
        """The map without hypervisors, and then with them; asked anew each time."""
        if not self.has_map:
            return
        from sitemap.selecting import selected

        async for found in selected(self._way_out()):
            self._lexicon = found.lexicon
            yield found.lexicon.map

    def known_in(self, text: str) -> tuple[Known, ...]:
        """What names and addresses in a text are, as far as somebody has learned it."""
        if self._lexicon is None:
            return ()
        from sitemap.whatis import known_in

        return known_in(text, self._lexicon)

    def _way_out(self) -> LiveToolbox:
        from probes.toolbox import LiveToolbox

        if self._map_toolbox is None:
            self._map_toolbox = LiveToolbox(self.site)
        return self._map_toolbox

    async def close_map(self) -> None:
        if self._map_toolbox is not None:
            await self._map_toolbox.close()

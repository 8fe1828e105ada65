"""What a session knows of its own past: the journal it goes on with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from base.errors import UsageError
from probes.site import OPERATOR

if TYPE_CHECKING:
    from diagnosis.resuming import PastRepair
    from diagnosis.session import Session
    from diagnosis.views import ActionView, Diagnosis
    from journal.store import Recording
    from probes.site import Site


class Remembering:
    """A base of the session."""

    site: Site
    past: Recording | None
    strayed: str
    """The site of the journal, where it is gone and this is another."""

    @property
    def _session(self) -> Session:
        return cast("Session", self)

    async def last_diagnosis(self) -> Diagnosis | None:
        """The newest diagnosis of the journal, its fixes rendered anew."""
        from diagnosis.past import diagnosis_of

        return await diagnosis_of(self._session) if self.past else None

    async def applied(self) -> PastRepair | None:
        """The last repair of the journal with anything left to undo."""
        from diagnosis.past import applied_repair

        return await applied_repair(self._session) if self.past else None

    def flying(self) -> tuple[ActionView, ...]:
        """What was in flight when the session was cut short, by its journal alone."""
        from diagnosis.past import flying

        return flying(self._session) if self.past else ()

    def loose_switches(self) -> tuple[ActionView, ...]:
        from diagnosis.past import loose_switches

        return loose_switches(self._session) if self.past else ()

    def lost_hosts(self, actions: Sequence[ActionView]) -> tuple[str, ...]:
        """Hosts of these commands that the site does not have (any more)."""
        names = dict.fromkeys(action.on for action in actions)
        return tuple(name for name in names if name != OPERATOR and name not in self.site.by_name)

    def refuse_changes(self) -> None:
        """UsageError on another site than the journal's: its machines and its rules for fixes are not known."""
        if self.strayed:
            raise UsageError(
                f"the site of this session is gone ({self.strayed}): its machines and its rules for fixes are not "
                "known, so nothing is changed",
                hint="`--site FILE` names the site to change",
            )

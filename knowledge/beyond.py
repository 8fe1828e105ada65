"""How far the way to an API leads says nothing of what lies beyond: branches on it must not rule anything out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.schema import StepSchema
from knowledge.shapes import Catalog

_TO_ITS_END = re.compile(r'\bstopped_at == ""')
_NOT_ANSWERED = re.compile(r"!\w+\.answered\b")
_APIS = ("cluster", "cloud")


def claims_beyond(step: StepSchema, catalog: Catalog) -> Iterator[int]:
    """Branches (by index) that are taken where an API was not reached, and would rule out what nobody asked it."""
    probe = catalog.probes.get(step.probe)
    by_layer = probe is not None and probe.on in _APIS and "stopped_at" in probe.facts.fields
    for index, branch in enumerate(step.branches):
        short = by_layer and not _TO_ITS_END.search(branch.when)
        if branch.rules_out and (short or _NOT_ANSWERED.search(branch.when)):
            yield index

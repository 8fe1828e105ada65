"""A probe is run, and what went wrong is said without secrets: on the screen and in JSON as in the journal."""

from __future__ import annotations

from dataclasses import replace

from journal.redact import hushed
from probes import probe
from probes.probe import Evidence, ProbeCall, Toolbox


async def observe(call: ProbeCall, toolbox: Toolbox, evidence_id: str) -> Evidence:
    found = await probe.observe(call, toolbox, evidence_id)
    return replace(found, facts=hushed(found.facts), failure=hushed(found.failure))

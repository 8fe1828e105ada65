"""Drills: recorded outages that ship with deadhop, played by the same engine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from base.errors import UsageError
from diagnosis.session import Session, drills
from journal.store import Journal, read
from probes.exchange import from_json
from probes.site import Host, Site

if TYPE_CHECKING:
    from journal.store import Recording


@dataclass(frozen=True, slots=True)
class Script:
    """What the operator did when the drill was recorded."""

    text: str
    symptom: str


def _recording(name: str) -> Recording:
    if name not in drills():
        raise UsageError(f"there is no drill {name!r}", hint=f"one of: {', '.join(drills())}")
    with as_file(files("drills") / f"{name}.jsonl") as path:
        return read(path)


def script_of(name: str) -> Script:
    """The paste and the symptom the drill was recorded with."""
    entry = next(e for e in _recording(name).entries if e.kind == "search")
    return Script(str(entry.data["text"]), str(entry.data["symptom"]))


def drill_session(name: str, *, speed: float) -> Session:
    """A session whose outside is the recording."""
    recording = _recording(name)
    exchanges = [from_json(e.data) for e in recording.entries if e.kind == "exchange" and e.whole]
    folder = Path(tempfile.mkdtemp(prefix="deadhop-drill-"))
    session = DrillSession(
        _site_of(recording, name),
        argv=("demo", name),
        journal=Journal.create(folder, {"argv": ["demo", name], "drill": True, "site": name}),
        replayed=exchanges,
    )
    session.folder = folder
    session.recorded = next((entry.data for entry in recording.entries if entry.kind == "site"), {})
    session.replay_speed = speed
    return session


def _site_of(recording: Recording, name: str) -> Site:
    entry = next((e for e in recording.entries if e.kind == "site"), None)
    hosts = entry.data.get("hosts", []) if entry else []
    known = tuple(
        Host(str(host["name"]), tuple(host.get("addresses", ())), tuple(host.get("console", ()))) for host in hosts
    )
    return Site(f"drill {name}", known)


class DrillSession(Session):
    """Leaves nothing behind."""

    folder: Path
    recorded: Mapping[str, object]

    @property
    def token(self) -> str:
        return str(self.recorded.get("name", ""))

    @property
    def mark(self) -> str:
        return str(self.recorded.get("mark", ""))

    async def close(self) -> None:
        await super().close()
        shutil.rmtree(self.folder, ignore_errors=True)

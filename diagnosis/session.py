"""One sitting: knowledge, the way outside, and the journal, together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from base.errors import ConfigError, DeadhopError, UsageError
from base.korean import in_korean
from base.paths import config_dir, state_dir
from base.text import Lang, Text
from base.threads import in_daemon
from diagnosis.inputs import input_value, with_sole
from diagnosis.look_memory import POD_LOOK, Looks
from diagnosis.noting import Noting
from diagnosis.remembering import Remembering
from diagnosis.runs import CHANGING
from diagnosis.surroundings import Surroundings
from diagnosis.views import CauseView, Confidence
from journal.store import Journal, SessionInfo, open_for_append, sessions
from probes.connection import Command
from probes.exchange import Exchange, to_json
from probes.probe import Failure, Toolbox
from probes.site import Site, target_of

if TYPE_CHECKING:
    from diagnosis.pod_look import PodLook
    from diagnosis.repair import Repair
    from diagnosis.sweep.engine import Sweep
    from diagnosis.tracing import TraceView
    from diagnosis.tracing import Wanted as Sent
    from diagnosis.walk import Walk
    from journal.store import Recording
    from knowledge.model import Input, Knowledge
    from knowledge.search import Index, Results
    from probes.clients import Client
    from probes.facts import Reach
    from probes.wish import Wish


class SessionToolbox(Toolbox, Protocol):
    """A toolbox whose life the session owns."""

    def forget(self, host: str) -> None:
        """Forgets that this host did not answer, so that it is tried again."""
        ...

    def changing(self) -> None:
        """A changing command is about to leave."""
        ...

    async def close(self) -> None: ...


class Session(Noting, Remembering, Surroundings):
    """Opens what it needs when it is needed: knowledge by `ready`, connections by the first probe, the journal by
    the first entry."""

    def __init__(
        self,
        site: Site,
        *,
        argv: Sequence[str],
        folders: Sequence[Path] = (),
        journal: Journal | None = None,
        past: Recording | None = None,
        replayed: Sequence[Exchange] | None = None,
    ) -> None:
        Noting.__init__(self, argv, journal, past)
        self.site = site
        self.drill = replayed is not None
        self.presets: dict[str, str] = {}
        self.strayed = ""
        self.past = past
        self._folders = tuple(folders)
        self._replayed = replayed
        self._knowledge: Knowledge | None = None
        self._index: Index | None = None
        self._toolbox: SessionToolbox | None = None
        self._root: dict[str, bool] = {}
        self._clients: dict[str, Client] = {}
        self.looks = Looks()
        self.look_image = ""
        """Of a look from pods, before the site's own."""
        self.on_wish: Callable[[Wish], Awaitable[None]] | None = None
        """Makes a look from pods, with the operator's consent, where a fix must look again."""

    # ------------------------------------------------------------ knowledge

    async def ready(self) -> None:
        """Loads knowledge and the search index in a thread. Problems of an author's file do not stop it."""
        if self._knowledge is None:
            await in_daemon(self._load)

    def _load(self) -> None:
        from diagnosis.catalog import catalog
        from knowledge.load import load, shipped
        from knowledge.search import Index

        loaded = load([shipped(), *self._folders], catalog())
        self.problems = loaded.problems
        self._index = Index(tuple(loaded.knowledge.symptoms.values()))
        self._knowledge = loaded.knowledge

    @property
    def knowledge(self) -> Knowledge:
        if self._knowledge is None:
            self._load()
        assert self._knowledge is not None
        return self._knowledge

    def search(self, text: str) -> Results:
        """What the text may be about, best first; also notes nothing, for it runs at every key."""
        _ = self.knowledge
        assert self._index is not None
        hosts = {host.name: next(iter(host.addresses), "") for host in self.site.hosts}
        return self._index.search(text, hosts=hosts)

    def inputs_of(self, symptom: str) -> tuple[Input, ...]:
        return tuple(self._symptom_inputs(symptom).values())

    def _symptom_inputs(self, symptom: str) -> Mapping[str, Input]:
        known = self.knowledge.symptoms.get(symptom)
        if known is None:
            raise UsageError(f"there is no symptom {symptom!r}", hint="`deadhop kb list` names them all")
        return {name: with_sole(spec, self.site) for name, spec in known.inputs.items()}

    # ------------------------------------------------------------ walks and repairs

    def walk(self, symptom: str, inputs: Mapping[str, str], *, searched: str = "") -> Walk:
        """A walk on these inputs; UsageError when one is missing, fails its kind or names no host of the site."""
        from diagnosis.walk import Walk

        wanted = self._symptom_inputs(symptom)
        values = {name: input_value(spec, inputs, self.site) for name, spec in wanted.items()}
        if searched:
            self.note("search", {"text": searched[:65536], "symptom": symptom})
        return Walk(self, symptom, values, self.presets)

    def repair(self, cause: CauseView, fix_id: str | None = None) -> Repair:
        """The repair by one of the cause's fixes, the recommended one unless it is named."""
        from diagnosis.repair import Repair

        plans = {plan.id: plan for plan in cause.fixes}
        if not plans:
            raise _nothing_to_offer(cause)
        plan = plans.get(fix_id or next(iter(plans)))
        if plan is None:
            raise UsageError(f"{cause.id} has no fix {fix_id!r}", hint=f"one of: {', '.join(plans)}")
        fix = next(fix for fix in self.knowledge.causes[cause.id].fixes if fix.id == plan.id)
        return Repair(self, cause.id, cause.values, fix, plan)

    def trace(self, source: str, target: str, wanted: Sent, *, both: bool = False) -> AsyncIterator[TraceView]:
        """UsageError at the first step when an end is nothing that is known."""
        from diagnosis.tracing import traces

        return traces(self, source, target, wanted, both=both)

    def sweep(self) -> Sweep:
        """Of the whole site, to be run once."""
        from diagnosis.sweep.engine import Sweep
        from diagnosis.sweep.keeping_good import Wish
        from diagnosis.sweep.trees import Wanted

        return Sweep(self, Wanted(), baseline=Wish(use=not self.drill))

    async def pod_look(self, wish: Wish) -> PodLook:
        """What would be tried from pods, planned; nothing is made before it is applied."""
        from diagnosis.pod_look import plan_look

        return await plan_look(self, wish, self.look_image)

    async def is_root(self, host: str) -> bool:
        """Whether commands on the host run as root without sudo. A host that cannot be asked counts as not."""
        if host not in self._root:
            reply = await self.toolbox.connection(target_of(host)).run(Command(argv=("id", "-u")))
            if reply.status != 0:
                return False
            self._root[host] = reply.stdout.strip() == "0"
        return self._root[host]

    async def client(self, target: str) -> Client:
        """Where the client of a cluster or a cloud is run; CommandMissing when nowhere."""
        if target not in self._clients:
            from probes.clients import client_of

            self._clients[target] = await client_of(target, self.toolbox)
        return self._clients[target]

    # ------------------------------------------------------------ the past

    def recent(self) -> tuple[SessionInfo, ...]:
        return sessions(state_dir() / "sessions")

    def export(self, form: str, lang: Lang, path: Path | None = None, *, anonymise: bool = False) -> Path:
        """Writes the journal so far as `markdown`, `html` or `json` (0600); returns where."""
        from diagnosis.report import write_export

        return write_export(self.journal_path, form, lang, path, anonymise=anonymise)

    # ------------------------------------------------------------ the outside

    @property
    def toolbox(self) -> SessionToolbox:
        if self._toolbox is None:
            self._toolbox = self._open_toolbox()
        return self._toolbox

    def _open_toolbox(self) -> SessionToolbox:
        if self._replayed is not None:
            from probes.replay import ReplayToolbox

            replay = ReplayToolbox(self.site, self._replayed, speed=self.replay_speed)
            replay.phase = _phase_of(self.past)
            return replay
        from probes.toolbox import LiveToolbox

        hosts = [{"name": host.name, "addresses": host.addresses} for host in self.site.hosts]
        self.note("site", {"source": self.site.source, "hosts": hosts, "name": self.token, "mark": self.mark})
        toolbox = LiveToolbox(self.site, self._record, phase=_phase_of(self.past))
        toolbox.pods_said = self.looks.said
        return toolbox

    replay_speed = 0.0
    """Share of the recorded time a replay takes; 0 is at once."""

    def _record(self, exchange: Exchange) -> None:
        self.note("exchange", to_json(exchange))

    def forget(self) -> None:
        """Hosts that did not answer are tried again."""
        for host in self.site.hosts:
            self.toolbox.forget(host.name)

    async def health(self) -> AsyncIterator[Reach]:
        """How every host of the site can be reached, as it comes."""
        from probes.reach import check_site, unseen

        async for host, seen in check_site(self.toolbox):
            yield unseen(host, seen.message) if isinstance(seen, Failure) else seen

    async def close(self) -> None:
        await self.close_map()
        await self.looks.close()
        if self._toolbox is not None:
            await self._toolbox.close()
        if self._journal is not None:
            with contextlib.suppress(DeadhopError, OSError):  # a full disk must not keep deadhop from leaving
                self._journal.append("end", self._ended, sync=True)
            with contextlib.suppress(OSError):
                self._journal.close()


def _nothing_to_offer(cause: CauseView) -> UsageError:
    if cause.fixes_later:
        from diagnosis.sweep.words import FIXES_LATER, LOOK_AGAIN

        return UsageError(FIXES_LATER, hint=LOOK_AGAIN)
    english = "; ".join(cause.refused) or "no fix applies"
    korean = "; ".join(map(in_korean, cause.refused)) or "맞는 조치가 없다"
    message = Text(
        f"{cause.id} has nothing to offer here: {english}", f"{cause.id}: 여기서 쓸 조치가 없다: {korean}"
    )
    return UsageError(message, hint=cause.sure or "")


def _phase_of(past: Recording | None) -> int:
    entries = past.entries if past else ()
    return sum(entry.kind in CHANGING and entry.data.get("cause") != POD_LOOK for entry in entries)


def open_session(site: Path | None, *, argv: Sequence[str], folders: Sequence[Path] = ()) -> Session:
    """A new session on the site of this file (or the one found in the usual places)."""
    from probes.site_file import load_site

    own = config_dir() / "knowledge"
    found = [own] if own.is_dir() else []
    return Session(load_site(site), argv=argv, folders=[*found, *folders])


def reopen(session: str, *, site: Path | None = None, folders: Sequence[Path] = ()) -> Session:
    """Goes on with a recorded session: its id, the path of its journal, or `latest`."""
    from probes.site_file import load_site

    journal = open_for_append(find_journal(session))
    source = str(journal.header.get("site", ""))
    known = Path(source) if source.startswith("/") and Path(source).is_file() else None
    own = config_dir() / "knowledge"
    found = [own] if own.is_dir() else []
    try:
        where = load_site(site or known)
    except BaseException:
        journal.close()
        raise
    again = Session(where, argv=(), folders=[*found, *folders], journal=journal, past=journal.past)
    again.strayed = source if site is None and where.source != source else ""
    return again


def find_journal(session: str) -> Path:
    """Path of a session's journal; UsageError when there is none."""
    as_path = Path(session)
    if as_path.suffix == ".jsonl" and as_path.is_file():
        return as_path
    known = sessions(state_dir() / "sessions")
    if session == "latest" and known:
        return known[0].path
    for info in known:
        if info.id == session:
            return info.path
    raise UsageError(f"there is no session {session!r}", hint="`deadhop sessions` lists them")


def drills() -> tuple[str, ...]:
    """Names of the recorded outages that ship with deadhop."""
    from importlib.resources import files

    names = (entry.name for entry in files("drills").iterdir())
    return tuple(sorted(name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl")))


def open_drill(name: str, *, speed: float = 0.0) -> Session:
    """A recorded outage, played by the same engine. Its own journal goes to a temporary folder."""
    from diagnosis.drill import drill_session

    return drill_session(name, speed=speed)


__all__ = ["Confidence", "ConfigError", "Session", "drills", "find_journal", "open_drill", "open_session", "reopen"]

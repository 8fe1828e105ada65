"""A session that plays frozen views, for drawing tests. It decides nothing: tests on the engine use the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from base.errors import UsageError
from base.text import Lang, Text
from base.values import check
from diagnosis.views import (
    ActionView,
    CauseView,
    Choice,
    Confidence,
    Diagnosis,
    FixView,
    RepairView,
    RuledOutView,
    StepState,
    StepView,
    UnknownView,
    WalkView,
)
from journal.store import SessionInfo
from knowledge.model import Input, Option, Risk, Verdict
from probes.exchange import Exchange, Reply, Request
from probes.facts import Reach
from probes.path.facts import FirewallHits, Hit, Ping
from probes.probe import Evidence, Failure
from probes.site import Host, Site
from probes.wish import Wish
from sitemap.model import SiteMap
from sitemap.whatis import Known
from tui.engine import PodLook

AT = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
HOSTS = ("openstack-host", "k8s-host", "compute2-host", "controller", "compute", "master", "compute2", "worker1")
RULE = "-A LIBVIRT_FWI -o virbr10 -j REJECT --reject-with icmp-port-unreachable"
INSERT = (
    "sudo -n iptables -I LIBVIRT_FWI 1 -s 10.10.10.0/24 -d 192.168.100.0/24 -m comment --comment deadhop -j ACCEPT"
)
DELETE = INSERT.replace("-I LIBVIRT_FWI 1", "-D LIBVIRT_FWI")


# ------------------------------------------------------------------ what was seen


def reach(host: str, stopped_at: str = "", port_state: str = "open") -> Reach:
    return Reach(
        asked=host, host=host, address="10.10.10.7", port=22, via="", stopped_at=stopped_at, port_state=port_state,
        banner="", key_state="known", presented_key="", presented_fingerprint="", known_fingerprints=(),
        known_hosts_file="", known_hosts_line=0, login="ok", user="root", sudo="root", has_console=False, error="",
    )  # fmt: skip


def evidence(number: int, probe: str, host: str, facts: object, command: str, output: str) -> Evidence:
    exchange = Exchange(Request(f"host:{host}", command), Reply(0, output, seconds=1.9), AT)
    return Evidence(f"e{number}", probe, f"host:{host}", {"count": 5}, facts, None, (exchange,), AT, 2.1)


PING = evidence(
    1,
    "path.ping",
    "master",
    Ping("master", "192.168.100.101", 5, 0, "port-unreachable", "10.10.10.1", 0.0),
    "ping -c 5 -W 1 192.168.100.101",
    "From 10.10.10.1 icmp_seq=1 Destination Port Unreachable\n" * 5,
)
HITS = evidence(
    2,
    "path.firewall_hits",
    "openstack-host",
    FirewallHits(
        "openstack-host", "master", "192.168.100.101", 20, 0, "iptables-nft",
        (Hit("filter", "LIBVIRT_FWI", 3, RULE, tuple(RULE.split()[2:]), "REJECT", 20, False),),
        "enp7s0", "virbr10", "10.10.10.7", "10.10.10.0/24", "192.168.100.0/24",
    ),
    "iptables-save -c",
    f"*filter\n[20:1680] {RULE}\nCOMMIT\n",
)  # fmt: skip
BLIND = replace(
    HITS,
    id="e3",
    probe="path.drops",
    target="host:worker1",
    facts=None,
    failure=Failure("denied", "sudo on worker1 wants a password", "allow `iptables-save` without one"),
)

REFUSES = StepView(
    key="destination-port-unreachable/reach",
    ask=Text("Who refuses the ping?", "ping 을 거절하는 것은 누구인가?"),
    probe="path.ping",
    target="host:master",
    arguments={"target": "192.168.100.101"},
    state=StepState.DECIDED,
    choices=(
        Choice(0, Text("It answers: reachable", "응답한다: 닿는다")),
        Choice(
            1, Text("A machine on the way says port unreachable", "중간 장비가 port unreachable 이라 한다"), True
        ),
    ),
    answer=Text("A machine on the way says port unreachable", "중간 장비가 port unreachable 이라 한다"),
    evidence=PING,
)
ASKED = replace(
    REFUSES,
    key="destination-port-unreachable/owner",
    ask=Text("Was a network of libvirt restarted today?", "오늘 libvirt 네트워크를 재시작했는가?"),
    probe="",
    target="",
    state=StepState.ASKING,
    choices=(),
    options=(
        Option("yes", Text("Yes, it was", "재시작했다")),
        Option("no", Text("No, nobody touched it", "아무도 건드리지 않았다")),
    ),
    answer=None,
    evidence=None,
)
COUNTS = replace(
    REFUSES,
    key="destination-port-unreachable/rejecting_rule",
    ask=Text("Which rule there counts these packets?", "어느 규칙이 이 패킷을 세고 있는가?"),
    probe="path.firewall_hits",
    target="host:openstack-host",
    choices=(Choice(0, Text("A REJECT of libvirt", "libvirt 의 REJECT"), True),),
    answer=Text("A REJECT of libvirt in LIBVIRT_FWI", "libvirt 의 LIBVIRT_FWI 안의 REJECT"),
    evidence=HITS,
)
DROPS = replace(
    COUNTS,
    key="destination-port-unreachable/drops",
    ask=Text("Does the kernel drop them as well?", "커널도 이 패킷을 버리는가?"),
    probe="path.drops",
    target="host:worker1",
    state=StepState.UNKNOWN,
    choices=(),
    answer=Text("could not tell", "알 수 없음"),
    reason="sudo on worker1 wants a password",
    hint="allow `iptables-save` without one",
    evidence=BLIND,
)

ACTION = ActionView(on="openstack-host", run=INSERT, undo=DELETE)
KEEP = ActionView(
    on="openstack-host",
    run="sudo -n iptables-save -f /etc/sysconfig/iptables",
    undo="sudo -n cp -p /etc/sysconfig/iptables.deadhop /etc/sysconfig/iptables",
    text=Text(
        "Save the rules where iptables.service restores them from", "iptables.service 가 복원하는 곳에 저장한다"
    ),
)


def fix(risk: Risk = Risk.REVERSIBLE, **changes: object) -> FixView:
    plan = FixView(
        id="accept-forward",
        title=Text("Accept this traffic before the REJECT rule", "REJECT 규칙보다 앞에서 이 통신을 허용한다"),
        risk=risk,
        impact=Text(
            "Opens the target's network to the source's network on this host only",
            "이 호스트에서 출발지 네트워크가 대상 네트워크로 가는 것만 열린다",
        ),
        recommended=True,
        actions=(ACTION,),
        persist=(KEEP,),
        caution=Text(
            "libvirt rebuilds its chains when the network restarts, and the rule is gone then",
            "libvirt 네트워크가 재시작하면 체인이 다시 만들어지고 이 규칙은 사라진다",
        ),
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def cause(*fixes: FixView) -> CauseView:
    return CauseView(
        id="libvirt-rejects-new-flows",
        symptom="destination-port-unreachable",
        title=Text(
            "libvirt's NAT network rejects new inbound flows",
            "libvirt NAT 네트워크가 새로 들어오는 통신을 거절한다",
        ),
        why=Text(
            "A libvirt NAT network lets its machines out and lets only RELATED,ESTABLISHED traffic back in. The "
            "first packet of a flow that starts outside meets the REJECT rule, and the hypervisor answers "
            '"port unreachable".',
            "libvirt NAT 네트워크는 VM 이 나가는 통신은 허용하지만 들어오는 것은 RELATED,ESTABLISHED 만 받는다. "
            '밖에서 시작한 통신의 첫 패킷은 REJECT 규칙에 걸리고, 하이퍼바이저가 "port unreachable" 로 답한다.',
        ),
        values={"host": "openstack-host", "chain": "LIBVIRT_FWI"},
        targets=("host:openstack-host",),
        confidence=Confidence.CERTAIN,
        evidence=("e1", "e2"),
        fixes=fixes or (fix(),),
    )


DIAGNOSIS = Diagnosis(
    Verdict.CAUSE,
    Text("libvirt's NAT network rejects new inbound flows", "libvirt NAT 네트워크가 새로 들어오는 통신을 거절한다"),
    causes=(cause(),),
    ruled_out=(
        RuledOutView(
            "missing-route",
            Text("A route is missing", "경로가 없다"),
            "e1",
            Text("Who refuses the ping?", "누가 거절하는가?"),
        ),
    ),
    unknown=(UnknownView("path.drops", "host:worker1", "denied", "sudo wants a password", "allow it without one"),),
)
TITLE = Text(
    'Ping to an instance answers "Destination Port Unreachable"',
    '인스턴스로 ping 하면 "Destination Port Unreachable" 이 돌아온다',
)
START = WalkView("destination-port-unreachable", TITLE, {"source": "master", "target": "192.168.100.101"})


# ------------------------------------------------------------------ the session


@dataclass(frozen=True)
class Found:
    symptom: str
    title: Text
    reason: Text
    inputs: Mapping[str, str]
    score: float = 1.0


@dataclass(frozen=True)
class FoundAll:
    matches: tuple[Found, ...] = ()
    confident: bool = False
    well: Text | None = None


MATCH = Found(
    "destination-port-unreachable",
    TITLE,
    Text("the text holds `Destination Port Unreachable`", "글에 `Destination Port Unreachable` 이 있다"),
    {"target": "192.168.100.101"},
)
SECOND = Found(
    "no-answer-to-ping",
    Text("Ping gets no answer at all", "ping 에 아무 응답이 없다"),
    Text("similar words: ping, answer", "비슷한 말: ping, 응답"),
    {},
)


def running(step: StepView) -> StepView:
    return replace(step, state=StepState.RUNNING, answer=None, evidence=None, reason="", hint="")


@dataclass
class ScriptedWalk:
    """Steps in order; one that asks stops it until it is answered. Intents are noted."""

    script: tuple[StepView, ...] = (REFUSES, COUNTS, DROPS)
    diagnosis: Diagnosis = DIAGNOSIS
    pace: float = 0.0
    view: WalkView = START
    intents: list[tuple[str, ...]] = field(default_factory=list)
    cancelled: int = 0
    hold: asyncio.Event | None = None

    async def run(self) -> AsyncIterator[WalkView]:
        try:
            for step in self.script[len(self.view.steps) :]:
                seen = self.view.steps
                if step.state is StepState.ASKING:
                    self.view = replace(self.view, steps=(*seen, step))
                    yield self.view
                    return
                self.view = replace(self.view, steps=(*seen, running(step)))
                yield self.view
                await (self.hold.wait() if self.hold else asyncio.sleep(self.pace))
                self.view = replace(self.view, steps=(*seen, step))
            self.view = replace(self.view, diagnosis=self.diagnosis, seconds=4.2)
            yield self.view
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    def _forget(self, key: str) -> None:
        keys = [step.key for step in self.view.steps]
        index = keys.index(key) if key in keys else len(keys)
        self.view = replace(self.view, steps=self.view.steps[:index], diagnosis=None)

    def _decide(self, key: str, words: str, state: StepState = StepState.DECIDED) -> None:
        step = next(step for step in self.script if step.key == key)
        self._forget(key)
        decided = replace(step, state=state, by_hand=True, answer=Text(words, words), evidence=None)
        self.view = replace(self.view, steps=(*self.view.steps, decided))

    def answer(self, key: str, option: str) -> None:
        self.intents.append(("answer", key, option))
        self._decide(key, option)

    def choose(self, key: str, branch: int) -> None:
        self.intents.append(("choose", key, str(branch)))
        self._decide(key, f"branch {branch}")

    def skip(self, key: str) -> None:
        self.intents.append(("skip", key))
        self._decide(key, "skipped", StepState.UNKNOWN)

    def look_again(self, key: str) -> None:
        self.intents.append(("look_again", key))
        self._forget(key)

    def back(self) -> None:
        self.intents.append(("back",))


@dataclass
class ScriptedRepair:
    view: RepairView
    before: str = "planned"
    works: bool = True
    locked: bool = False
    exit_status: int = 0
    confirmed_by: list[str] = field(default_factory=list)
    edits: list[tuple[int, str, str | None]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    cancelled: int = 0

    def _show(self, phase: str, **changes: object) -> RepairView:
        self.view = replace(self.view, phase=phase, **changes)  # type: ignore[arg-type]
        return self.view

    def _put(self, index: int, **changes: object) -> None:
        actions = list(self.view.fix.actions)
        actions[index] = replace(actions[index], **changes)  # type: ignore[arg-type]
        self.view = replace(self.view, fix=replace(self.view.fix, actions=tuple(actions)))

    async def prepare(self) -> AsyncIterator[RepairView]:
        yield self._show("checking")
        await asyncio.sleep(0)
        yield self._show(self.before)

    async def verify(self) -> AsyncIterator[RepairView]:
        yield self._show("verifying")
        yield self._show("verified" if self.works else "not-verified", verified=self.works)

    def edit(self, action: int, run: str, undo: str | None = None) -> None:
        self.edits.append((action, run, undo))
        self._put(action, run=run, undo_known=undo is not None, **({} if undo is None else {"undo": undo}))

    def know_undo(self, action: int) -> None:
        self._put(action, undo_known=True)

    async def apply(
        self, *, confirmed_by: str, persist: bool = False, take_lock: bool = False
    ) -> AsyncIterator[RepairView]:
        self.confirmed_by.append(confirmed_by)
        if self.locked and not take_lock:
            yield self._show("locked", message="dana, 5 minutes ago")
            return
        if persist:
            plan = self.view.fix
            self.view = replace(self.view, fix=replace(plan, actions=(*plan.actions, *plan.persist), persist=()))
        for index, action in enumerate(self.view.fix.actions):
            if action.state != "planned":
                continue
            self._put(index, state="running", output="working\n")
            yield self._show("applying")
            try:
                if self.hold:
                    await self.hold.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                self._put(index, state="interrupted")
                raise
            state = "failed" if self.exit_status else "done"
            self._put(index, state=state, exit_status=self.exit_status, seconds=0.3)
            if self.exit_status:
                yield self._show("failed", message="the command ended with status 4")
                return
        async for view in self.verify():
            yield view

    async def undo(self, *, take_lock: bool = False) -> AsyncIterator[RepairView]:
        if self.locked and not take_lock:
            yield self._show("undo-locked", message="dana, 5 minutes ago")
            return
        yield self._show("undoing")
        for index, action in enumerate(self.view.fix.actions):
            if action.state in ("done", "failed", "interrupted"):
                self._put(index, state="undone")
        yield self._show("undone", verified=None)


@dataclass
class ScriptedSession:
    results: FoundAll = FoundAll((MATCH, SECOND), confident=True)
    walk_script: tuple[StepView, ...] = (REFUSES, COUNTS, DROPS)
    diagnosis: Diagnosis = DIAGNOSIS
    drill: bool = False
    problems: tuple[object, ...] = ()
    id: str = "20260301-030000-abcd"
    journal_path: Path = Path("journal.jsonl")
    site: Site = field(default_factory=lambda: Site("site.yaml", tuple(Host(name) for name in HOSTS)))
    down: Mapping[str, tuple[str, str]] = field(
        default_factory=lambda: {"compute2": ("port", "silent"), "worker1": ("sudo", "open")}
    )
    searched: list[str] = field(default_factory=list)
    walks: list[ScriptedWalk] = field(default_factory=list)
    repairs: list[ScriptedRepair] = field(default_factory=list)
    repair_changes: dict[str, object] = field(default_factory=dict)
    pace: float = 0.0
    hold: asyncio.Event | None = None
    closed: bool = False
    past: tuple[SessionInfo, ...] = ()
    past_repair: ScriptedRepair | Exception | None = None
    in_flight: tuple[ActionView, ...] = ()
    refusal: UsageError | None = None
    exports: list[tuple[str, bool]] = field(default_factory=list)
    export_error: Exception | None = None

    maps: tuple[SiteMap, ...] = ()
    known: tuple[Known, ...] = ()

    async def ready(self) -> None:
        await asyncio.sleep(0)

    @property
    def has_map(self) -> bool:
        return bool(self.maps)

    async def learn(self) -> None:
        await asyncio.sleep(0)

    def known_in(self, text: str) -> tuple[Known, ...]:
        return tuple(one for one in self.known if one.text in text)

    async def mapped(self) -> AsyncIterator[SiteMap]:
        for one in self.maps:
            yield one

    def search(self, text: str) -> FoundAll:
        self.searched.append(text)
        return self.results

    def inputs_of(self, symptom: str) -> tuple[Input, ...]:
        return (
            Input("source", "host", Text("Which machine sends the ping?", "ping 을 보내는 장비는?")),
            Input("target", "address", Text("Which address does not answer?", "응답하지 않는 주소는?")),
        )

    def walk(self, symptom: str, inputs: Mapping[str, str], *, searched: str = "") -> ScriptedWalk:
        check("address", inputs.get("target", ""), name="target")
        if inputs.get("source") not in HOSTS:
            raise UsageError(f"source: {inputs.get('source')!r} is no host of the site", hint="`deadhop site show`")
        walk = ScriptedWalk(self.walk_script, self.diagnosis, self.pace, hold=self.hold)
        self.walks.append(walk)
        return walk

    def repair(self, cause: CauseView, fix_id: str) -> ScriptedRepair:
        plan = next(fix for fix in cause.fixes if fix.id == fix_id)
        repair = ScriptedRepair(RepairView(cause.id, plan, "planned"), **self.repair_changes)  # type: ignore[arg-type]
        self.repairs.append(repair)
        return repair

    async def pod_look(self, wish: Wish) -> PodLook:
        raise AssertionError("no step of these walks waits for pods")

    async def applied(self) -> ScriptedRepair | None:
        if isinstance(self.past_repair, Exception):
            raise self.past_repair
        return self.past_repair

    def flying(self) -> tuple[ActionView, ...]:
        return self.in_flight

    def refuse_changes(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    async def health(self) -> AsyncIterator[Reach]:
        for host in self.site.hosts[:-1]:
            await asyncio.sleep(0)
            yield reach(host.name, *self.down.get(host.name, ()))

    def recent(self) -> tuple[SessionInfo, ...]:
        return self.past

    def export(self, form: str, lang: Lang, path: Path | None = None, *, anonymise: bool = False) -> Path:
        self.exports.append((form, anonymise))
        if self.export_error is not None:
            raise self.export_error
        return path or Path(f"deadhop-{self.id}.md")

    async def close(self) -> None:
        self.closed = True

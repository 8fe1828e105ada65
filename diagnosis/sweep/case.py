"""What a cause is in this very case: its values, the rule that counted, and the answers that led there. All of it
is what the walk saw; nothing is added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from base.text import Lang, Text
from base.values import Value
from diagnosis.steps import StepBook
from probes.path.facts import Hit
from probes.trace.facts import Trace

if TYPE_CHECKING:
    from diagnosis.views import StepView
    from knowledge.model import Cause, Knowledge
    from knowledge.tree import Decision, Found
    from probes.probe import Evidence

NAMES = {
    "address": Text("address", "주소"),
    "bridge": Text("bridge", "브리지"),
    "chain": Text("chain", "체인"),
    "claim": Text("claim", "PVC"),
    "cloud": Text("cloud", "클라우드"),
    "cluster": Text("cluster", "클러스터"),
    "container": Text("container", "컨테이너"),
    "device": Text("device", "장치"),
    "file": Text("file", "파일"),
    "gateway": Text("gateway", "게이트웨이"),
    "in_namespace": Text("namespace", "네임스페이스"),
    "interface": Text("interface", "인터페이스"),
    "local": Text("its own address", "자기 주소"),
    "local_ip": Text("local_ip", "local_ip"),
    "mount": Text("mount point", "마운트 지점"),
    "mtu": Text("MTU", "MTU"),
    "neighbour": Text("neighbour", "이웃"),
    "network": Text("network", "네트워크"),
    "neutron_port": Text("port", "포트"),
    "node": Text("node", "노드"),
    "path": Text("path", "경로"),
    "peer_port": Text("port of the other end", "상대 포트"),
    "physical": Text("physical network", "물리 네트워크"),
    "pod": Text("pod", "파드"),
    "pod_address": Text("a pod there", "그곳의 파드"),
    "pods": Text("pods' addresses", "파드 대역"),
    "port": Text("port", "포트"),
    "position": Text("rule number", "규칙 번호"),
    "presented_fingerprint": Text("key shown now", "지금 보이는 키"),
    "project": Text("project", "프로젝트"),
    "router": Text("router", "라우터"),
    "seen_from": Text("seen from", "확인한 곳"),
    "server": Text("server", "서버"),
    "service": Text("service", "서비스"),
    "source": Text("from", "출발"),
    "source_net": Text("from network", "출발 네트워크"),
    "subnet": Text("subnet", "서브넷"),
    "table": Text("table", "테이블"),
    "taint": Text("taint", "taint"),
    "target": Text("to", "도착"),
    "target_net": Text("to network", "도착 네트워크"),
    "unit": Text("unit", "유닛"),
    "user": Text("user", "사용자"),
}
"""Of values that many causes have; others have the words that their author gave them, or none."""
_HIDDEN = ("words", "words[]", "public-key", "yes-no")
"""Kinds of what commands are made of, and of what says nothing without its question."""
_FIRST = Text("of {}", "{}의 경우")
_COUNTED = Text("{host}: {packets} counted by `{rule}`", "{host}: `{rule}` 규칙이 {packets}개를 셌다")
_POLICY = Text(
    "{host}: {packets} counted by the policy of {rule}", "{host}: {rule} 의 기본 정책이 {packets}개를 셌다"
)


def case_of(
    knowledge: Knowledge, found: Found, decisions: Sequence[Decision], evidence: Mapping[str, Evidence]
) -> tuple[Text, ...]:
    """In the order in which they are read: what it is about, what counts, how that was decided."""
    steps = StepBook(knowledge).views(tuple(decisions), None, evidence)
    return (
        *_values(knowledge.causes[found.cause], found.values),
        *_rules(steps, found.values),
        *_answers(steps),
    )


def of_the_first(case: Sequence[Text], place: Text) -> tuple[Text, ...]:
    """Of many alike the first one speaks for all, and says so."""
    return tuple(
        Text(f"{_FIRST.en.format(place.en)}: {one.en}", f"{_FIRST.ko.format(place.ko)}: {one.ko}") for one in case
    )


# ------------------------------------------------------------------ values


def _values(cause: Cause, values: Mapping[str, Value]) -> Iterator[Text]:
    shown = [(_name(cause, name), _shown(value)) for name, value in values.items() if _tells(cause, name, value)]
    named = [(name, value) for name, value in shown if name is not None]
    if named:
        yield Text(*(", ".join(f"{name[lang]}: {value}" for name, value in named) for lang in (Lang.EN, Lang.KO)))


def _tells(cause: Cause, name: str, value: Value) -> bool:
    """Not where it sits, which stands in the title, and nothing that is empty."""
    known = cause.values.get(name)
    return known is not None and name != cause.target and known.kind not in _HIDDEN and value not in ("", (), [])


def _name(cause: Cause, name: str) -> Text | None:
    return NAMES.get(name) or cause.values[name].text


def _shown(value: Value) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


# ------------------------------------------------------------------ rules and answers


def _rules(steps: Sequence[StepView], values: Mapping[str, Value]) -> Iterator[Text]:
    """The rule that counted our packets, as its host prints it, where the cause names its chain."""
    told = [text for step in steps if step.evidence for text in _counted(step.evidence, values)]
    yield from dict.fromkeys(told)


def _counted(evidence: Evidence, values: Mapping[str, Value]) -> Iterator[Text]:
    facts = evidence.facts
    host = getattr(facts, "blocking_host", "") or getattr(facts, "host", "")
    for hit in getattr(facts, "hits", ()):
        if isinstance(hit, Hit) and host and _is_meant(hit, host, values):
            said = _COUNTED if hit.position else _POLICY
            rule = hit.text if hit.position else hit.chain
            filled = {"host": host, "packets": hit.packets, "rule": rule}
            yield Text(said.en.format(**filled), said.ko.format(**filled))


def _is_meant(hit: Hit, host: str, values: Mapping[str, Value]) -> bool:
    """Of the hits, the one whose place the cause has."""
    if values.get("chain") != hit.chain or hit.verdict not in ("DROP", "REJECT"):
        return False
    return values.get("host") == host and values.get("position", hit.position) == hit.position


def _answers(steps: Sequence[StepView]) -> Iterator[Text]:
    """The last one, and each that a trace gives its numbers."""
    decided = [step for step in steps if step.answer is not None and step.state == "decided"]
    for step in decided:
        traced = step.evidence is not None and isinstance(step.evidence.facts, Trace)
        if traced or step is decided[-1]:
            yield _answer(step)


def _answer(step: StepView) -> Text:
    assert step.answer is not None
    by = f" ({step.evidence.id})" if step.evidence else ""
    return Text(f"{step.ask.en} {step.answer.en}{by}", f"{step.ask.ko} {step.answer.ko}{by}")

"""A trace in plain words: one sentence with the numbers, and the row of hops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from deadhop.front import Front
from deadhop.output import wrap
from diagnosis.trace_row import Line, endpoints, gaps, row, title, translations
from diagnosis.trace_words import BEHIND, CIRCLE, DIRECTIONS, ONE_WAY, VERDICTS, bad_branches, rule_of, sentence

if TYPE_CHECKING:
    from diagnosis.tracing import Planned
    from probes.path.mtu_facts import PathMtu
    from probes.probe import Evidence
    from probes.trace.facts import OwnSizes, Trace, TracedHop

_EXITS = {"arrives": 0, "refused": 0, "dies": 1, "some-lost": 1, "sizes-lost": 1, "too-large": 1}
_SIZES = (
    *("largest", "lost", "told_by", "told_mtu", "silent_at", "silent_interface", "silent_mtu"),
    *("before_host", "before_interface", "before_mtu", "after_host", "after_interface", "after_mtu"),
    *("odd_host", "odd_interface", "odd_mtu", "common_mtu"),
)
Traced = Sequence["tuple[Planned, Evidence]"]


def announce(front: Front, one: Planned) -> None:
    if one.note is not None:
        front.out.talk(wrap(front.text(one.note), "  "))
    if front.out.live:
        front.out.progress(f"… {title(one)}")


def exit_code(traced: Sequence[Evidence]) -> int:
    """Of several the worst: somebody who looks both ways wants to know of either."""
    codes = [_exit(one) for one in traced]
    return 1 if 1 in codes else max(codes)


def _exit(one: Evidence) -> int:
    trace: Trace | None = one.facts  # type: ignore[assignment]
    if trace is None:
        return 2
    if 0 < len(bad_branches(trace)) < len(trace.branches):
        return 1
    if trace.loop and not trace.received:  # tables that lead in a circle are as sure as a counter
        return 1
    lost = trace.verdict in ("dies", "some-lost") and not trace.dead
    return 2 if lost else _EXITS.get(trace.verdict, 2)


def report(front: Front, session: str, traced: Traced, *, one_way: bool) -> None:
    if front.out.json:
        front.out.object("trace", {"session": session, **trace_json(traced)})
        return
    for number, (planned, evidence) in enumerate(traced):
        for line in (*([""] if number else []), *trace_lines(front, planned, evidence)):
            front.out.line(line)
    if one_way:
        front.out.line(f"\n{front.text(ONE_WAY)}")
    front.out.line(f"\n{front.say('NEXT', '다음')}\n  deadhop export {session}")


# ------------------------------------------------------------------ for people


def trace_lines(front: Front, planned: Planned, evidence: Evidence) -> Iterator[str]:
    trace: Trace | None = evidence.facts  # type: ignore[assignment]
    yield title(planned)
    if trace is None:
        assert evidence.failure is not None
        yield wrap(f"{front.text(VERDICTS['failed'])}: {front.told(evidence.failure.message)}", "  ", first="")
        if evidence.failure.hint:
            yield wrap(f"{front.say('hint', '힌트')}: {front.told(evidence.failure.hint)}", "  ")
        return
    yield wrap(f"{front.text(VERDICTS[trace.verdict])}: {front.text(sentence(trace))}", "  ", first="")
    if rule := rule_of(trace):
        yield f"  {rule}"
    yield ""
    yield from hop_lines(front, trace)
    yield from (wrap(front.text(one), "    ", first="  · ") for one in translations(trace))
    yield from _branches(front, trace)
    yield from _gaps(front, trace)
    yield f"\n{front.say('{:.1f} s', '{:.1f} 초').format(evidence.seconds)}"


def hop_lines(front: Front, trace: Trace) -> Iterator[str]:
    """One line for each interface; the dead hop is marked where our packets were seen last."""
    lines = tuple(row(trace))
    width = max((len(line.host) for line in lines), default=0)
    direction = ""
    for line in lines:
        if line.direction != direction and not line.ends:
            direction = line.direction
            yield f"  {front.text(DIRECTIONS[direction])}"
        yield _hop_line(front, line, width)


def _hop_line(front: Front, line: Line, width: int) -> str:
    if line.ends:
        return f"  {line.mark} {line.host:{width}}  {front.text(VERDICTS['here'])}"
    return f"  {line.mark} {line.host:{width}}  {line.arrow} {line.at:15}  {line.count}".rstrip()


def _branches(front: Front, trace: Trace) -> Iterator[str]:
    """A Service's endpoints, each tried by its own address."""
    if trace.branches:
        yield f"  {front.text(BEHIND)}"
    yield from (f"  {mark} {text}" for mark, text in endpoints(trace))


def _gaps(front: Front, trace: Trace) -> Iterator[str]:
    if trace.loop and trace.dead:
        yield wrap(front.text(CIRCLE), "  ")
    for number, gap in enumerate(gaps(trace)):
        yield ("" if number else "\n") + wrap(front.text(gap), "    ", first="  ? ")


# ------------------------------------------------------------------ for programs


def trace_json(traced: Traced) -> dict[str, object]:
    """The first trace at the top; with `--both` the other one as `reverse`."""
    bodies = [_body(planned, evidence) for planned, evidence in traced]
    return {**bodies[0], **({"reverse": bodies[1]} if len(bodies) > 1 else {})}


def _body(planned: Planned, evidence: Evidence) -> dict[str, object]:
    body: dict[str, object] = {
        "source": {"kind": planned.source.kind, "name": planned.source.name, "host": planned.source.host},
        "target": {"kind": planned.target.kind, "name": planned.target.name, "address": planned.target.address},
        "evidence": evidence.id,
        "seconds": round(evidence.seconds, 3),
        "note": {"en": planned.note.en, "ko": planned.note.ko} if planned.note else None,
    }
    trace: Trace | None = evidence.facts  # type: ignore[assignment]
    if trace is None:
        assert evidence.failure is not None
        failure = {
            "reason": evidence.failure.reason,
            "message": evidence.failure.message,
            "hint": evidence.failure.hint,
        }
        return {**body, "verdict": "failed", "hops": [], "dead_hop": None, "failure": failure}
    text = sentence(trace)
    return {
        **body,
        "protocol": trace.protocol,
        "port": trace.port or None,
        "sent": trace.sent,
        "received": trace.received,
        "verdict": trace.verdict,
        "text": {"en": text.en, "ko": text.ko},
        "error": {"error": trace.error, "from": trace.error_from} if trace.error else None,
        "hops": [_hop_json(hop) for hop in trace.hops],
        "dead_hop": _dead_json(trace),
        "between": [trace.last_seen, trace.next_unseen] if not trace.dead and trace.next_unseen else None,
        "unseen": list(trace.unseen),
        "unread": list(trace.unread),
        "uncounted": list(trace.uncounted),
        "changed": list(trace.changed),
        "loop": trace.loop,
        "sizes": _sizes_json(trace),
        "own_sizes": _own_sizes_json(trace),
        "branches": [asdict(one) for one in trace.branches],
        "translations": [{**asdict(one), "port": one.port or None} for one in trace.translations],
    }


def _sizes_json(trace: Trace) -> dict[str, object] | None:
    """None where they could not be tried."""
    if not trace.sizes:
        return None
    one = trace.sizes[0]
    plain = {key: value or None for key, value in asdict(one).items() if key in _SIZES}
    return {**plain, "dropped_by": _rule_json(one)}


def _own_sizes_json(trace: Trace) -> dict[str, object] | None:
    """None where no size was asked for, or the sizes are those of echo requests."""
    if not trace.own_sizes:
        return None
    one = trace.own_sizes[0]
    plain = {"largest": one.largest or None, "lost": one.lost or None, "chosen": one.chosen or None}
    return {**plain, "dropped_by": _rule_json(one)}


def _rule_json(one: PathMtu | OwnSizes) -> dict[str, str] | None:
    return {"host": one.hits_host, "rule": one.hits[0].text} if one.hits else None


def _hop_json(hop: TracedHop) -> dict[str, object]:
    return {**asdict(hop), "seen": hop.seen if hop.by else None, "by": hop.by or None}


def _dead_json(trace: Trace) -> dict[str, object] | None:
    if not trace.dead:
        return None
    dead = asdict(trace.dead[0])
    known = {key: dead[key] if dead[key] >= 0 else None for key in ("entered", "left")}
    return {**dead, **known, "rule": dead["rule"] or None, "flows": [_flow_json(one) for one in dead["flows"]]}


def _flow_json(flow: dict[str, object]) -> dict[str, object]:
    """Where no flow matches there is no priority, and nothing counts."""
    unknown = {key: None for key in ("priority", "packets") if flow[key] == -1}
    return {**flow, **unknown, **{key: flow[key] or None for key in ("cookie", "remark")}}

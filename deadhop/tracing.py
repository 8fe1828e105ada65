"""A trace in plain words: one sentence with the numbers, and the row of hops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from deadhop.front import Front
from deadhop.output import wrap
from diagnosis.trace_words import DIRECTIONS, VERDICTS, sentence

if TYPE_CHECKING:
    from diagnosis.tracing import Planned
    from probes.probe import Evidence
    from probes.trace.facts import Trace, TracedHop

_EXITS = {"arrives": 0, "refused": 0, "dies": 1, "some-lost": 1}
_MARKS = {"seen": "✓", "lost": "✗", "unknown": "?", "beyond": "·"}
Traced = Sequence["tuple[Planned, Evidence]"]


def announce(front: Front, one: Planned) -> None:
    if one.note is not None:
        front.out.talk(wrap(front.text(one.note), "  "))
    if front.out.live:
        front.out.progress(f"… {_title(one)}")


def _title(one: Planned) -> str:
    source, target = one.source.name or one.source.address, one.target.name or one.target.address
    address = f" ({one.target.address})" if target != one.target.address else ""
    how = one.wanted.protocol.upper() + (f" {one.wanted.port}" if one.wanted.port else "")
    return f"{source} → {target}{address}  {how}"


def exit_code(traced: Sequence[Evidence]) -> int:
    """Of several the worst: somebody who looks both ways wants to know of either."""
    codes = [_exit(one) for one in traced]
    return 1 if 1 in codes else max(codes)


def _exit(one: Evidence) -> int:
    trace: Trace | None = one.facts  # type: ignore[assignment]
    if trace is None:
        return 2
    lost = trace.verdict in ("dies", "some-lost") and not trace.dead
    return 2 if lost else _EXITS.get(trace.verdict, 2)


def report(front: Front, session: str, traced: Traced, *, wanted_both: bool) -> None:
    if front.out.json:
        front.out.object("trace", {"session": session, **trace_json(traced)})
        return
    for number, (planned, evidence) in enumerate(traced):
        for line in (*([""] if number else []), *trace_lines(front, planned, evidence)):
            front.out.line(line)
    if wanted_both and len(traced) < 2:
        message = front.say(
            "the other way could not be tried: nothing can be sent from there",
            "반대 방향은 확인할 수 없다: 그쪽에서 보낼 수 없다",
        )
        front.out.line(f"\n{message}")
    front.out.line(f"\n{front.say('NEXT', '다음')}\n  deadhop export {session}")


# ------------------------------------------------------------------ for people


def trace_lines(front: Front, planned: Planned, evidence: Evidence) -> Iterator[str]:
    trace: Trace | None = evidence.facts  # type: ignore[assignment]
    yield _title(planned)
    if trace is None:
        assert evidence.failure is not None
        yield wrap(f"{front.text(VERDICTS['failed'])}: {front.told(evidence.failure.message)}", "  ", first="")
        if evidence.failure.hint:
            yield wrap(f"{front.say('hint', '힌트')}: {front.told(evidence.failure.hint)}", "  ")
        return
    yield wrap(f"{front.text(VERDICTS[trace.verdict])}: {front.text(sentence(trace))}", "  ", first="")
    if trace.dead and trace.dead[0].rule:
        yield f"  {trace.dead[0].rule}"
    yield ""
    yield from hop_lines(front, trace)
    yield from _gaps(front, trace)
    yield f"\n{front.say('{:.1f} s', '{:.1f} 초').format(evidence.seconds)}"


def hop_lines(front: Front, trace: Trace) -> Iterator[str]:
    """One line for each interface; the dead hop is marked where our packets were seen last."""
    dead = trace.dead[0] if trace.dead else None
    marked = _marked(trace)
    direction = ""
    width = max((len(hop.host) for hop in trace.hops), default=0)
    for number, hop in enumerate(trace.hops):
        if hop.direction == "back" and trace.hops[number:] == _untouched(trace):
            break
        if hop.direction != direction:
            direction = hop.direction
            yield f"  {front.text(DIRECTIONS[direction])}"
        yield _hop_line(hop, width)
        if number == marked and dead is not None:
            yield f"  ✗ {dead.host:{width}}  {front.text(VERDICTS['here'])}"
    if dead is not None and marked < 0:
        yield f"  ✗ {dead.host:{width}}  {front.text(VERDICTS['here'])}"


def _untouched(trace: Trace) -> tuple[TracedHop, ...]:
    """The way back, where no answer ever came that far: a row of nothing."""
    back = tuple(hop for hop in trace.hops if hop.direction == "back")
    return back if all(hop.verdict == "beyond" for hop in back) and not _dies_back(trace) else ()


def _dies_back(trace: Trace) -> bool:
    return bool(trace.dead) and trace.dead[0].direction == "back"


def _marked(trace: Trace) -> int:
    """Number of the dead host's last station that saw them, else of its first."""
    if not trace.dead:
        return -1
    dead = trace.dead[0]
    own = [n for n, hop in enumerate(trace.hops) if (hop.host, hop.direction) == (dead.host, dead.direction)]
    seen = [number for number in own if trace.hops[number].side == "in"]
    if own:
        return (seen or own)[-1] if seen or trace.hops[own[-1]].verdict == "seen" else own[0] - 1
    there = [n for n, hop in enumerate(trace.hops) if hop.direction == "there"]
    return there[-1] if there and dead.direction == "back" else -1


def _hop_line(hop: TracedHop, width: int) -> str:
    arrow = "→" if hop.side == "out" else "←"
    count = f"{hop.seen}/{hop.sent}" if hop.by else "?"
    where = f"({hop.at})" if hop.outer else hop.at  # inside the packets of a tunnel
    return f"  {_MARKS[hop.verdict]} {hop.host:{width}}  {arrow} {where:15}  {count}".rstrip()


def _gaps(front: Front, trace: Trace) -> Iterator[str]:
    if trace.loop:
        yield wrap(front.say("the routing tables lead in a circle", "라우팅 테이블이 원을 그린다"), "  ")
    if trace.unseen:
        words = front.say("could not look at", "볼 수 없던 곳")
        yield f"\n{wrap(f'{words}: ' + ', '.join(trace.unseen), '    ', first='  ? ')}"
    if trace.uncounted:
        words = front.say(
            "drops without counting (nft rules lack `counter`)",
            "세지 않고 버리는 규칙이 있음 (nft 규칙에 `counter` 가 없다)",
        )
        yield wrap(f"{words}: {', '.join(trace.uncounted)}", "    ", first="  ? ")
    if ":" in trace.target:
        words = front.say("the rules of IPv6 firewalls are not read", "IPv6 방화벽 규칙은 읽지 않는다")
        yield wrap(words, "    ", first="  ? ")


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
        "uncounted": list(trace.uncounted),
        "loop": trace.loop,
    }


def _hop_json(hop: TracedHop) -> dict[str, object]:
    return {**asdict(hop), "seen": hop.seen if hop.by else None, "by": hop.by or None}


def _dead_json(trace: Trace) -> dict[str, object] | None:
    if not trace.dead:
        return None
    dead = asdict(trace.dead[0])
    known = {key: dead[key] if dead[key] >= 0 else None for key in ("entered", "left")}
    return {**dead, **known, "rule": dead["rule"] or None}

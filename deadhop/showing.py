"""Diagnoses and repairs in plain words, at most 80 columns wide (commands are never folded)."""

from __future__ import annotations

from collections.abc import Iterator

from base.text import Text
from deadhop.front import Front
from deadhop.output import block, wrap
from diagnosis.fixes import sides
from diagnosis.views import ActionView, CauseView, Diagnosis, FixView, RepairView, StepState, StepView, WalkView
from knowledge.model import Verdict
from probes.target import called

RISKS = {
    "reversible": Text("reversible", "되돌릴 수 있음"),
    "disruptive": Text("disruptive", "서비스 중단 가능"),
    "destructive": Text("destructive", "되돌릴 수 없음"),
}
VERDICTS = {
    Verdict.CAUSE: Text("CAUSE FOUND", "원인 찾음"),
    Verdict.NOT_A_FAULT: Text("NOT A FAULT", "장애 아님"),
    Verdict.NOTHING_FOUND: Text("NOTHING WRONG FOUND", "이상 없음"),
    Verdict.UNKNOWN: Text("COULD NOT TELL", "판단 불가"),
}
CONFIDENCE = {"certain": Text("certain", "확실"), "likely": Text("likely", "유력")}
STATES = {
    "planned": Text("planned", "대기"),
    "running": Text("running", "실행 중"),
    "done": Text("done", "완료"),
    "skipped": Text("was done already", "이미 되어 있음"),
    "failed": Text("failed", "실패"),
    "interrupted": Text("interrupted", "중단됨"),
    "undone": Text("undone", "되돌림"),
    "undo-failed": Text("undo failed", "되돌리기 실패"),
    "by-hand": Text("to be done by hand", "직접 해야 함"),
    "taken-back": Text("taken back by the host itself", "호스트가 스스로 되돌림"),
}


def walk_lines(front: Front, view: WalkView) -> Iterator[str]:
    """A finished walk, for a person."""
    yield wrap(front.text(view.title))
    if view.inputs:
        yield block("   ".join(f"{name}: {value}" for name, value in view.inputs.items()), "  ")
    yield ""
    diagnosis = view.diagnosis
    broken = len(view.steps) - 1 if diagnosis and diagnosis.verdict is Verdict.CAUSE else -1
    for index, step in enumerate(view.steps):
        yield from _step_lines(front, step, broken=index == broken)
    if diagnosis is not None:
        yield ""
        yield from diagnosis_lines(front, diagnosis)


def _step_lines(front: Front, step: StepView, *, broken: bool) -> Iterator[str]:
    unknown = step.state is not StepState.DECIDED
    untold = bool(step.evidence and getattr(step.evidence.facts, "untold", ""))
    mark = "?" if unknown else "✗" if broken else "?" if untold else "✓"
    yield wrap(front.text(step.ask), "  ", first=f"{mark} ")
    answer = front.told(step.reason) if unknown else front.text(step.answer or Text("", ""))
    if unknown:
        answer = f"{front.say('could not look', '확인하지 못함')}: {answer}"
    yield wrap(answer, "    ", first="  → ")
    if step.hint:
        yield wrap(f"{_hint(front)}: {front.told(step.hint)}", "    ")
    yield wrap(_origin(front, step), "    ")


def _origin(front: Front, step: StepView) -> str:
    if step.by_hand or not step.probe:
        return front.say("answered by hand", "직접 답함")
    where = front.text(called(step.target))
    if step.evidence is None:
        return f"{step.probe} @ {where}" if where else step.probe
    return f"{step.evidence.id}: {step.probe} @ {where}, {step.evidence.seconds:.1f} s"


def _hint(front: Front) -> str:
    return front.say("hint", "힌트")


def diagnosis_lines(front: Front, diagnosis: Diagnosis) -> Iterator[str]:
    verdict = front.text(VERDICTS[diagnosis.verdict])
    yield wrap(f"{verdict}: {front.text(diagnosis.text)}", "  ", first="")
    for cause in diagnosis.causes:
        yield from _cause_lines(front, cause)
    if diagnosis.runners_up:
        yield f"\n{front.say('ALSO POSSIBLE', '다른 가능성')}"
        for other in diagnosis.runners_up:
            yield wrap(f"{front.text(other.title)} ({other.id})", "    ", first="  - ")
    if diagnosis.ruled_out:
        yield f"\n{front.say('RULED OUT', '아닌 것')}"
        for entry in diagnosis.ruled_out:
            by = entry.evidence or front.say("by hand", "직접 답함")
            yield wrap(f"{front.text(entry.title)} ({by})", "    ", first="  - ")
    if diagnosis.unknown:
        yield f"\n{front.say('COULD NOT SEE', '확인하지 못한 것')}"
        for gap in diagnosis.unknown:
            where = f"{gap.probe or '-'} @ {front.text(called(gap.target)) or '-'}"
            yield wrap(f"{where}: {front.told(gap.message)}", "    ", first="  ? ")
            if gap.hint:
                yield wrap(f"{_hint(front)}: {front.told(gap.hint)}", "    ")
    for fix in (fix for cause in diagnosis.causes for fix in cause.fixes):
        yield ""
        yield from fix_lines(front, fix)


def _cause_lines(front: Front, cause: CauseView) -> Iterator[str]:
    sure = f"{cause.id}, {front.text(CONFIDENCE[cause.confidence.value])}"
    if cause.evidence:
        sure += f", {front.say('seen in', '근거')} {' '.join(cause.evidence)}"
    yield wrap(sure, "  ")
    yield f"\n{front.say('WHY', '이유')}"
    yield wrap(front.text(cause.why), "  ")
    if cause.sure is not None:
        yield f"\n{front.say('TO BE SURE', '직접 확인하려면')}"
        yield wrap(front.text(cause.sure).rstrip(), "  ", first="  ")
    yield from (wrap(front.told(reason), "    ", first="  ! ") for reason in cause.refused)


def fix_lines(front: Front, fix: FixView) -> Iterator[str]:
    kind = front.text(RISKS[fix.risk.value])
    if fix.recommended:
        kind = f"{front.say('recommended', '권장')}, {kind}"
    yield wrap(f"{front.say('FIX', '조치')} {fix.id} ({kind}): {front.text(fix.title)}", "  ", first="")
    yield wrap(front.text(fix.impact), "  ")
    if (together := sides(fix)) is not None:
        yield wrap(front.text(together), "  ")
    if fix.caution is not None:
        yield wrap(front.text(fix.caution), "    ", first="  ! ")
    if fix.unavailable:
        why = front.told(fix.unavailable)
        yield wrap(f"{front.say('cannot be offered', '제시할 수 없음')}: {why}", "    ", first="  ! ")
    for action in fix.actions:
        yield from action_lines(front, action)
    if fix.persist:
        title = front.say("to survive a reboot, with `--persist`", "재부팅 뒤에도 유지하려면 `--persist`")
        yield f"  {title}:"
        for action in fix.persist:
            yield from action_lines(front, action)


def action_lines(front: Front, action: ActionView, *, done: bool = False) -> Iterator[str]:
    place = front.say("this machine", "이 장비") if action.on == "operator" else action.on
    state = f" [{front.text(STATES[action.state])}]" if done and action.state in STATES else ""
    yield block(f"{place}:{state}", "  ")
    if action.text is not None:
        yield wrap(front.text(action.text), "    # ")
    yield block(action.run, "    ")
    if done and action.output.strip():
        said = action.output if action.exit_status is not None else front.told(action.output)
        yield block(said.rstrip(), "      | ")
    if not done:
        undo = action.undo or front.say("cannot be undone", "되돌릴 수 없음")
        yield block(f"{front.say('undo', '되돌리기')}: {undo}", "      ")
        if action.arm:
            first = front.say("first, in case this cuts the way", "길이 끊길 때를 대비해 먼저")
            yield block(f"{first}: {action.arm}", "      ")
    yield from _state_lines(front, action, done=done)


def _state_lines(front: Front, action: ActionView, *, done: bool) -> Iterator[str]:
    """What was kept of the state before; after the undo, what is other than before."""
    if action.kept and not done:
        things = ", ".join(one.what for one in action.kept)
        yield block(f"{front.say('kept as it is now', '지금 상태를 기록함')}: {things}", "      ")
    if action.not_kept and not done:
        why = front.told(action.not_kept)
        yield block(f"{front.say('its state was not kept', '상태를 기록하지 못함')}: {why}", "      ")
    if action.left:
        yield block(front.say("other than before:", "전과 다른 것:"), "      ")
        yield block("\n".join(action.left), "        ")


def repair_lines(front: Front, view: RepairView) -> Iterator[str]:
    """A repair that came to its end."""
    from diagnosis.repair import PHASES

    for action in view.fix.actions:
        yield from action_lines(front, action, done=True)
    phase = PHASES.get(view.phase)
    words = front.text(phase) if phase else view.phase
    yield wrap(
        f"{view.fix.id}: {words}" + (f": {front.told(view.message)}" if view.message else ""), "  ", first=""
    )
    if view.hint:
        yield block(f"{_hint(front)}: {front.told(view.hint)}", "  ")

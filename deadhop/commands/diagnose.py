"""deadhop diagnose: one tree walked without the app."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.text import Text, clip
from deadhop import looking
from deadhop.asking import ask_line, given_text, read_stdin
from deadhop.completing import complete
from deadhop.front import Front
from deadhop.mentioned import known_lines, known_of, learning, means_json
from deadhop.parsing import Parser
from diagnosis.views import StepState, WalkView
from knowledge.model import Verdict
from probes.target import called

if TYPE_CHECKING:
    from diagnosis.pod_look import PodLook
    from diagnosis.session import Session
    from diagnosis.walk import Walk
    from knowledge.model import Input
    from knowledge.search import Match, Results
    from sitemap.whatis import Known

EXIT = {Verdict.CAUSE: 1, Verdict.UNKNOWN: 2, Verdict.NOT_A_FAULT: 0, Verdict.NOTHING_FOUND: 0}
LIKELY, AHEAD = 55.0, 5.0
"""Of a match that no one is sure of: its least score, and its least lead over the next."""
_WORD = re.compile(r"[\w-]+")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


def arguments(parser: Parser) -> None:
    say = parser.say
    parser.add_argument(
        "text",
        nargs="+",
        metavar="SYMPTOM|TEXT|-",
        help=say(
            "a symptom's id, what you see in your words, or `-` to read it from stdin",
            "증상 id, 보이는 그대로의 글, 또는 stdin 에서 읽으려면 `-`",
        ),
    )
    looking.arguments(parser)
    looking.consent_arguments(parser)


async def run(front: Front) -> int:
    words = front.arguments.text
    text = read_stdin(front.say) if words == ["-"] else given_text(words, front.say)
    return await diagnose(front, text)


async def diagnose(front: Front, text: str) -> int:
    from diagnosis.session import open_session

    session = open_session(front.site, argv=front.argv)
    try:
        await session.ready()
        warn_of_mistakes(front, len(session.problems))
        return await _diagnose(front, session, text)
    finally:
        await session.close()


async def _diagnose(front: Front, session: Session, text: str) -> int:
    named = _named(front, session, text)
    results = session.search(text) if not named else None
    if results is not None and results.well is not None:
        return _is_well(front, results.well)
    symptom, captured = _likely(front, session, text, results) if results is not None else (named, {})
    if not symptom:
        return 2
    refuse_unknown_presets(front, session)
    looking.refuse(front, session)
    inputs = await complete(front, session, symptom, captured, text)
    session.presets = dict(front.presets)
    walk = session.walk(symptom, inputs, searched=text)
    async with learning(session) as task:
        await walk_through(front, walk)
        looks = await look_from_pods(front, session, walk)
        known = await known_of(session, task, "\n".join([text, *inputs.values()]))
    return report(front, session, walk.view, known=known, looks=looks)


def warn_of_mistakes(front: Front, count: int) -> None:
    """Files with mistakes are left out; who wrote them must hear of it."""
    if count:
        message = front.say(
            "{} mistakes in the knowledge: deadhop kb lint", "지식에 잘못된 곳 {} 개: deadhop kb lint"
        )
        front.out.talk(message.format(count))


def _is_well(front: Front, said: Text) -> int:
    """Nothing is to be looked at: the text itself shows that what it tells of works."""
    verdict = Verdict.NOTHING_FOUND
    if front.out.json:
        front.out.object("diagnosis", _without_walk(verdict) | {"text": asdict(said)})
    else:
        front.out.line(front.text(said))
    return EXIT[verdict]


# ------------------------------------------------------------------ which symptom


def choose(front: Front, session: Session, text: str) -> tuple[str, Mapping[str, str]]:
    """The symptom that is meant and what the text says of its inputs; no symptom after saying which come near."""
    named = _named(front, session, text)
    return (named, {}) if named else _likely(front, session, text, session.search(text))


def _named(front: Front, session: Session, text: str) -> str:
    """The symptom that is called by its name; empty where the text is none."""
    wanted = text.strip()
    if wanted in session.knowledge.symptoms:
        return wanted
    if not wanted:
        raise UsageError(front.say("there is no text", "글이 비어 있다"), hint="deadhop diagnose TEXT")
    if _ID.fullmatch(wanted):
        raise _unknown_symptom(front, session, wanted)
    return ""


def _likely(front: Front, session: Session, text: str, results: Results) -> tuple[str, Mapping[str, str]]:
    if results.confident and results.matches:
        best = results.matches[0]
        return best.symptom, best.inputs
    if not results.matches and _WORD.fullmatch(text.strip()):
        raise _unknown_symptom(front, session, text.strip())
    if _stands_out(results.matches, text) and not _open_inputs(front, session, results.matches[0]):
        return _assumed(front, session, results.matches)
    _say_nearest(front, session, results.matches)
    return "", {}


def _stands_out(matches: Sequence[Match], text: str) -> bool:
    """A short text with one likely meaning. Looking does no harm: taken for the wrong one, it costs seconds."""
    if not matches or text.strip().count("\n") > 2:
        return False
    second = matches[1].score if len(matches) > 1 else 0.0
    return bool(matches[0].inputs) and matches[0].score >= LIKELY and matches[0].score - second >= AHEAD


def _open_inputs(front: Front, session: Session, match: Match) -> list[Input]:
    """What neither the text nor `--set` nor a default says."""
    known = {**match.inputs, **front.presets}
    return [spec for spec in session.inputs_of(match.symptom) if not (known.get(spec.name) or spec.default)]


def _assumed(front: Front, session: Session, matches: Sequence[Match]) -> tuple[str, Mapping[str, str]]:
    best, *others = matches
    said = front.say("taken for `{}`: {}", "`{}` 증상으로 보고 진행한다: {}")
    front.out.talk(said.format(best.symptom, front.text(best.title)))
    if others:
        front.out.talk(front.say("if it is another:", "다른 증상이라면:"))
        front.out.talk("\n".join(f"  {_command(front, session, match)}" for match in others[:3]))
    return best.symptom, best.inputs


def _command(front: Front, session: Session, match: Match) -> str:
    """Ready to run, but for what nobody has said yet."""
    given = {**match.inputs, **{name: front.presets[name] for name in front.presets}}
    sets = [f"--set {shlex.quote(f'{name}={value}')}" for name, value in given.items()]
    sets += [f"--set {spec.name}={spec.kind.upper()}" for spec in _open_inputs(front, session, match)]
    site = [f"--site {shlex.quote(str(front.site))}"] if front.site else []
    return " ".join(["deadhop diagnose", match.symptom, *sets, *site])


def _unknown_symptom(front: Front, session: Session, wanted: str) -> UsageError:
    close = get_close_matches(wanted, session.knowledge.symptoms, n=1)
    hint = (
        front.say("did you mean `{}`?", "`{}` 을(를) 쓰려 했는가?").format(close[0]) if close else "deadhop kb list"
    )
    return UsageError(
        front.say("there is no symptom `{}`", "`{}` 라는 증상은 없다").format(clip(wanted, 80)), hint=hint
    )


def _say_nearest(front: Front, session: Session, matches: Iterable[Match]) -> None:
    nearest = tuple(matches)[:5]
    say = front.say
    message = say("not sure which symptom this is", "어떤 증상인지 확실하지 않다")
    hint = _command(front, session, nearest[0]) if nearest else ""
    if not nearest:
        message = say("no symptom looks like this", "이와 비슷한 증상이 없다")
        hint = say("`deadhop kb list` names what is known", "`deadhop kb list` 로 아는 증상을 본다")
    front.out.talk(
        "\n".join(
            [message, *(f"  {m.symptom}: {front.text(m.title)}" for m in nearest), f"{say('hint', '힌트')}: {hint}"]
        )
    )
    if front.out.json:
        front.out.object("diagnosis", _undecided(message, hint, nearest))


def _undecided(message: str, hint: str, nearest: tuple[Match, ...]) -> dict[str, object]:
    unknown = {"probe": "", "target": "", "reason": "no-symptom", "message": message, "hint": hint}
    return _without_walk(Verdict.UNKNOWN, unknown) | {"nearest": [match.symptom for match in nearest]}


def _without_walk(verdict: Verdict, *unknown: Mapping[str, str]) -> dict[str, object]:
    """The same keys as a diagnosis, so that programs need no other way to read it."""
    empty: dict[str, object] = {"causes": [], "ruled_out": [], "unknown": list(unknown), "evidence": []}
    return {"session": None, "verdict": verdict.value} | empty


# ------------------------------------------------------------------ its inputs


def refuse_unknown_presets(front: Front, session: Session) -> None:
    """`--set` with a name no tree asks for is a slip of the finger, and would go unnoticed."""
    names = {name for symptom in session.knowledge.symptoms.values() for name in (*symptom.inputs, *symptom.steps)}
    for name in front.presets:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = front.say("did you mean `{}`?", "`{}` 을(를) 쓰려 했는가?").format(close[0]) if close else ""
            raise UsageError(
                front.say("`--set {}`: nothing asks for this", "`--set {}`: 이런 입력이나 질문은 없다").format(
                    clip(name, 60)
                ),
                hint=hint,
            )


# ------------------------------------------------------------------ the walk


async def walk_through(front: Front, walk: Walk) -> None:
    """Walks to the end; questions go to the operator, and are skipped where there is none."""
    shown = ""
    while True:
        async for view in walk.run():
            shown = _progress(front, view, shown)
        if walk.view.diagnosis is not None:
            return
        await _answer(front, walk)


async def look_from_pods(front: Front, session: Session, walk: Walk) -> list[PodLook]:
    """Where tries wait for pods and the operator wants them: one look a step, and the walk again from there."""
    looks: list[PodLook] = []
    asked: set[str] = set()
    while looking.wanted(front) and (step := looking.step_that_wishes(walk, asked)) is not None:
        asked.add(looking.wish_of(step).text)
        look = await looking.look(front, session, looking.wish_of(step))
        looks += [look] if look else []
        if look is not None and look.view.phase != "planned":
            walk.look_again(step.key)
            await walk_through(front, walk)
    return looks


def _progress(front: Front, view: WalkView, shown: str) -> str:
    running = next((step for step in view.steps if step.state is StepState.RUNNING), None)
    if running is None or running.key == shown:
        return shown
    where = front.text(called(running.target))
    front.out.progress(f"… {front.text(running.ask)} ({running.probe} @ {where})")
    return running.key


async def _answer(front: Front, walk: Walk) -> None:
    step = next(step for step in walk.view.steps if step.state is StepState.ASKING)
    name = step.key.rpartition("/")[2]
    if not front.can_ask:
        options = "|".join(option.name for option in step.options)
        front.out.talk(f"? {front.text(step.ask)} → --set {name}={options}")
        walk.skip(step.key)
        return
    front.out.talk(front.text(step.ask))
    for number, option in enumerate(step.options, 1):
        front.out.talk(f"  {number}. {front.text(option.text)} ({option.name})")
    answer = await ask_line(front.out, front.say("number, or Enter if you do not know:", "번호 (모르면 Enter):"))
    chosen = {str(number): option.name for number, option in enumerate(step.options, 1)}
    chosen |= {option.name: option.name for option in step.options}
    if not answer:
        walk.skip(step.key)
    elif answer in chosen:
        walk.answer(step.key, chosen[answer])


def report(
    front: Front,
    session: Session,
    view: WalkView,
    *,
    next_step: bool = True,
    known: Sequence[Known] = (),
    looks: Sequence[PodLook] = (),
) -> int:
    """Prints the end of a walk; the exit code of its verdict."""
    from deadhop.showing import walk_lines
    from diagnosis.report import diagnosis_json

    assert view.diagnosis is not None
    if front.out.json:
        front.out.object("diagnosis", diagnosis_json(session.id, view) | means_json(known) | _looks_json(looks))
        return EXIT[view.diagnosis.verdict]
    for line in (*walk_lines(front, view), *known_lines(front, known)):
        front.out.line(line)
    if next_step:
        for line in _next(front, session, view):
            front.out.line(line)
    return EXIT[view.diagnosis.verdict]


def _looks_json(looks: Sequence[PodLook]) -> dict[str, object]:
    from diagnosis.pod_look import look_json

    return {"pod_looks": [look_json(look) for look in looks]} if looks else {}


def _next(front: Front, session: Session, view: WalkView) -> Iterable[str]:
    assert view.diagnosis is not None
    site = f" --site {shlex.quote(str(front.site))}" if front.site else ""
    yield f"\n{front.say('NEXT', '다음')}"
    causes = view.diagnosis.causes
    if causes and any(not fix.unavailable for fix in causes[0].fixes):
        yield f"  deadhop fix {session.id} --cause {view.diagnosis.causes[0].id}{site}"
    yield f"  deadhop export {session.id}"

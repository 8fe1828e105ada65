"""A plan as a POSIX shell script: for those who may not run tools on production, and for those who read first."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from base.text import Lang, Text, inert
from diagnosis.fixes import SUDO, refuse_blacked_out
from diagnosis.looks import Look, first_looks
from diagnosis.switch import LOOK_FOR_TOOLS, may_cut, seconds_for, switch_for
from diagnosis.views import ActionView, CauseView, FixView
from knowledge.cel import EvaluationError
from knowledge.model import ProbeUse, Risk
from knowledge.render import readable
from probes.probe import PROBES, checked_call
from probes.site import OPERATOR, Site
from probes.target import name_of

if TYPE_CHECKING:
    from diagnosis.session import Session


async def plan_script(session: Session, cause: CauseView, plan: FixView, lang: Lang) -> str:
    """The script's text. It holds the commands of the plan byte for byte, in its order, with `unless`, and undoes
    last first. What verifies is shown as commands where a probe begins with some; it never claims a verdict."""
    refuse_blacked_out(text for action in (*plan.actions, *plan.persist) for text in (action.run, action.undo))
    known = session.knowledge.causes[cause.id]
    fix = next(fix for fix in known.fixes if fix.id == plan.id)
    scope = readable(known, cause.values)
    before = await _commands(session, fix.precondition, scope)
    after = await _commands(session, fix.verify, scope)
    hosts = [*(action.on for action in (*plan.actions, *plan.persist)), *(look.on for look in (*before, *after))]
    parts = [
        *_head(session, cause, plan, lang),
        *_words(lang),
        *_numbers(cause, plan),
        *_ways(session.site, hosts),
        *_steps(plan, session.id, lang),
        *_looks("look_before", fix.precondition, before, lang),
        *_looks("look_after", fix.verify, after, lang),
        (files("diagnosis") / "plan_template.sh").read_text(encoding="utf-8").rstrip("\n"),
    ]
    return "\n".join(parts) + "\n"


def _head(session: Session, cause: CauseView, plan: FixView, lang: Lang) -> Iterator[str]:
    yield "#!/bin/sh"
    told = [plan.title[lang], f"fix {plan.id}, cause {cause.id}, session {session.id}", plan.impact[lang]]
    told += [f"! {plan.caution[lang]}"] if plan.caution else []
    told.append(_HOW[lang])
    yield from _comment("\n".join(told))
    yield "# shellcheck disable=SC2016 # what is quoted is for the machines"


_HOW = Text(
    "\n"
    "  sh FILE check      what would be done, and what is done already; changes nothing\n"
    "  sh FILE apply      asks, then runs the steps in order and stops at the first that fails\n"
    "  sh FILE verify     looks whether it worked; you judge\n"
    "  sh FILE undo       takes back what `apply` and `persist` did, last first (--all: every step)\n"
    "  sh FILE persist    makes it survive a reboot\n"
    "--yes does not ask. What was done is kept in FILE.done.",
    "\n"
    "  sh FILE check      무엇을 할지, 이미 된 것은 무엇인지 보여 준다. 아무것도 바꾸지 않는다\n"
    "  sh FILE apply      확인을 받고 순서대로 실행하며, 실패하면 거기서 멈춘다\n"
    "  sh FILE verify     고쳐졌는지 볼 명령을 실행한다. 판단은 사람이 한다\n"
    "  sh FILE undo       `apply` 와 `persist` 가 한 일을 나중 것부터 되돌린다 (--all: 모든 단계)\n"
    "  sh FILE persist    재부팅 뒤에도 유지되게 한다\n"
    "--yes 를 주면 묻지 않는다. 한 일은 FILE.done 에 적힌다.",
)


def _quote(text: str) -> str:
    """One word of a shell, as `shlex.quote` but with quotes that a person can read."""
    return "'" + text.replace("'", "'\\''") + "'"


def _comment(text: str) -> Iterator[str]:
    """Each line of it: what comes from outside must not get out of a comment."""
    yield from (f"# {line}".rstrip() for line in inert(text).split("\n"))


# ------------------------------------------------------------------ the plan as data


def _words(lang: Lang) -> Iterator[str]:
    yield from (f"say_{name}={_quote(text[lang])}" for name, text in _SAID.items())


def _numbers(cause: CauseView, plan: FixView) -> Iterator[str]:
    count = len(plan.actions)
    total = count + len(plan.persist)
    yield f"steps={_quoted(range(1, count + 1))} lasting={_quoted(range(count + 1, total + 1))}"
    yield f"backwards={_quoted(range(total, 0, -1))}"
    lost = plan.loses or (name_of(cause.targets[0]) if cause.targets else plan.actions[0].on)
    yield f"word={_quote({Risk.REVERSIBLE: 'y', Risk.DISRUPTIVE: 'yes'}.get(plan.risk, lost))}"


def _quoted(numbers: Sequence[int]) -> str:
    return _quote(" ".join(map(str, numbers)))


def _ways(site: Site, hosts: Sequence[str]) -> Iterator[str]:
    """Which SSH configuration names a host; none where it is the user's own."""
    yield "way_to() { # HOST"
    yield "  case $1 in"
    for host in dict.fromkeys(hosts):
        if host != OPERATOR and (config := config_of(site, host)):
            yield f"  {_quote(host)}) printf %s {_quote(str(config))} ;;"
    yield "  esac"
    yield "}"


def config_of(site: Site, host: str) -> Path | None:
    """The SSH configuration that a plain `ssh` does not read and that names this host."""
    from probes.ssh_config import default_config, hosts_of

    own = [file for file in site.ssh_config if file != default_config()]
    naming = (file for file in own if any(known.name == host for known in hosts_of(file)))
    return next(naming, own[0] if own else None)


def _steps(plan: FixView, session: str, lang: Lang) -> Iterator[str]:
    yield f"look_for_tools={_quote(LOOK_FOR_TOOLS)}"
    for number, action in enumerate((*plan.actions, *plan.persist), 1):
        cuts = bool(action.on != OPERATOR and action.undo and may_cut(action.run))
        yield from _step(number, action, cuts, lang)
        if cuts:
            yield from _switch(number, action, f"{session}-script-{number}")


def _step(number: int, action: ActionView, cuts: bool, lang: Lang) -> Iterator[str]:
    yield f"step_{number}() {{"
    if action.text is not None:
        yield from (f"  {line}" for line in _comment(action.text[lang]))
    yield f"  place={_quote(action.on)}"
    yield f"  run={_quote(action.run)}"
    yield f"  undo={_quote(action.undo)}"
    yield f"  unless={_quote(action.unless)}"
    yield f"  cuts={'yes' if cuts else 'no'}"
    yield "}"


def _switch(number: int, action: ActionView, token: str) -> Iterator[str]:
    """The dead man's switch, in the words of whatever the host has."""
    yield f"switch_{number}() {{ # WAY"
    yield "  case $1 in"
    for way, pattern in (("systemd", "systemd"), ("at", "at"), ("shell", "*")):
        switch = switch_for(
            way, token, action.undo, root=not action.run.startswith(SUDO), seconds=seconds_for(action.timeout)
        )
        yield f"  {pattern}) arm={_quote(switch.arm)} disarm={_quote(switch.disarm)} ;;"
    yield "  esac"
    yield "}"


# ------------------------------------------------------------------ looking


def _looks(name: str, use: ProbeUse | None, looks: tuple[Look, ...], lang: Lang) -> tuple[str, ...]:
    if use is None:
        return (f"{name}() {{", "  :", "}")
    lines = [f"  say {_quote(_INTRO[name][lang])}"]
    for look in looks:
        lines += [f"  place={_quote(look.on)}", f"  run={_quote(look.run)}", '  show "?" "$run"']
        lines.append('  heard "$run"')
        lines.append('  say "  $say_status $status"')
    lines += [f"  say {_quote(line)}" for line in _reading(use, looks, lang)]
    return (f"{name}() {{", *lines, "}")


async def _commands(session: Session, use: ProbeUse | None, scope: dict[str, object]) -> tuple[Look, ...]:
    if use is None:
        return ()
    try:
        host = str(use.on.evaluate(scope))
        arguments = {key: argument.evaluate(scope) for key, argument in use.arguments.items()}
    except EvaluationError:
        return ()
    call = checked_call(use.probe, host, arguments)
    return await first_looks(call, session.site, session, lambda name: login(session.site, name))


def login(site: Site, host: str) -> str:
    """The command that logs in to a host and leaves again."""
    config = config_of(site, host)
    way = ["-F", str(config)] if config else []
    return shlex.join(["ssh", *way, "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "--", host, "true"])


def _reading(use: ProbeUse, looks: tuple[Look, ...], lang: Lang) -> Iterator[str]:
    if not looks:
        yield _UNSEEN[lang].format(probe=use.probe)
    elif any(look.login for look in looks):
        yield _LOGIN[lang]
    yield _WANTS[lang].format(probe=use.probe, asks=PROBES[use.probe].summary)
    yield f"    {inert(use.when.source)}"
    if use.text is not None:
        yield f"    {inert(use.text[lang])}"
    yield _JUDGE[lang]


_INTRO = {
    "look_before": Text("is the fault still there?", "장애가 아직 그대로인가?"),
    "look_after": Text("did it work?", "고쳐졌는가?"),
}
_UNSEEN = Text(
    "{probe} does not begin with a command: look with deadhop",
    "{probe} 은(는) 명령으로 볼 수 없다. deadhop 으로 확인한다",
)
_LOGIN = Text("a login that ends with status 0 has worked", "로그인이 상태 0 으로 끝나면 된 것이다")
_WANTS = Text(
    "deadhop reads the answers as {probe} ({asks}) and wants:",
    "deadhop 은 이 결과를 {probe} 로 읽고({asks}) 다음을 확인한다:",
)
_JUDGE = Text("this script does not judge: you do", "이 스크립트는 판단하지 않는다. 판단은 사람이 한다")
_SAID = {
    "error": Text("error", "오류"),
    "hint": Text("hint", "힌트"),
    "here": Text("this machine", "이 장비"),
    "done_already": Text("done already: skipped", "이미 되어 있음: 건너뜀"),
    "to_be_done": Text("to be done", "해야 함"),
    "cannot_tell": Text(
        "to be done (nothing tells beforehand whether it is done)", "해야 함 (이미 되었는지 미리 알 수 없음)"
    ),
    "no_way": Text("ssh does not get in to", "ssh 로 들어갈 수 없다:"),
    "nobody": Text("there is no terminal to confirm this on", "확인을 받을 터미널이 없다"),
    "type": Text("to run this, type", "실행하려면 입력:"),
    "nothing_done": Text("nothing was done", "아무것도 하지 않았다"),
    "begun": Text(
        "this step was begun and did not end: look, or undo it first",
        "시작했으나 끝나지 않은 단계다. 확인하거나 먼저 되돌려야 한다",
    ),
    "failed": Text("this step failed, nothing more is run", "이 단계가 실패하여 더 실행하지 않는다"),
    "take_back": Text("to take back what was done", "한 일을 되돌리려면"),
    "armed": Text(
        "this could cut the way: told to take it back by itself if nobody comes back",
        "접속이 끊길 수 있다. 다시 접속하지 못하면 장비가 스스로 되돌리도록 걸어 둔다",
    ),
    "not_armed": Text(
        "it would not take the step back by itself: not run", "스스로 되돌리게 할 수 없어 실행하지 않는다"
    ),
    "cut": Text(
        "it takes the step back by itself, for nobody gets in to", "들어갈 수 없으니 장비가 스스로 되돌린다:"
    ),
    "no_undo": Text("cannot be undone", "되돌릴 수 없음"),
    "not_undone": Text("not undone", "되돌리지 못함"),
    "by_hand": Text("by hand on", "직접 해야 할 장비와 명령:"),
    "as_a_file": Text("keep this script as a file", "이 스크립트를 파일로 저장해서 실행해야 한다"),
    "unknown": Text("unknown option", "모르는 옵션:"),
    "applied": Text("applied; to look whether it works", "적용함. 고쳐졌는지 보려면"),
    "nothing_lasts": Text(
        "this fix has no part that survives a reboot", "이 조치에는 재부팅 뒤에도 유지하는 단계가 없다"
    ),
    "no_record": Text("nothing is recorded as done, there is no", "한 일의 기록이 없다:"),
    "status": Text("ended with status", "종료 상태"),
}

"""What a tree must know before it is walked: from `--set`, from the text, by default, or by asking."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.text import clip
from deadhop.asking import ask_line
from deadhop.front import Front
from diagnosis.inputs import choices, refuse_none
from knowledge.model import HERE
from knowledge.paste import clean
from probes.site import OPERATOR

if TYPE_CHECKING:
    from diagnosis.session import Session
    from knowledge.model import Input


async def complete(
    front: Front, session: Session, symptom: str, captured: Mapping[str, str], text: str = ""
) -> dict[str, str]:
    """All inputs: from `--set`, from the text, by default, by asking. UsageError names all that are missing."""
    wanted = session.inputs_of(symptom)
    inputs = {spec.name: front.presets.get(spec.name) or captured.get(spec.name) or spec.default for spec in wanted}
    here = [spec for spec in wanted if not inputs[spec.name] and spec.paste == HERE]
    if here and not front.can_ask and not names_another(text):
        inputs |= _here(front, here)
    missing = [spec for spec in wanted if not inputs[spec.name]]
    for spec in missing:
        refuse_none(spec.kind, session.site)
    if missing and not front.can_ask:
        raise _missing(front, session, symptom, missing)
    for spec in missing:
        inputs[spec.name] = await _ask_input(front, session, spec)
    return inputs


def names_another(text: str) -> bool:
    """A prompt or log line in it is of a machine other than this one."""
    paste = clean(text)
    named = {*(prompt.host for prompt in paste.prompts), *paste.log_hosts} - {""}
    return bool({name.partition(".")[0] for name in named} - {socket.gethostname().partition(".")[0]})


def _here(front: Front, specs: list[Input]) -> dict[str, str]:
    """`ping web1 | deadhop diagnose -`: what no prompt says was seen here."""
    for spec in specs:
        said = front.say(
            "{0}: this machine, for the text does not say which (another: `--set {0}=HOST`)",
            "{0}: 글에 장비가 나와 있지 않아 이 장비로 본다(다른 장비라면 `--set {0}=HOST`)",
        )
        front.out.talk(said.format(spec.name))
    return {spec.name: OPERATOR for spec in specs}


def _missing(front: Front, session: Session, symptom: str, missing: list[Input]) -> UsageError:
    say = front.say
    lines = [f"  {spec.name}: {front.text(spec.ask)}" for spec in missing]
    head = say("`{}` must know more:", "`{}` 진단에 더 필요한 것:").format(symptom)
    example = " ".join(f"--set {spec.name}={_example(spec, session)}" for spec in missing)
    return UsageError("\n".join([head, *lines]), hint=example)


def _example(spec: Input, session: Session) -> str:
    names = choices(spec.kind, session.site)
    return clip("|".join(names), 400) or spec.kind.upper()


async def _ask_input(front: Front, session: Session, spec: Input) -> str:
    site = session.site
    names = " ".join(site.by_name if spec.kind == "host" else choices(spec.kind, site))
    if names:
        front.out.talk(clip(names, 400))
    return await ask_line(front.out, f"{front.text(spec.ask)} ({spec.name})")

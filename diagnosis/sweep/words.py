"""A sweep's findings in words: where, seen by what, and what follows from them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from base.text import Lang, Text
from diagnosis.sweep.differing import differs, placed
from probes.target import called

if TYPE_CHECKING:
    from diagnosis.sweep.views import Finding, LeftOut, OpenEnd, Reference

SHOWN = 3
"""Of a long list, the first ones; JSON holds all."""
CUT = {
    "deadline": Text("the deadline passed: this is partial", "제한 시간이 지났다. 여기까지의 결과다"),
    "interrupted": Text("interrupted: this is partial", "중단했다. 여기까지의 결과다"),
}
_MORE = Text("and {} more", "외 {} 건")


def named(finding: Finding, lang: Lang) -> str:
    """Its title and where."""
    cause = finding.cause
    return f"{cause.title[lang]} ({places(cause.targets, lang)})" if cause.targets else cause.title[lang]


def places(targets: Sequence[str], lang: Lang) -> str:
    return ", ".join(_first([called(target)[lang] for target in targets], lang))


def seen_by(finding: Finding, lang: Lang) -> str:
    said = [f"{one.symptom} {_inputs(one.inputs)}".rstrip() for one in finding.witnesses]
    return "; ".join(_first(said, lang))


def follows(finding: Finding, lang: Lang) -> str:
    """What it explains; empty where that is nothing."""
    causes = [referred(one, lang) for one in finding.explains]
    return ", ".join([*causes, *(f"{one.symptom} × {one.count}" for one in finding.symptoms)])


def changed_by(finding: Finding, lang: Lang) -> list[str]:
    """What has changed since the baseline; with its place where that is another one than the finding's."""
    own = finding.cause.targets
    return [(differs if one.place in own else placed)(one)[lang] for one in finding.changed]


def referred(one: Reference, lang: Lang) -> str:
    return f"{one.id} ({called(one.target)[lang]})" if one.target else one.id


def end_of(end: OpenEnd, lang: Lang) -> str:
    """The symptom, and from where to where."""
    return f"{end.symptom}: {'; '.join(_first([_inputs(inputs) for inputs in end.inputs], lang))}"


def left_out_lines(one: LeftOut, lang: Lang) -> list[str]:
    """What was not looked at, and the command that looks at the first of them."""
    said = [" ".join(str(value) for value in inputs.values()) for inputs in one.inputs]
    more = [_MORE[lang].format(one.count - SHOWN)] if one.count > SHOWN else []
    sets = " ".join(f"--set {shlex.quote(f'{name}={value}')}" for name, value in one.inputs[0].items())
    return [f"{one.symptom}: {'; '.join([*said[:SHOWN], *more])}", f"deadhop diagnose {one.symptom} {sets}"]


def _inputs(inputs: Mapping[str, object]) -> str:
    return " → ".join(str(value) for value in inputs.values())


def _first(said: Sequence[str], lang: Lang) -> list[str]:
    more = [_MORE[lang].format(len(said) - SHOWN)] if len(said) > SHOWN else []
    return [*said[:SHOWN], *more]

"""A sweep's findings in words: where, seen by what, and what follows from them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from base.text import Lang, Text
from diagnosis.sweep.differing import differs, placed
from probes.target import called

if TYPE_CHECKING:
    from diagnosis.sweep.views import Finding, LeftOut, OpenEnd, Reference, SweptOut

SHOWN = 3
"""Of a long list, the first ones; JSON holds all."""
CUT = {
    "deadline": Text("the deadline passed: this is partial", "제한 시간이 지났다. 여기까지의 결과다"),
    "interrupted": Text("interrupted: this is partial", "중단했다. 여기까지의 결과다"),
}
LAYERS = {
    "host": Text("machines and network", "장비와 네트워크"),
    "cluster": Text("Kubernetes", "Kubernetes"),
    "cloud": Text("OpenStack", "OpenStack"),
}
FIXES_LATER = Text(
    "it was ended before the fixes of this cause were worked out",
    "이 원인의 조치를 준비하기 전에 끝났다",
)
LOOK_AGAIN = Text(
    "look again, or `deadhop fix latest --cause …` works them out",
    "다시 보거나 `deadhop fix latest --cause …` 를 쓰면 준비한다",
)
IN_THIS_CASE = Text("in this case", "이번 경우")
_MORE = Text("and {} more", "외 {}건")


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
    name = one.title[lang] if one.title else one.id
    return f"{name} ({called(one.target)[lang]})" if one.target else name


def by_layer(ruled_out: Sequence[SweptOut], lang: Lang) -> dict[str, list[SweptOut]]:
    """What it is not, each layer by its name, and in it first what most trees ruled out."""
    layers: dict[str, list[SweptOut]] = {}
    for one in sorted(ruled_out, key=lambda one: -one.trees):
        layers.setdefault(one.layer, []).append(one)
    known = list(LAYERS)
    order = sorted(layers, key=lambda layer: (known.index(layer) if layer in known else len(known), layer))
    return {(LAYERS[layer][lang] if layer in LAYERS else layer): layers[layer] for layer in order}


def end_of(end: OpenEnd, lang: Lang) -> str:
    """The symptom, and from where to where."""
    return f"{end.symptom}: {'; '.join(_first([_inputs(inputs) for inputs in end.inputs], lang))}"


def left_out_lines(one: LeftOut, lang: Lang) -> list[str]:
    """What was not looked at, and the command that looks at the first of them."""
    said = [" ".join(str(value) for value in inputs.values()) for inputs in one.inputs]
    more = [_MORE[lang].format(one.count - SHOWN)] if one.count > SHOWN else []
    sets = [f"--set {shlex.quote(f'{name}={value}')}" for name, value in one.inputs[0].items()]
    what = "; ".join([*filter(None, said[:SHOWN]), *more])
    return [f"{one.symptom}: {what}" if what else one.symptom, " ".join(["deadhop diagnose", one.symptom, *sets])]


def _inputs(inputs: Mapping[str, object]) -> str:
    return " → ".join(str(value) for value in inputs.values())


def _first(said: Sequence[str], lang: Lang) -> list[str]:
    more = [_MORE[lang].format(len(said) - SHOWN)] if len(said) > SHOWN else []
    return [*said[:SHOWN], *more]

"""No tree ends at "API unreachable": one that cannot ask a cluster or a cloud goes on with why it is silent."""

from __future__ import annotations

import pytest

from diagnosis.catalog import catalog
from knowledge.load import load, shipped
from knowledge.model import Destination, EndRef, Goto, Jump, Step, Symptom, Verdict

SHIPPED = load([shipped()], catalog()).knowledge
API = {"cluster": "kubernetes-api-does-not-answer", "cloud": "openstack-api-does-not-answer"}
REACH = frozenset({"k8s.reach", "cloud.reach"})
"""They follow the way to the API, so they answer where it is down."""


def _world(symptom: Symptom, step: Step) -> str:
    """The kind of the input that the step's probe is on."""
    one = symptom.inputs.get(step.on.source.strip()) if step.on else None
    return one.kind if one and one.kind in API else ""


def _asking() -> list[str]:
    """Symptoms whose first look is at a cluster or a cloud."""
    symptoms = (one for one in SHIPPED.symptoms.values() if one.id not in API.values())
    return sorted(one.id for one in symptoms if _world(one, one.steps[one.first]))


def _leads(symptom: Symptom, destination: Destination, api: str) -> bool:
    """Whether every way that is open while the API is down leads there."""
    match destination:
        case Jump(there):
            return there == api
        case Goto(name):
            return all(_leads(symptom, one, api) for one in _ways(symptom, symptom.steps[name]))
        case _:
            return False


def _ways(symptom: Symptom, step: Step) -> list[Destination]:
    """A probe that needs the API answers nothing; one of a machine answers nothing, or that all is well there."""
    last = step.branches[-1].destination
    if step.probe in REACH:
        return [one.destination for one in step.branches if isinstance(one.destination, Jump)] or [last]
    return [step.unknown] if _world(symptom, step) or _is_answer(symptom, last) else [last, step.unknown]


def _is_answer(symptom: Symptom, destination: Destination) -> bool:
    """The machine itself shows that there is nothing of this symptom."""
    return isinstance(destination, EndRef) and symptom.ends[destination.end].verdict is Verdict.NOTHING_FOUND


@pytest.mark.parametrize("name", _asking())
def test_a_tree_that_cannot_ask_goes_on_with_why(name: str) -> None:
    symptom = SHIPPED.symptoms[name]
    first = symptom.steps[symptom.first]
    assert _leads(symptom, first.unknown, API[_world(symptom, first)])


MACHINE_FIRST = ("pods-across-servers-dropped",)
"""Their first look is at a machine; whichever of their questions comes first to an API leads on as well."""


def _later() -> list[tuple[str, str]]:
    return [
        (name, step)
        for name in MACHINE_FIRST
        for step, one in SHIPPED.symptoms[name].steps.items()
        if _world(SHIPPED.symptoms[name], one) and one.probe not in REACH
    ]


@pytest.mark.parametrize(("name", "step"), _later())
def test_a_tree_that_asks_machines_first_goes_on_with_why_too(name: str, step: str) -> None:
    symptom = SHIPPED.symptoms[name]
    one = symptom.steps[step]
    assert _leads(symptom, one.unknown, API[_world(symptom, one)])

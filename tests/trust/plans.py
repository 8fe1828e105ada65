"""Every fix of the shipped knowledge, on values of its cases and on values that need quoting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from base.values import Value, check
from diagnosis.catalog import catalog
from diagnosis.fixes import _plan
from diagnosis.views import FixView
from knowledge.case_facts import answer_of, inputs_of
from knowledge.load import load, shipped
from knowledge.model import Cause, Fix, Knowledge, Symptom
from knowledge.notes import Notes
from knowledge.positions import read_document
from knowledge.schema import CaseSchema
from knowledge.tree import Answer, Found, evaluate, key_of
from probes.clients import PROGRAMS, Client

NASTY = (
    "a b",
    "it's",
    'say "x"',
    "$HOME $(id) `id`",
    "한글; rm -rf /",
    "\\",
    "*",
    "-e",
    "#x",
    "a&&b|c>d<e",
    "!!",
    "{{ x }}",
)
PLAIN: dict[str, object] = {
    "address": "2001:db8::7",
    "cidr": "192.168.100.0/24",
    "destination": "default",
    "host": "web-1.example",
    "interface": "br-ex.100",
    "name": "LIBVIRT_FWI",
    "fingerprint": "SHA256:jUfO3MLNacsHYB/6mijzhVWne5I3z+TQOBuNCq0gGHo",
    "sysctl": "net.ipv4.ip_forward",
    "unit": "ssh@a\\x2d1.service",
    "public-key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOJ2toUCw+4QxgqUoQxd8WXoTYTTKaa",
    "port": 22,
    "count": 3,
    "yes-no": True,
    "cluster": "kubernetes-admin@kubernetes",
    "cloud": "prod",
    "k8s-name": "web-7d4b.example",
    "uuid": "6f1e0b3c-2a4d-4c5e-9f60-718293a4b5c6",
}


@dataclass(frozen=True)
class Places:
    """Logins that are all root or none is; clients that are on a control node."""

    root: bool

    async def is_root(self, host: str) -> bool:
        return self.root

    async def client(self, target: str) -> Client:
        world, _, name = target.partition(":")
        return Client("controller", ("env", "X=/a b", PROGRAMS[world], f"--at={name}"), sudo=True)


@dataclass(frozen=True)
class Case:
    """One fix on one set of values."""

    name: str
    cause: Cause
    fix: Fix
    values: dict[str, Value]

    async def plan(self, *, root: bool) -> FixView:
        return await _plan(self.fix, self.values, Places(root))


def knowledge() -> Knowledge:
    return load((shipped(),), catalog()).knowledge


def made_up(known: Knowledge) -> Iterator[Case]:
    """All fixes on values of every kind: nasty ones where the kind lets them in."""
    for cause in known.causes.values():
        for fix in cause.fixes:
            for nasty in NASTY if _takes_anything(cause) else ("",):
                values = {name: check(spec.kind, _value(spec.kind, nasty)) for name, spec in cause.values.items()}
                yield Case(f"{cause.id}/{fix.id} {nasty}", cause, fix, values)


def _takes_anything(cause: Cause) -> bool:
    return any(spec.kind.removesuffix("[]") in ("path", "line", "words") for spec in cause.values.values())


def _value(kind: str, nasty: str) -> object:
    if kind.endswith("[]"):
        return [_value(kind[:-2], nasty), _value(kind[:-2], nasty)]
    nasties = {"words": ["-m", nasty, "-j", "DROP"], "path": f"/etc/{nasty}", "line": nasty}
    return nasties[kind] if kind in nasties else PLAIN[kind]


def of_cases(known: Knowledge) -> Iterator[Case]:
    """Every fix that a case of the knowledge leads to, on the case's own values."""
    for symptom in known.symptoms.values():
        path = Path(symptom.place.file).with_suffix(".cases.yaml")
        document, _ = read_document(path)
        assert document is not None
        assert isinstance(document.plain, list)
        for index, plain in enumerate(document.plain):
            notes = Notes(document)
            found = _conclusion(known, symptom, CaseSchema.model_validate(plain), notes, index)
            if isinstance(found, Found):
                cause = known.causes[found.cause]
                for fix in cause.fixes:
                    yield Case(f"{symptom.id}: {plain['name']}: {fix.id}", cause, fix, dict(found.values))


def _conclusion(known: Knowledge, symptom: Symptom, case: CaseSchema, notes: Notes, index: int) -> object:
    inputs = inputs_of(notes, (index, "inputs"), case.inputs, symptom)
    answers: dict[str, Answer] = {}
    for name, plain in case.facts.items():
        key = name if "/" in name else key_of(symptom.id, name)
        owner, _, step = key.partition("/")
        answers[key] = answer_of(notes, (index, "facts", name), plain, known.symptoms[owner].steps[step], catalog())
    assert not notes.problems
    return evaluate(known, symptom.id, inputs, answers, case.hosts).conclusion


def identity(plan: FixView) -> str:
    """Equal for equal commands."""
    return json.dumps([[a.on, a.run, a.undo, a.unless] for a in (*plan.actions, *plan.persist)])

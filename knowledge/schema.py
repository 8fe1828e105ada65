"""What an author may write: the YAML of symptoms, causes and cases, before any meaning is checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Cel = Annotated[
    str, StringConstraints(min_length=1), WithJsonSchema({"type": ["string", "integer", "number", "boolean"]})
]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Command = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TextSchema(Strict):
    """One text in both languages."""

    en: Sentence
    ko: Sentence


class PhrasesSchema(Strict):
    en: list[Sentence] = Field(min_length=1)
    ko: list[Sentence] = Field(min_length=1)


# ------------------------------------------------------------------ symptoms


class InputSchema(Strict):
    kind: str = Field(alias="is")
    ask: TextSchema
    each: Literal[
        "",
        "site.hosts",
        "site.addresses",
        "site.clusters",
        "site.clouds",
        "cluster.nodes-in-trouble",
        "cluster.nodes-without-range",
        "cluster.waiting-pods",
        "cluster.waiting-pods.namespace",
        "cluster.services",
        "cloud.failed-servers",
    ] = ""
    paste: Literal["", "prompt-host", "prompt-host-or-here", "prompt-user"] = ""
    default: str = ""


class DestinationSchema(Strict):
    """Exactly one of go, cause, symptom, end, conclude."""

    go: str = ""
    cause: str = ""
    values: dict[str, Cel] = Field(default={}, alias="set")
    symptom: str = ""
    inputs: dict[str, Cel] = Field(default={}, alias="with")
    end: str = ""
    conclude: str = ""


class BranchSchema(DestinationSchema):
    when: Cel = ""
    says: TextSchema | None = None
    rules_out: bool = True


class StepSchema(Strict):
    ask: TextSchema
    probe: str = ""
    on: Cel = ""
    arguments: dict[str, Cel] = Field(default={}, alias="with")
    fresh: bool = False
    options: dict[VariableName, TextSchema] = {}
    branches: list[BranchSchema] = Field(min_length=1)
    unknown: DestinationSchema


class EndSchema(Strict):
    verdict: Literal["nothing-found", "not-a-fault", "unknown"]
    text: TextSchema
    absent: bool = False


class SymptomSchema(Strict):
    id: Id
    title: TextSchema
    phrases: PhrasesSchema
    signatures: list[str] = []
    inputs: dict[VariableName, InputSchema] = {}
    steps: dict[VariableName, StepSchema] = Field(min_length=1)
    ends: dict[Id, EndSchema] = {}
    swept_by: Id | Literal[""] = ""


# ------------------------------------------------------------------ causes


class ValueSchema(Strict):
    kind: str = Field(alias="is")
    text: TextSchema | None = None
    optional: bool = False


def _short_value(value: object) -> object:
    return {"is": value} if isinstance(value, str) else value


ValueOrKind = Annotated[ValueSchema, BeforeValidator(_short_value, json_schema_input_type=str | ValueSchema)]


class LookSchema(Strict):
    probe: str
    on: Cel
    arguments: dict[str, Cel] = Field(default={}, alias="with")
    when: Cel
    text: TextSchema | None = None


class VerifySchema(LookSchema):
    attempts: int = Field(default=1, ge=1, le=60)
    wait: float = Field(default=1.0, ge=0, le=60)


class FileSchema(Strict):
    """A file of its own (`drop_in`, `lines`), an option of an ini file (`ini`, `section`, `key`, `value`), or a
    value of a YAML file (`yaml`, `place`, `value`)."""

    drop_in: str = ""
    lines: list[Sentence] = []
    ini: str = ""
    section: str = ""
    key: str = ""
    value: str | None = None
    yaml: str = ""
    place: str = ""


class StateSchema(Strict):
    """What the action changes, where its command does not say it: a probe that gives `State`."""

    probe: str
    on: Cel = ""
    arguments: dict[str, Cel] = Field(default={}, alias="with")


class ActionSchema(Strict):
    on: Cel
    sudo: bool = False
    run: Command | None = None
    file: FileSchema | None = None
    state: StateSchema | None = None
    undo: Command | None = None
    unless: Command | None = None
    each: str = ""
    text: TextSchema | None = None
    timeout: float = Field(default=30.0, gt=0, le=3600)


class FixSchema(Strict):
    id: Id
    title: TextSchema
    recommended: bool = False
    risk: Literal["reversible", "disruptive", "destructive"]
    impact: TextSchema
    caution: TextSchema | None = None
    when: Cel = ""
    precondition: LookSchema | None = None
    actions: list[ActionSchema] = Field(min_length=1)
    irreversible: bool = False
    loses: str = ""
    together: bool = False
    persist: list[ActionSchema] = []
    verify: VerifySchema


class ExplainsSchema(Strict):
    """What follows from the cause, where both are found and touch."""

    causes: list[Id] = []
    symptoms: list[Id] = []


SettingKind = Literal[
    "sysctl", "route", "learned-route", "policy-rule", "firewall", "link", "address", "package", "unit", "bridge",
    "swap", "kernel", "node", "security-group",
]  # fmt: skip
"""Of what a baseline holds."""


class CauseSchema(Strict):
    id: Id
    title: TextSchema
    why: TextSchema
    sure: TextSchema | None = None
    target: str = "host"
    values: dict[VariableName, ValueOrKind] = {}
    subject: list[VariableName] = []
    crowd: list[VariableName] = []
    explains: ExplainsSchema = ExplainsSchema()
    may_be_meant: bool = False
    differs: list[SettingKind] = []
    fixes: list[FixSchema] = []
    references: list[Sentence] = []


# ------------------------------------------------------------------ cases


class ExpectSchema(Strict):
    cause: str = ""
    end: str = ""
    values: dict[VariableName, Any] = {}
    path: list[str] = []
    commands: dict[str, list[str]] = {}
    undo: dict[str, list[str]] = {}
    ruled_out: list[str] = []
    not_ruled_out: list[str] = []
    refused: list[VariableName] = []
    unavailable: list[str] = []


class CaseSchema(Strict):
    """One walk: facts in, path and conclusion out."""

    name: Sentence
    inputs: dict[str, Any] = {}
    hosts: dict[str, str] = {}
    facts: dict[str, Any] = {}
    expect: ExpectSchema


def json_schema(kind: str) -> dict[str, Any]:
    """JSON Schema for editors. `kind`: symptom, cause, or case (one entry of a cases file)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_SCHEMAS[kind].model_json_schema(by_alias=True),
    }


_SCHEMAS: dict[str, type[BaseModel]] = {"symptom": SymptomSchema, "cause": CauseSchema, "case": CaseSchema}

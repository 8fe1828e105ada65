"""What `deadhop kb new` writes has no mistakes and all its branches reached; schemas for editors accept it."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from diagnosis.catalog import catalog
from knowledge.cases import run_cases
from knowledge.load import shipped
from knowledge.scaffold import new_cases, new_cause, new_symptom
from knowledge.schema import json_schema
from tests.knowledge.authoring import CASES, CAUSE, SYMPTOM, loaded


def test_a_new_symptom_is_whole(tmp_path: Path) -> None:
    for path, text in (
        ("symptoms/host/my-outage.yaml", new_symptom("my-outage")),
        ("symptoms/host/my-outage.cases.yaml", new_cases("my-outage")),
        ("causes/host/my-outage-cause.yaml", new_cause("my-outage")),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    found = loaded(tmp_path)
    assert found.problems == ()
    report = run_cases(found.knowledge, catalog(), [tmp_path])
    assert report.problems == ()
    assert report.reached == report.branches == 4


class _Yaml12(yaml.SafeLoader):
    """As editors read it: only true and false are booleans, `on` and `off` are text."""


_Yaml12.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Yaml12.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


@pytest.mark.parametrize(
    ("kind", "text"),
    [("symptom", SYMPTOM), ("cause", CAUSE), ("symptom", new_symptom("a")), ("cause", new_cause("a"))],
)
def test_schemas_accept_what_loads(kind: str, text: str) -> None:
    document = yaml.load(text, _Yaml12)
    jsonschema.validate(document, json_schema(kind))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "frases": 1}, json_schema(kind))


def test_the_schema_of_cases() -> None:
    for case in yaml.load(CASES, _Yaml12):
        jsonschema.validate(case, json_schema("case"))


def test_all_that_is_shipped_fits_the_schemas() -> None:
    for kind in ("symptom", "cause"):
        for path in (shipped() / f"{kind}s").rglob("*.yaml"):
            if not path.name.endswith(".cases.yaml"):
                document = yaml.load(path.read_text(encoding="utf-8"), _Yaml12)
                jsonschema.validate(document, json_schema(kind))

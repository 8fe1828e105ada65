"""Objects of APIs as they were set: compared without what the API writes by itself."""

from __future__ import annotations

import json

import pytest

from probes.cloud.state import parse_object as of_neutron
from probes.cluster.state import parse_object as of_kubernetes
from probes.errors import UnreadableOutput
from probes.object_state import absent

PORT = {
    "id": "3e6cb1aa-0000-4000-8000-000000000001",
    "allowed_address_pairs": [{"ip_address": "10.244.0.0/16", "mac_address": "fa:16:3e:00:00:01"}],
    "security_groups": ["b", "a"],
    "status": "ACTIVE",
    "revision_number": 7,
    "updated_at": "2026-11-21T12:00:00Z",
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {
        "name": "web",
        "resourceVersion": "812",
        "generation": 3,
        "managedFields": [{}],
        "labels": {"a": "b"},
    },
    "spec": {"selector": {"app": "web"}},
    "status": {"loadBalancer": {}},
}


def port(**changes: object) -> str:
    return json.dumps({"port": PORT | changes})


def service(version: str = "812", **changes: object) -> str:
    metadata = {**SERVICE["metadata"], "resourceVersion": version}  # type: ignore[dict-item]
    return json.dumps({**SERVICE, "metadata": metadata, **changes})


def test_of_a_port_what_neutron_writes_and_the_order_of_sets_are_no_change() -> None:
    before = of_neutron("object port/x", "port", port())
    later = of_neutron("object port/x", "port", port(status="DOWN", revision_number=9, security_groups=["a", "b"]))
    assert (before.digest, before.revision, later.revision) == (later.digest, "7", "9")
    assert of_neutron("object port/x", "port", port(allowed_address_pairs=[])).digest != before.digest
    assert ' "10.244.0.0/16"' in "\n".join(before.lines)


def test_of_an_object_of_kubernetes_status_and_bookkeeping_are_no_change() -> None:
    before = of_kubernetes("object default/services/web", service())
    later = of_kubernetes("object default/services/web", service("900", status={"loadBalancer": {"x": 1}}))
    assert (before.digest, before.revision, later.revision) == (later.digest, "812", "900")
    assert of_kubernetes("object default/services/web", service(spec={})).digest != before.digest
    assert absent("object default/services/web").digest != before.digest


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"metadata": 1}', '{"port": {}}', '{"metadata": {}}', "<html>"])
def test_other_answers_are_refused(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        of_neutron("object port/x", "port", text)
    with pytest.raises(UnreadableOutput):
        of_kubernetes("object x", text)

"""k8s.state: an object that a fix is about to change, exactly as it is."""

from __future__ import annotations

from typing import Any

from probes.api import ApiRequest
from probes.cluster.answers import answered
from probes.decoding import decoded
from probes.errors import CommandFailed, NotFound
from probes.facts import Kept, State
from probes.linux.fields import reading
from probes.object_state import absent, kept_object
from probes.probe import Toolbox, probe

_SECRET = ("secrets",)
"""Nobody keeps these: a fix that changes one says so."""
_OF_THE_API = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")


@probe(
    "k8s.state",
    commands=("GET /api/v1/", "GET /apis/"),
    on="cluster",
    resource="k8s-name",
    name="k8s-name",
    namespace="k8s-name",
    group="k8s-name",
    version="k8s-name",
)
async def state(
    cluster: str,
    toolbox: Toolbox,
    resource: str,
    name: str,
    namespace: str = "",
    group: str = "",
    version: str = "v1",
) -> State:
    """One object (`resource` is its plural: `deployments`, with `group` `apps`), without what the API writes."""
    if resource in _SECRET:
        raise CommandFailed("secrets are not kept", hint="say in the fix how it is taken back")
    root = ("apis", group, version) if group else ("api", version)
    inside = ("namespaces", namespace) if namespace else ()
    what = f"object {'/'.join(word for word in (namespace, resource, name) if word)}"
    api = await toolbox.api(f"cluster:{cluster}")
    try:
        reply = answered(await api.get(ApiRequest((*root, *inside, resource, name))), api.target)
    except NotFound:
        return State(cluster, (absent(what),))
    return State(cluster, (parse_object(what, reply.stdout),))


@reading("GET")
def parse_object(what: str, text: str) -> Kept:
    """Of an object's JSON: all of it but `status` and what the API writes into `metadata`."""
    found: dict[str, Any] = decoded(text, dict[str, Any])
    metadata = dict(found["metadata"])
    revision = str(metadata["resourceVersion"])
    mine = {key: value for key, value in metadata.items() if key not in _OF_THE_API}
    rest = {key: value for key, value in found.items() if key not in ("metadata", "status")}
    return kept_object(what, {**rest, "metadata": mine}, revision)

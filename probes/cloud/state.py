"""cloud.state: an object of Neutron's that a fix is about to change, exactly as it is."""

from __future__ import annotations

from typing import Any

import msgspec

from probes.cloud.ask import Cloud, error_of
from probes.decoding import decoded
from probes.errors import CommandFailed, NotFound
from probes.facts import Kept, State
from probes.linux.fields import reading
from probes.object_state import absent, kept_object
from probes.probe import Toolbox, probe

_COLLECTIONS = {
    "port": "ports",
    "network": "networks",
    "subnet": "subnets",
    "router": "routers",
    "floatingip": "floatingips",
    "security_group": "security-groups",
}
_OF_THE_API = ("revision_number", "updated_at", "created_at", "status", "binding:vif_type", "binding:vif_details")


@probe("cloud.state", commands=("GET network /v2.0/",), timeout=20.0, on="cloud", resource="name", id="uuid")
async def state(cloud: str, toolbox: Toolbox, resource: str, id: str) -> State:  # noqa: A002 (Neutron's word)
    """One port, network, subnet, router, floatingip or security_group, without what Neutron writes itself."""
    if resource not in _COLLECTIONS:
        raise CommandFailed(f"{resource!r} is not kept", hint=f"one of: {', '.join(_COLLECTIONS)}")
    what = f"object {resource}/{id}"
    reply = await Cloud(cloud, toolbox).reply("network", "v2.0", _COLLECTIONS[resource], id)
    if reply.failure == NotFound.reason:
        return State(cloud, (absent(what),))
    if reply.failure or reply.status is None:
        raise error_of(reply)
    return State(cloud, (parse_object(what, resource, reply.stdout),))


@reading("GET")
def parse_object(what: str, resource: str, text: str) -> Kept:
    """Of `{"port": {…}}`: what was set, and the number that counts every change."""
    found: dict[str, dict[str, Any]] = decoded(text, dict[str, dict[str, Any]])
    held = found[resource]
    wanted = {key: value for key, value in held.items() if key not in _OF_THE_API}
    return kept_object(what, _in_order(wanted), str(held["revision_number"]))


def _in_order(wanted: dict[str, Any]) -> dict[str, Any]:
    """Rules and pairs are sets: Neutron lists them in any order."""
    return {
        key: sorted(value, key=lambda one: msgspec.json.encode(one, order="sorted"))
        if isinstance(value, list)
        else value
        for key, value in wanted.items()
    }

"""Hostile values in what a cloud answers, and in what it is asked."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

import probes.all
from base.errors import UsageError
from probes.api import ApiRequest
from probes.exchange import Reply
from probes.probe import PROBES, observe
from probes.replay import ReplayToolbox
from probes.site import Site
from tests.hostile.asking import valid_call
from tests.hostile.strings import ALL, SHORT
from tests.hostile.test_replies import is_an_answer

assert probes.all
UUID = "3e6cb7a4-0a7e-4f3e-9d0c-0d5f0c1a2b3c"
FIXED = [{"ip_address": "10.0.0.11", "subnet_id": UUID}]
PORT = {
    "id": UUID,
    "name": "p",
    "network_id": UUID,
    "project_id": "p",
    "mac_address": "fa:16:3e:00:00:01",
    "fixed_ips": FIXED,
    "allowed_address_pairs": [{"ip_address": "10.244.0.0/16", "mac_address": "fa:16:3e:00:00:01"}],
    "port_security_enabled": True,
    "security_groups": [UUID],
    "device_id": UUID,
    "device_owner": "network:router_interface",
    "status": "ACTIVE",
    "binding:host_id": "compute",
    "binding:vif_type": "ovs",
    "binding:vif_details": {"bridge_name": "br-int", "datapath_type": "system"},
    "revision_number": 3,
}
RULE = {
    "id": UUID,
    "direction": "ingress",
    "protocol": "tcp",
    "port_range_min": 22,
    "remote_ip_prefix": "0.0.0.0/0",
}
SUBNET = {
    "id": UUID,
    "name": "s",
    "network_id": UUID,
    "cidr": "10.0.0.0/24",
    "gateway_ip": "10.0.0.1",
    "dns_nameservers": ["1.1.1.1"],
    "host_routes": [{"destination": "10.1.0.0/16", "nexthop": "10.0.0.7"}],
}
AGENT = {
    "id": UUID,
    "agent_type": "Open vSwitch agent",
    "host": "compute",
    "alive": True,
    "heartbeat_timestamp": "2026-01-01 00:00:00",
    "configurations": {
        "bridge_mappings": {"physnet1": "br-ex"},
        "tunnel_types": ["vxlan"],
        "tunneling_ip": "10.0.0.2",
    },
}
SERVER = {
    "id": UUID,
    "name": "x",
    "status": "ERROR",
    "fault": {"code": 500, "message": "No valid host", "created": "2026-01-01T00:00:00Z"},
    "addresses": {"net": [{"addr": "10.0.0.11", "OS-EXT-IPS:type": "fixed"}]},
    "OS-EXT-SRV-ATTR:host": "compute",
}
EVENT = {"event": "e", "result": "Error", "host": "compute", "traceback": "a\nb: c", "start_time": "2026-01-01"}
TOKEN = {
    "user": {"id": "u", "name": "admin"},
    "project": {"id": "p", "name": "admin"},
    "roles": [{"name": "admin"}],
}
ENDPOINTS = [{"interface": "public", "region": "R", "url": "http://10.0.0.10:9696"}]
ANSWERS = {
    "GET network /v2.0/ports/": {"port": PORT},
    "GET network /v2.0/ports": {"ports": [PORT]},
    "GET network /v2.0/security-groups/": {
        "security_group": {"id": UUID, "name": "default", "security_group_rules": [RULE]}
    },
    "GET network /v2.0/security-groups": {"security_groups": [{"id": UUID, "name": "default"}]},
    "GET network /v2.0/agents": {"agents": [AGENT]},
    "GET network /v2.0/networks": {"networks": [{"id": UUID, "name": "x", "provider:network_type": "vxlan"}]},
    "GET network /v2.0/subnets": {"subnets": [SUBNET]},
    "GET network /v2.0/floatingips": {
        "floatingips": [{"id": UUID, "port_id": UUID, "floating_ip_address": "192.0.2.9"}]
    },
    "GET network /v2.0/routers/": {
        "router": {
            "id": UUID,
            "name": "r",
            "external_gateway_info": {"network_id": UUID, "external_fixed_ips": FIXED},
        }
    },
    "GET compute /v2.1/servers/detail": {"servers": [SERVER]},
    "GET compute /v2.1/os-services": {
        "services": [{"id": UUID, "host": "compute", "state": "up", "updated_at": "x"}]
    },
    "GET compute /v2.1/os-hypervisors": {"hypervisors": [{"id": UUID, "service": {"host": "compute"}}]},
    "GET identity /v3/auth/tokens": {"token": TOKEN},
    "GET identity /v3/auth/catalog": {"catalog": [{"type": "network", "name": "n", "endpoints": ENDPOINTS}]},
}
ACTIONS = {"instanceActions": [{"request_id": "req-1", "action": "create", "start_time": "2026-01-01"}]}
ACTION = {"instanceAction": {"request_id": "req-1", "action": "create", "events": [EVENT]}}


def answer_to(text: str) -> Any:
    if "os-instance-actions" in text:
        return ACTIONS if text.endswith("actions") else ACTION
    if text.startswith("GET compute /v2.1/servers/3e"):
        return {"server": SERVER}
    return next((body for start, body in ANSWERS.items() if text.startswith(start)), {"versions": []})


class Mutating(ReplayToolbox):
    """A cloud in whose answers one value is another."""

    def __init__(self, place: int, by: object) -> None:
        super().__init__(Site("test"), ())
        self._place, self._by = place, by

    def _reply(self, target: str, text: str) -> Reply:
        body = copy.deepcopy(answer_to(text))
        leaves = list(_leaves(body))
        holder, key = leaves[self._place % len(leaves)] if leaves else (body, "versions")
        if self._place >= 0:
            holder[key] = self._by
        return Reply(200, json.dumps(body), json.dumps({"url": "http://x", "date": "2026-01-01T00:00:09+00:00"}))


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where every plain value stands, and every object."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield value, key
        yield from _leaves(inner)


def asks_the_api_alone() -> list[str]:
    return sorted(
        name
        for name, probe in PROBES.items()
        if probe.on == "cloud"
        and probe.run.__module__ in MODULES
        and all(one.startswith("GET ") for one in probe.commands)
    )


MODULES = frozenset(f"probes.cloud.{name}" for name in ("reach", "ports", "networks", "agents", "servers", "lists"))


@pytest.mark.parametrize("name", asks_the_api_alone())
async def test_good_answers_are_facts(name: str) -> None:
    async with Mutating(-1, "") as toolbox:
        evidence = await observe(valid_call(name, "lab", "compute", "10.0.0.11"), toolbox, "e1")
    assert evidence.facts is not None, evidence.failure


@pytest.mark.parametrize("name", asks_the_api_alone())
async def test_hostile_strings_in_every_field(name: str) -> None:
    for place in range(40):
        for by in SHORT[place % 7 :: 7]:
            async with Mutating(place, by) as toolbox:
                is_an_answer(await observe(valid_call(name, "lab", "compute", "10.0.0.11"), toolbox, "e1"))


@pytest.mark.parametrize("name", asks_the_api_alone())
@pytest.mark.parametrize("by", [None, [], {}, 5, -1, 1e99, True, [[]], {"id": []}, 10**30], ids=repr)
async def test_values_of_another_type(name: str, by: object) -> None:
    for place in range(40):
        async with Mutating(place, by) as toolbox:
            is_an_answer(await observe(valid_call(name, "lab", "compute", "10.0.0.11"), toolbox, "e1"))


# ------------------------------------------------------------------ what is asked


def test_a_value_is_one_segment_and_one_parameter_or_refused() -> None:
    refused = 0
    for text in ALL:
        value = text.encode("utf-8", "replace").decode()
        try:
            request = ApiRequest(("v2.1", "servers", value, "os-instance-actions"), (("name", value),), "compute")
        except UsageError:
            refused += 1
            continue
        parts = urlsplit("http://cloud" + request.text.removeprefix("GET compute "))
        assert [unquote(part) for part in parts.path.split("/")] == [
            "",
            "v2.1",
            "servers",
            value,
            "os-instance-actions",
        ]
        assert parse_qsl(parts.query, keep_blank_values=True) == [("name", value)]
        assert (parts.fragment, parts.netloc) == ("", "cloud")
        assert request.text.isascii()
        assert request.text.isprintable()
    assert 0 < refused < len(ALL)

"""What is plugged into Open vSwitch: as a hypervisor of the lab printed it, and with a Linux bridge in between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from probes.cloud.openvswitch import parse_table
from probes.cloud.plugs import plugged
from probes.errors import UnreadableOutput

PORT, SERVER, MAC = (
    "3a111fa4-20f1-48ba-8122-606b130cd914",
    "5beebf76-c185-4a81-8368-8c879a35e95e",
    "fa:16:3e:d5:0f:f2",
)
BRIDGES = """{"data":[["br-int",["set",[["uuid","13701c15-ac8c-4e92-8bd1-3b090bfa21a7"],["uuid",\
"aceef180-adac-42c1-9d28-e9b621718b41"]]]],["br-tun",["uuid","3198b588-0867-4c7b-a346-51cd72263194"]]],\
"headings":["name","ports"]}"""
PORTS = """{"data":[[["uuid","aceef180-adac-42c1-9d28-e9b621718b41"],"tap3a111fa4-20",1,["uuid",\
"021e0cf2-2a77-421b-8a3e-5e239a9e5ea0"]],[["uuid","3198b588-0867-4c7b-a346-51cd72263194"],"vxlan-c0a86465",\
["set",[]],["uuid","07f26924-72db-4b97-9f46-be6ce4c52180"]]],"headings":["_uuid","name","tag","interfaces"]}"""
INTERFACES = """{"data":[[["uuid","021e0cf2-2a77-421b-8a3e-5e239a9e5ea0"],"tap3a111fa4-20",["map",[["attached-mac",\
"fa:16:3e:d5:0f:f2"],["iface-id","3a111fa4-20f1-48ba-8122-606b130cd914"],["iface-status","active"],["vm-uuid",\
"5beebf76-c185-4a81-8368-8c879a35e95e"]]],"up",["set",[]]],[["uuid","07f26924-72db-4b97-9f46-be6ce4c52180"],\
"vxlan-c0a86465",["map",[]],"up",["set",[]]]],"headings":["_uuid","name","external_ids","link_state","error"]}"""


def tables(interfaces: str = INTERFACES) -> dict[str, Any]:
    texts = {"Bridge": BRIDGES, "Port": PORTS, "Interface": interfaces}
    return {name: parse_table(text) for name, text in texts.items()}


def test_a_tap_with_its_port_server_bridge_and_vlan() -> None:
    found = plugged("compute", tables(), {})
    assert (found.host, found.bridges) == ("compute", ("br-int", "br-tun"))
    (plug,) = found.plugs
    assert (plug.name, plug.port, plug.server, plug.mac) == ("tap3a111fa4-20", PORT, SERVER, MAC)
    assert (plug.bridge, plug.tag, plug.link, plug.error) == ("br-int", 1, "up", "")
    assert (plug.tap, plug.between) == ("tap3a111fa4-20", "")


def test_a_linux_bridge_between() -> None:
    hybrid = INTERFACES.replace("tap3a111fa4-20", "qvo3a111fa4-20")
    (plug,) = plugged("compute", tables(hybrid), {"tap3a111fa4-20": "qbr3a111fa4-20"}).plugs
    assert (plug.name, plug.tap, plug.between) == ("qvo3a111fa4-20", "tap3a111fa4-20", "qbr3a111fa4-20")


def test_a_card_that_is_gone_and_a_port_without_a_bridge() -> None:
    gone = json.loads(INTERFACES)
    gone["data"][0][3:] = [["set", []], "could not open network device tap3a111fa4-20 (No such device)"]
    whole = tables(json.dumps(gone))
    (plug,) = plugged("compute", {**whole, "Bridge": [], "Port": []}, {}).plugs
    assert (plug.link, plug.bridge, plug.tag) == ("", "", -1)
    assert "No such device" in plug.error


def test_another_form_is_unreadable() -> None:
    with pytest.raises(UnreadableOutput):
        plugged("compute", {**tables(), "Interface": [{"name": "tap"}]}, {})

"""Heartbeats of Neutron agents on hosts that are not there, for `python -m lab api`.

Each file FOLDER/NAME.json is one agent: {"binary": …, "host": …, "bridge_mappings": {…}}. While the file is
there, its state is reported over the same RPC as a real agent's; without it, the agent dies in Neutron's eyes.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from neutron.agent import rpc
from neutron.conf.agent import common
from neutron_lib import context
from neutron_lib.agent import topics
from oslo_config import cfg

INTERVAL = 3
NAMES = {
    "neutron-openvswitch-agent": ("Open vSwitch agent", "N/A"),
    "neutron-l3-agent": ("L3 agent", "l3_agent"),
    "neutron-dhcp-agent": ("DHCP agent", "dhcp_agent"),
    "neutron-metadata-agent": ("Metadata agent", "N/A"),
}


def register() -> None:
    common.register_agent_state_opts_helper(cfg.CONF)


def report(folder: str) -> None:
    api, admin = rpc.PluginReportStateAPI(topics.REPORTS), context.get_admin_context_without_session()
    known: dict[Path, str] = {}
    while True:
        found = sorted(Path(folder).glob("*.json"))
        known = {path: text for path, text in known.items() if path in found}
        for path in found:
            _report_one(api, admin, path, known)
        time.sleep(INTERVAL)


def _report_one(api: Any, admin: Any, path: Path, known: dict[Path, str]) -> None:
    try:
        text = path.read_text()
        first = known.get(path) != text
        api.report_state(admin, state(json.loads(text), first), use_call=first)
        known[path] = text
    except Exception as error:  # the others go on
        print(f"{path}: {error!r}", file=sys.stderr, flush=True)


def state(agent: dict[str, Any], first: bool) -> dict[str, Any]:
    kind, topic = NAMES[agent["binary"]]
    return {
        "binary": agent["binary"],
        "host": agent["host"],
        "topic": topic,
        "agent_type": kind,
        "availability_zone": "nova",
        "configurations": _configuration(agent),
        **({"start_flag": True} if first else {}),
    }


def _configuration(agent: dict[str, Any]) -> dict[str, Any]:
    if agent["binary"] != "neutron-openvswitch-agent":
        return {"agent_mode": "legacy", "log_agent_heartbeats": False}
    return {
        "bridge_mappings": agent.get("bridge_mappings", {}),
        "tunnel_types": ["vxlan"],
        "tunneling_ip": agent.get("tunneling_ip", "127.0.1.1"),
        "integration_bridge": "br-int",
        "datapath_type": "system",
        "ovs_hybrid_plug": False,
        "l2_population": False,
        "arp_responder_enabled": False,
        "enable_distributed_routing": False,
        "in_distributed_mode": False,
        "log_agent_heartbeats": False,
        "extensions": [],
        "ovs_capabilities": {"datapath_types": ["netdev", "system"], "iface_types": ["patch", "vxlan", "tap"]},
    }

"""Netlink and `ip -j` say the same of this machine, and of a namespace with one of everything."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from probes.linux import ip
from probes.netlink import netlink_reply

needs_ip = pytest.mark.skipif(not shutil.which("ip"), reason="`ip` is what netlink is compared with")

IP = {
    "addresses": ("ip", "-j", "addr"),
    "links": ("ip", "-j", "-s", "-d", "link"),
    "neighbours": ("ip", "-j", "neigh"),
    "routes": ("ip", "-j", "route", "show", "table", "all"),
    "rules": ("ip", "-j", "rule"),
}
PARSERS: dict[str, Any] = {
    "addresses": ip.parse_addresses,
    "neighbours": ip.parse_neighbours,
    "routes": ip.parse_routes,
    "rules": ip.parse_rules,
}


async def asked(what: str) -> str:
    reply = await netlink_reply(f"netlink {what}")
    assert (reply.status, reply.failure) == (0, ""), reply.message
    return reply.stdout


def said(what: str) -> str:
    return subprocess.run(IP[what], capture_output=True, text=True, check=True).stdout


@needs_ip
@pytest.mark.parametrize("what", ["addresses", "routes", "rules"])
async def test_says_what_ip_says(what: str) -> None:
    assert PARSERS[what](await asked(what)) == PARSERS[what](said(what))


@needs_ip
async def test_links() -> None:
    """Counters may have moved in between."""
    ours, theirs = ip.parse_links(await asked("links")), ip.parse_links(said("links"))
    assert [(one.name, one.state, one.up, one.mtu, one.mac, one.master) for one in ours] == [
        (one.name, one.state, one.up, one.mtu, one.mac, one.master) for one in theirs
    ]
    assert [one.kind for one in ours] == [one.kind for one in theirs]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_thread_and_no_socket_stays() -> None:
    await asked("links")
    before = threading.active_count(), open_files()
    for _ in range(20):
        await asked("routes")
    await asyncio.sleep(0)
    assert open_files() <= before[1]
    assert threading.active_count() <= max(before[0], 4 + (os.cpu_count() or 1))


async def test_unknown_question() -> None:
    reply = await netlink_reply("netlink secrets")
    assert (reply.status, reply.failure) == (None, "could-not-look")


_SETUP = """
ip link set lo up
ip link add br9 type bridge && ip link set br9 up
ip link add v9 type veth peer name v9p && ip link set v9 master br9 && ip link set v9p up
ip link set v9 up
ip addr add 10.9.0.1/24 dev v9p && ip addr add 10.9.1.1/32 dev v9p && ip -6 addr add fd09::1/64 dev v9p nodad
ip neigh add 10.9.0.7 lladdr 02:00:00:00:00:07 dev v9p nud permanent
ip neigh add 10.9.0.8 dev v9p nud failed 2>/dev/null || true
ip route add 10.20.0.0/16 via 10.9.0.7 dev v9p metric 50 proto static src 10.9.0.1
ip route add blackhole 10.21.0.0/16
ip route add unreachable 10.22.0.0/16
ip route add prohibit 10.23.0.0/16
ip route add 10.24.0.0/16 table 77 via 10.9.0.7 proto bgp
ip route add 10.25.0.0/16 nexthop via 10.9.0.7 dev v9p weight 1 nexthop via 10.9.0.8 dev v9p weight 2
ip route add 10.26.0.9 dev v9p
ip rule add from 10.9.0.0/24 lookup 77 priority 100
ip rule add fwmark 0x10/0xff lookup 78 priority 110
ip rule add from 10.9.1.1 to 10.30.0.0/16 iif v9p blackhole priority 120
"""


@pytest.mark.lab
def test_one_of_everything() -> None:
    """In a network namespace of its own, so that the machine's own network stays as it is."""
    program = f"""
import asyncio, json, subprocess
from probes.netlink import netlink_reply
subprocess.run({_SETUP!r}, shell=True, check=True)
questions = {IP!r}
out = {{}}
for what, argv in questions.items():
    ours = asyncio.run(netlink_reply('netlink ' + what)).stdout
    out[what] = (ours, subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
print(json.dumps(out))
"""
    done = subprocess.run(["unshare", "-n", sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    for what, parse in PARSERS.items():
        ours, theirs = answers[what]
        assert parse(ours) == parse(theirs), what
    assert len(ip.parse_routes(answers["routes"][0])) > 10
    ours, theirs = map(ip.parse_links, answers["links"])
    assert {one.name: (one.kind, one.master) for one in ours} == {
        one.name: (one.kind, one.master) for one in theirs
    }
    assert {"bridge", "veth"} <= {one.kind for one in ours}

"""The join of a large site: 5,000 nodes, 50,000 pods, 5,000 servers with a port each, beside decoding the same
lists as plain JSON, which every reader of them pays at least.

`python -m bench.sitemap [NODES PODS]`. Needs no lab. Budget: the join, and the names of all that is in it, take at
most as long as the plain decoding of the lists as the APIs send them.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from probes.cloud import shapes
from probes.cloud.facts import Agents, Hypervisors, Server, ServerAddress, Servers
from probes.cloud.network_facts import FloatingAddresses, GroupNames, Ports
from probes.cloud.plugs import Plug, Plugs
from probes.cloud.ports import port_facts
from probes.cluster.facts import Node, Nodes
from probes.cluster.places import PodPlace, PodPlaces, ServicePlaces
from probes.site import Host
from sitemap.join import joined
from sitemap.lexicon import Lexicon
from sitemap.model import By
from sitemap.seen import CloudSeen, ClusterSeen, Gathered, Seen

NODES, PODS, ROUNDS, BUDGET = 5_000, 50_000, 5, 1.0
PER_HYPERVISOR = 50
AT = datetime(2026, 1, 1, tzinfo=UTC)


def uuid(kind: int, number: int) -> str:
    return f"{kind:04x}{number:04x}-0000-4000-8000-{number:012x}"


def address(number: int, first: int = 10) -> str:
    return f"{first}.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def node(number: int) -> Node:
    provider = f"openstack:///{uuid(1, number)}" if number % 2 else ""
    name = f"node-{number}"
    return Node(
        name, (address(number),), address(number), (), provider, "True", "", "", (), (), False, "", "", "", "", ()
    )


def pod(number: int, nodes: int) -> PodPlace:
    return PodPlace("default", f"web-{number}", "Running", f"node-{number % nodes}", (address(number, 11),), False)


def server(number: int) -> Server:
    held = (ServerAddress("private", address(number), "", "fixed"),)
    host = f"hv-{number // PER_HYPERVISOR}"
    return Server(uuid(1, number), f"node-{number}", "ACTIVE", host=host, placed_known=True, addresses=held)


def port(number: int) -> shapes.Port:
    return shapes.Port(
        uuid(2, number),
        mac_address=f"fa:16:3e:00:{number >> 8:02x}:{number & 255:02x}",
        fixed_ips=(shapes.FixedIp(address(number)),),
        security_groups=("g",),
        device_id=uuid(1, number),
        device_owner="compute:nova",
        status="ACTIVE",
        host=f"hv-{number // PER_HYPERVISOR}",
        vif_type="ovs",
    )


def plugs(host: int, nodes: int) -> Plugs:
    numbers = range(host * PER_HYPERVISOR, min((host + 1) * PER_HYPERVISOR, nodes))
    found = [
        Plug(f"tap{uuid(2, one)[:11]}", uuid(2, one), uuid(1, one), "", "br-int", 1, "up", "", f"tap{one}", "")
        for one in numbers
    ]
    return Plugs(f"hv-{host}", ("br-int",), tuple(found))


def site(nodes: int, pods: int) -> Gathered:
    def seen(target: str, facts: Any) -> Seen[Any]:
        return Seen(target, "bench", AT, facts)

    hypervisors = range(nodes // PER_HYPERVISOR + 1)
    cluster = ClusterSeen(
        "k",
        seen("cluster:k", Nodes("k", tuple(map(node, range(nodes))))),
        seen("cluster:k", PodPlaces("k", tuple(pod(one, nodes) for one in range(pods)))),
        seen("cluster:k", ServicePlaces("k", (), "")),
    )
    servers = tuple(map(server, range(nodes)))
    ports = tuple(port_facts(port(one)) for one in range(nodes))
    cloud = CloudSeen(
        "c",
        seen("cloud:c", Servers("c", nodes, servers, True, "")),
        seen("cloud:c", Ports("c", nodes, ports)),
        seen("cloud:c", FloatingAddresses("c", ())),
        seen("cloud:c", GroupNames("c", {"g": "k8s"})),
        seen("cloud:c", Hypervisors("c", ())),
        seen("cloud:c", Agents("c", (), ())),
    )
    asked = {f"hv-{one}": seen(f"host:hv-{one}", plugs(one, nodes)) for one in hypervisors}
    return Gathered(tuple(Host(name) for name in asked), (cluster,), (cloud,), asked)


def lists(nodes: int, pods: int) -> list[str]:
    """About as long as the APIs send them: 3 KB a pod, 9 KB a node, 2 KB a server, 1.2 KB a port."""

    def many(count: int, size: int) -> str:
        fields = {f"field-{place}": "x" * 40 for place in range(size // 60)}
        return json.dumps({"items": [{"metadata": {"name": f"n{one}"}, "spec": fields} for one in range(count)]})

    return [many(pods, 3000), many(nodes, 9000), many(nodes, 2000), many(nodes, 1200)]


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> int:
    nodes, pods = (int(one) for one in (sys.argv[1:3] or (NODES, PODS)))
    found, texts = site(nodes, pods), lists(nodes, pods)
    times: dict[str, list[float]] = {"json.loads": [], "join": [], "names": []}
    for _ in range(ROUNDS):  # in turns, so that a busy machine is unfair to all
        times["json.loads"].append(seconds(lambda: [json.loads(text) for text in texts]))
        times["join"].append(seconds(lambda: joined(found)))
        times["names"].append(seconds(lambda: Lexicon(found)))
    strips = joined(found).nodes
    assert len(strips) == nodes
    assert all(strip.by in (By.PROVIDER_ID, By.ADDRESS) and not strip.contradictions for strip in strips)
    middle = {name: statistics.median(several) for name, several in times.items()}
    for name, value in middle.items():
        print(f"{name:10} {value:6.2f} s")
    ratio = middle["names"] / middle["json.loads"]
    print(f"join and names: {ratio:.2f} x plain decoding of the lists (budget {BUDGET:g})")
    print(
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB at most, with the lists of the baseline"
    )
    return 0 if ratio <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())

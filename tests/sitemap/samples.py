"""A small site, by hand: two nodes on servers of one cloud, a third that is no server. Each part can be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from base.text import Text
from probes.cloud.facts import Agent, Agents, Hypervisor, Hypervisors, Server, ServerAddress, Servers
from probes.cloud.network_facts import FloatingAddress, FloatingAddresses, GroupNames, Port, Ports
from probes.cloud.plugs import Plug, Plugs
from probes.cluster.facts import Node, Nodes
from probes.cluster.places import EndpointPlace, PodPlace, PodPlaces, ServicePlace, ServicePlaces
from probes.site import Host
from sitemap.join import joined
from sitemap.model import SiteMap, Strip
from sitemap.seen import CloudSeen, ClusterSeen, Gathered, Seen

AT = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
LATER = AT + timedelta(seconds=2)
S1, S2 = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
P1, P2 = "3e6cb21a-0000-4000-8000-000000000001", "3e6cb21a-0000-4000-8000-000000000002"
NO = Text("nobody answered", "아무도 응답하지 않았다")


def seen(target: str, what: str, facts: Any, at: datetime = AT) -> Seen[Any]:
    return Seen(target, what, at, facts)


def blind(look: Seen[Any], why: Text = NO) -> Seen[Any]:
    return replace(look, facts=None, why=why)


def node(name: str, *addresses: str, provider: str = "", ready: str = "True") -> Node:
    return Node(
        name=name, addresses=addresses, internal_address=addresses[0] if addresses else "",
        pod_cidrs=(f"10.244.{name[-1]}.0/24",), provider_id=f"openstack:///{provider}" if provider else "",
        ready=ready, reason="", message="", conditions=(), taints=(), unschedulable=False, kubelet="", kernel="",
        runtime="", os_image="", roles=(),
    )  # fmt: skip


def server(id_: str, name: str, host: str, *addresses: str, **changes: Any) -> Server:
    held = tuple(ServerAddress("private-net", one, "", "fixed") for one in addresses)
    base = Server(id=id_, name=name, status="ACTIVE", host=host, placed_known=True, addresses=held)
    return replace(base, **changes)


def port(id_: str, device: str, host: str, *addresses: str, **changes: Any) -> Port:
    base = Port(
        id=id_, mac=f"fa:16:3e:00:00:{id_[-2:]}", addresses=addresses, port_security=True, security_groups=("g1",),
        device=device, owner="compute:nova", status="ACTIVE", host=host, vif_type="ovs", binding_known=True,
    )  # fmt: skip
    return replace(base, **changes)


def plug(of: Port, **changes: Any) -> Plug:
    name = f"tap{of.id[:11]}"
    return replace(Plug(name, of.id, of.device, of.mac, "br-int", 1, "up", "", name, ""), **changes)


NODES = (node("w1", "10.0.0.5", provider=S1), node("w2", "192.0.2.7"), node("m0", "172.20.0.9"))
PODS = (
    PodPlace("default", "web-0", "Running", "w1", ("10.244.1.7",), False),
    PodPlace("kube-system", "proxy-1", "Running", "w1", ("10.0.0.5",), True),
    PodPlace("default", "job-1", "Succeeded", "w2", ("10.244.1.7",), False),
)
SERVICES = (
    ServicePlace(
        "default", "web", "NodePort", ("10.96.0.7",), ("203.0.113.80",), ("80:30080/TCP",),
        (EndpointPlace("10.244.1.7", "w1", True), EndpointPlace("10.244.2.9", "w2", False)),
    ),
)  # fmt: skip
SERVERS = (server(S1, "k8s-w1", "compute", "10.0.0.5"), server(S2, "k8s-w2", "compute2", "10.0.0.6"))
PORTS = (
    port(P1, S1, "compute", "10.0.0.5"),
    port(P2, S2, "compute2", "10.0.0.6"),
    port("3e6cb21a-0000-4000-8000-0000000000dd", "dhcp-1", "controller", "10.0.0.2", owner="network:dhcp"),
)
FLOATING = (
    FloatingAddress("f1", "192.0.2.7", "10.0.0.6", P2, "ACTIVE"),
    FloatingAddress("f2", "192.0.2.8", "", "", "DOWN"),
)
HYPERVISORS = (Hypervisor("h1", "compute.example", "compute", "10.1.0.1", "QEMU", True, True),)
HOSTS = (Host("compute", ("10.1.0.1",)), Host("hv2", ("10.1.0.2",)), Host("w1", ("10.0.0.5",)))


def agent(host: str, *, alive: bool = True) -> Agent:
    return Agent("a", "Open vSwitch agent", "neutron-openvswitch-agent", host, alive, True, "", "", 1, {}, (), "")


def cluster(
    nodes: Sequence[Node] = NODES, pods: Sequence[PodPlace] = PODS, services: Sequence[ServicePlace] = SERVICES
) -> ClusterSeen:
    return ClusterSeen(
        "k",
        seen("cluster:k", "k8s.nodes", Nodes("k", tuple(nodes))),
        seen("cluster:k", "k8s.pod_places", PodPlaces("k", tuple(pods))),
        seen("cluster:k", "k8s.service_places", ServicePlaces("k", tuple(services), "")),
    )


def cloud(
    servers: Sequence[Server] = SERVERS,
    ports: Sequence[Port] = PORTS,
    *,
    name: str = "c",
    everywhere: bool = True,
    agents: Sequence[Agent] = (agent("compute"),),
    floating: Sequence[FloatingAddress] = FLOATING,
    hypervisors: Sequence[Hypervisor] = (
        *HYPERVISORS,
        Hypervisor("h2", "two.example", "compute2", "10.1.0.2", "QEMU", True, True),
    ),
) -> CloudSeen:
    target = f"cloud:{name}"
    return CloudSeen(
        name,
        seen(target, "cloud.servers", Servers(name, len(servers), tuple(servers), everywhere, "")),
        seen(target, "cloud.ports", Ports(name, len(ports), tuple(ports))),
        seen(target, "cloud.floating_ips", FloatingAddresses(name, tuple(floating))),
        seen(target, "cloud.security_groups", GroupNames(name, {"g1": "k8s"})),
        seen(target, "cloud.hypervisors", Hypervisors(name, tuple(hypervisors))),
        seen(target, "cloud.agents", Agents(name, tuple(agents), ())),
    )


def plugged(**hosts: Sequence[Plug]) -> Mapping[str, Seen[Any]]:
    return {
        host: seen(f"host:{host}", "ovs.plugs", Plugs(host, ("br-int",), tuple(plugs)), LATER)
        for host, plugs in hosts.items()
    }


def gathered(**changes: Any) -> Gathered:
    base = Gathered(HOSTS, (cluster(),), (cloud(),), plugged(compute=[plug(PORTS[0])], hv2=[plug(PORTS[1])]))
    return replace(base, **changes)


def strips(**changes: Any) -> dict[str, Strip]:
    return by_title(joined(gathered(**changes)))


def by_title(found: SiteMap) -> dict[str, Strip]:
    return {strip.title: strip for strip in found.strips}


def kinds(strip: Strip) -> list[str]:
    return [one.kind for one in strip.contradictions]

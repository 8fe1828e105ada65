"""Contradictions, each a sentence with a stable word."""

from __future__ import annotations

from collections.abc import Sequence

from base.text import Text
from probes.cloud.facts import Server
from probes.cloud.network_facts import Port
from probes.cloud.plugs import Plug
from sitemap.model import Contradiction

SHOWN = 8
"""Characters of an id that people compare."""


def short(uuid: str) -> str:
    return f"{uuid[:SHOWN]}…" if len(uuid) > SHOWN else uuid


def of_node(address: str, said: Sequence[str], cluster: str, cloud: str) -> Contradiction:
    port = ", ".join(said) or "-"
    text = Text(
        f"the node says {address}, the port says {port}", f"노드는 {address} 라고 하는데 포트는 {port} 라고 한다"
    )
    return Contradiction("node-address", text, (f"cluster:{cluster}", f"cloud:{cloud}"))


def no_such_server(server: str, cluster: str, clouds: Sequence[str]) -> Contradiction:
    names = ", ".join(clouds)
    text = Text(
        f"providerID names server {server}, which {names} does not have",
        f"providerID 는 서버 {server} 를 가리키는데 {names} 에는 그런 서버가 없다",
    )
    return Contradiction("provider-id-gone", text, (f"cluster:{cluster}", *(f"cloud:{name}" for name in clouds)))


def other_server(address: str, named: str, holds: str, cluster: str, cloud: str) -> Contradiction:
    text = Text(
        f"providerID names server {named}, but {address} belongs to server {holds}",
        f"providerID 는 서버 {named} 를 가리키는데 {address} 는 서버 {holds} 의 주소다",
    )
    return Contradiction("provider-id-address", text, (f"cluster:{cluster}", f"cloud:{cloud}"))


def several_servers(value: str, servers: Sequence[str], clouds: Sequence[str]) -> Contradiction:
    names = ", ".join(servers)
    text = Text(
        f"{len(servers)} servers have {value}: {names}", f"서버 {len(servers)} 대가 {value} 을(를) 쓴다: {names}"
    )
    return Contradiction("several-servers", text, tuple(f"cloud:{cloud}" for cloud in dict.fromkeys(clouds)))


def one_server(nodes: Sequence[str], server: str, cloud: str, clusters: Sequence[str]) -> Contradiction:
    names = ", ".join(nodes)
    text = Text(f"nodes {names} all lead to server {server}", f"노드 {names} 이(가) 모두 서버 {server} 로 이어진다")
    sources = (*(f"cluster:{name}" for name in dict.fromkeys(clusters)), f"cloud:{cloud}")
    return Contradiction("one-server", text, sources)


def one_address(address: str, holders: Sequence[str], target: str) -> Contradiction:
    names = ", ".join(holders)
    text = Text(f"{address} is held by {names}", f"{address} 을(를) 함께 쓰고 있다: {names}")
    return Contradiction("one-address", text, (target,))


def not_active(server: Server, cluster: str, cloud: str) -> Contradiction:
    text = Text(
        f"the node is Ready, Nova says the server is {server.status}",
        f"노드는 Ready 인데 Nova 는 서버가 {server.status} 라고 한다",
    )
    return Contradiction("server-status", text, (f"cluster:{cluster}", f"cloud:{cloud}"))


def nova_address(server: Sequence[str], port: Sequence[str], cloud: str) -> Contradiction:
    nova, neutron = ", ".join(server) or "-", ", ".join(port) or "-"
    text = Text(
        f"Nova says {nova}, the port says {neutron}", f"Nova 는 {nova} 라고 하는데 포트는 {neutron} 라고 한다"
    )
    return Contradiction("nova-address", text, (f"cloud:{cloud}",))


def other_host(server: Server, port: Port, cloud: str) -> Contradiction:
    text = Text(
        f"Nova says the server is on {server.host}, port {short(port.id)} is bound to {port.host}",
        f"Nova 는 서버가 {server.host} 에 있다고 하는데 포트 {short(port.id)} 는 {port.host} 에 바인딩되어 있다",
    )
    return Contradiction("other-host", text, (f"cloud:{cloud}",))


def not_bound(port: Port, cloud: str) -> Contradiction:
    text = Text(
        f"the server is ACTIVE, its port {short(port.id)} is {port.vif_type}",
        f"서버는 ACTIVE 인데 포트 {short(port.id)} 는 {port.vif_type} 상태다",
    )
    return Contradiction("not-bound", text, (f"cloud:{cloud}",))


def dead_agent(host: str, port: Port, cloud: str) -> Contradiction:
    text = Text(
        f"port {short(port.id)} is {port.status}, the agent on {host} is not alive",
        f"포트 {short(port.id)} 는 {port.status} 인데 {host} 의 에이전트는 살아 있지 않다",
    )
    return Contradiction("dead-agent", text, (f"cloud:{cloud}",))


def not_plugged(port: Port, host: str, elsewhere: Sequence[str], cloud: str) -> Contradiction:
    more = f", {', '.join(elsewhere)} has one" if elsewhere else ""
    korean = f" ({', '.join(elsewhere)} 에는 있다)" if elsewhere else ""
    text = Text(
        f"port {short(port.id)} is bound to {host}, Open vSwitch there has no interface for it{more}",
        f"포트 {short(port.id)} 는 {host} 에 바인딩되어 있는데 그곳 Open vSwitch 에는 인터페이스가 없다{korean}",
    )
    return Contradiction("not-plugged", text, (f"cloud:{cloud}", f"host:{host}"))


def other_mac(port: Port, plug: Plug, host: str, cloud: str) -> Contradiction:
    text = Text(
        f"the port says {port.mac}, {plug.name} on {host} says {plug.mac}",
        f"포트는 {port.mac} 라고 하는데 {host} 의 {plug.name} 는 {plug.mac} 라고 한다",
    )
    return Contradiction("mac", text, (f"cloud:{cloud}", f"host:{host}"))


def other_owner(port: Port, plug: Plug, host: str, cloud: str) -> Contradiction:
    text = Text(
        f"the port belongs to server {port.device}, {plug.name} on {host} to server {plug.server}",
        f"포트는 서버 {port.device} 의 것인데 {host} 의 {plug.name} 는 서버 {plug.server} 의 것이다",
    )
    return Contradiction("plugged-server", text, (f"cloud:{cloud}", f"host:{host}"))


def not_wired(port: Port, plug: Plug, host: str, cloud: str) -> Contradiction:
    text = Text(
        f"the port is ACTIVE, {plug.name} on {host} has no VLAN of its network and passes nothing",
        f"포트는 ACTIVE 인데 {host} 의 {plug.name} 에는 네트워크 VLAN 이 없어 아무것도 통과하지 못한다",
    )
    return Contradiction("not-wired", text, (f"cloud:{cloud}", f"host:{host}"))


def broken_plug(port: Port, plug: Plug, host: str, cloud: str) -> Contradiction:
    why = plug.error or f"link {plug.link}"
    text = Text(
        f"the port is {port.status}, {plug.name} on {host} is not well: {why}",
        f"포트는 {port.status} 인데 {host} 의 {plug.name} 에 문제가 있다: {why}",
    )
    return Contradiction("plug-down", text, (f"cloud:{cloud}", f"host:{host}"))

"""Networks, router, security group and image of the lab, or its servers with ports and floating addresses.

Usage: seed.py networks|servers, with JSON on stdin: {"hypervisors": […], "agents": [[binary, host], …],
"servers": {name: {hypervisor, ip, mac, floating_ip}}}. May be run again.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import openstack

cloud: Any = openstack.connect()
network, compute = cloud.network, cloud.compute
INGRESS = (
    ("icmp", None, None),
    ("tcp", 22, 22),
    ("tcp", 179, 179),
    ("tcp", 6443, 6443),
    ("tcp", 10250, 10250),
    ("tcp", 30000, 32767),
    ("udp", 4789, 4789),
    ("udp", 8472, 8472),
)


def wait(what: str, test: Callable[[], Any], seconds: float = 150) -> Any:
    end = time.monotonic() + seconds
    while not (value := test()):
        if time.monotonic() > end:
            raise SystemExit(f"not in {seconds:g} s: {what}")
        time.sleep(0.5)
    return value


def make_networks() -> None:
    external = network.find_network("ext-net") or network.create_network(
        name="ext-net",
        is_router_external=True,
        provider_network_type="flat",
        provider_physical_network="provider",
    )
    private = network.find_network("private-net") or network.create_network(
        name="private-net", provider_network_type="vxlan", provider_segmentation_id=500
    )
    pool = {"start": "192.168.200.100", "end": "192.168.200.199"}
    add_subnet(external, "ext-subnet", "192.168.200.0/24", is_dhcp_enabled=False, allocation_pools=[pool])
    inside = add_subnet(private, "private-subnet", "10.0.0.0/24", dns_nameservers=["192.168.200.1"])
    if not network.find_router("router1"):
        router = network.create_router(name="router1", external_gateway_info={"network_id": external.id})
        network.add_interface_to_router(router, subnet_id=inside.id)


def add_subnet(parent: Any, name: str, cidr: str, **more: Any) -> Any:
    gateway = cidr.rpartition(".")[0] + ".1"
    return network.find_subnet(name) or network.create_subnet(
        network_id=parent.id, name=name, ip_version=4, cidr=cidr, gateway_ip=gateway, **more
    )


def make_security_group() -> None:
    if network.find_security_group("k8s"):
        return
    group = network.create_security_group(name="k8s", description="SSH, ICMP, Kubernetes, flannel")
    for protocol, low, high in INGRESS:
        network.create_security_group_rule(
            security_group_id=group.id,
            direction="ingress",
            ether_type="IPv4",
            protocol=protocol,
            port_range_min=low,
            port_range_max=high,
        )


def make_image_and_flavor() -> None:
    if not compute.find_flavor("m1.tiny"):
        compute.create_flavor(name="m1.tiny", ram=64, vcpus=1, disk=1)
    if not cloud.image.find_image("empty"):
        options = {"disk_format": "raw", "container_format": "bare", "visibility": "public"}
        cloud.create_image("empty", data=b"no driver of this lab reads it" * 32, wait=True, **options)


def make_port(name: str, wanted: dict[str, Any]) -> Any:
    private, subnet = network.find_network("private-net"), network.find_subnet("private-subnet")
    return network.find_port(name) or network.create_port(
        name=name,
        network_id=private.id,
        mac_address=wanted["mac"],
        security_group_ids=[network.find_security_group("k8s").id],
        fixed_ips=[{"subnet_id": subnet.id, "ip_address": wanted["ip"]}],
    )


def add_floating_ip(port: Any, address: str) -> None:
    external = network.find_network("ext-net")
    if not list(network.ips(floating_ip_address=address)):
        network.create_ip(floating_network_id=external.id, floating_ip_address=address, port_id=port.id)


def make_server(name: str, wanted: dict[str, Any]) -> Any:
    return compute.find_server(name) or compute.create_server(
        name=name,
        image_id=cloud.image.find_image("empty").id,
        flavor_id=compute.find_flavor("m1.tiny").id,
        networks=[{"port": network.find_port(name).id}],
        availability_zone=f"nova:{wanted['hypervisor']}",
    )


def settled(server: Any) -> Any:
    now = compute.get_server(server.id)
    return now if now.status in ("ACTIVE", "ERROR") else None


def active(name: str) -> bool:
    return any(network.ports(name=name, status="ACTIVE"))


def networks(wanted: dict[str, Any]) -> None:
    make_networks()
    make_security_group()
    make_image_and_flavor()
    for name, server in wanted["servers"].items():
        add_floating_ip(make_port(name, server), server["floating_ip"])


def servers(wanted: dict[str, Any]) -> None:
    agents = {tuple(agent) for agent in wanted["agents"]}
    hypervisors = set(wanted["hypervisors"])
    wait("nova-compute", lambda: hypervisors <= {one.host for one in compute.services() if one.state == "up"})
    wait("agents", lambda: agents <= {(one.binary, one.host) for one in network.agents() if one.is_alive})
    made = [make_server(name, server) for name, server in wanted["servers"].items()]
    for server in made:
        now = wait(f"server {server.name}", partial(settled, server))
        if now.status == "ERROR":
            raise SystemExit(f"{now.name}: {now.fault}")
    for name in wanted["servers"]:
        wait(f"port {name} ACTIVE", partial(active, name))
    wait("floating addresses ACTIVE", lambda: all(ip.status == "ACTIVE" for ip in network.ips()))


if __name__ == "__main__":
    {"networks": networks, "servers": servers}[sys.argv[1]](json.load(sys.stdin))

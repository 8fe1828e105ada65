"""Routes of the physical hosts: by BGP as FRR learns them, or by hand."""

from lab.bash import lines, write
from lab.machines import FLOATING, HOSTS, Host


def static_routes(host: str) -> list[str]:
    """Each host routes the other hosts' libvirt networks by hand."""
    routes = [f"{other.subnet} via {other.ip}" for name, other in HOSTS.items() if name != host]
    return routes + ([f"{FLOATING} via 10.10.10.1"] if host != "openstack-host" else [])


def route_floating(host: str) -> str:
    """The floating IP of the instance behind compute-2-host."""
    gateway = {"openstack-host": "10.10.10.3", "compute-2-host": "45.120.120.154"}.get(host)
    return f"ip route replace 192.168.200.129/32 via {gateway}\n" if gateway else ""


def route_by_hand(host: str) -> str:
    routes = [f"ip route replace {route}" for route in static_routes(host)]
    return lines("systemctl stop frr", *routes)


def route_by_bgp(host: str) -> str:
    by_hand = [f"ip route del {route} proto boot 2>/dev/null || true" for route in static_routes(host)]
    return lines(*by_hand) + restart_frr(host)


def restart_frr(host: str, own_as: bool = False) -> str:
    """`own_as`: each host is an AS of its own, and nobody wrote a policy."""
    return write("/etc/frr/frr.conf", frr_conf(host, own_as), "640") + lines(
        "chown frr:frr /etc/frr/frr.conf",
        "systemctl reset-failed frr 2>/dev/null || true",
        "systemctl restart frr",
    )


def frr_conf(host: str, own_as: bool = False) -> str:
    """iBGP full mesh in AS 65000; every host announces what is connected to it."""
    peers = [(peer, _as_of(name, own_as)) for name, peer in HOSTS.items() if name != host]
    return lines(
        "frr defaults traditional",
        f"hostname {host}",
        "log syslog informational",
        "!",
        f"router bgp {_as_of(host, own_as)}",
        f" bgp router-id {HOSTS[host].ip}",
        " timers bgp 3 9",
        *(line for peer, number in peers for line in _neighbour(peer, number, HOSTS[host].nic)),
        " address-family ipv4 unicast",
        "  redistribute connected",
        *(f"  neighbor {peer.ip} next-hop-self" for peer, _ in peers),
        " exit-address-family",
        "!",
        "line vty",
        "!",
    )


def _as_of(host: str, own_as: bool) -> int:
    return 65001 + list(HOSTS).index(host) if own_as else 65000


def _neighbour(peer: Host, number: int, nic: str) -> list[str]:
    return [
        f" neighbor {peer.ip} remote-as {number}",
        f" neighbor {peer.ip} update-source {nic}",
        f" neighbor {peer.ip} timers connect 1",
    ]

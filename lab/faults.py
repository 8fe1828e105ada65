"""Faults as data. Every step changes a real machine; nothing is simulated in text."""

from dataclasses import dataclass

from lab.machines import HOSTS, ROOT, End
from lab.routing import restart_frr, route_by_bgp, route_by_hand, route_floating


@dataclass(frozen=True, slots=True)
class Run:
    """bash text, run as root in a machine."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Plug:
    """A new cable between two machines."""

    one: End
    other: End


@dataclass(frozen=True, slots=True)
class RestoreIdentity:
    """The machine's first host key, and the known_hosts files that name it."""

    machine: str


@dataclass(frozen=True, slots=True)
class RestoreFirewall:
    """The machine's rules as `up` loaded them."""

    machine: str


Step = Run | Plug | RestoreIdentity | RestoreFirewall


@dataclass(frozen=True, slots=True)
class Fault:
    about: str
    breaks: tuple[Step, ...]
    undo: tuple[Step, ...]
    """Back to the healthy lab, from the broken state or from any repair of it."""
    shows: Run
    """The command whose output an operator would paste."""
    settle: float = 0
    """Seconds until the fault shows all its effects."""
    more: tuple[Run, ...] = ()
    """What the operator would paste besides."""
    shown: Run | None = None
    """Succeeds once the fault shows all its effects, where that takes longer now and then."""
    part: str = ""
    """What of lab/parts.py the lab must have, with spaces between."""


def _ping(where: str, ip: str) -> Run:
    return Run(where, f"ping -c2 -W1 {ip}")


def _login(host: str) -> Run:
    return Run(ROOT, f"ssh -F {{ssh_config}} {host} hostname")


def _by_bgp() -> tuple[Step, ...]:
    return tuple(Run(host, route_by_bgp(host)) for host in HOSTS)


_NO_WAY = "! ip route get 192.168.100.101"
"""Shows on kubernetes-host that a route learned by BGP is gone."""
_DRIFTED = "'router bgp 65000' -c 'address-family ipv4 unicast' -c 'no redistribute connected'"
_SAVE = "iptables-save > /etc/sysconfig/iptables"
_NEW_KEY = (
    "cd /etc/ssh; rm -f ssh_host_ed25519_key*; "
    "ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key; systemctl restart ssh"
)
_STRAY = "192.168.200.106/32 via 10.10.10.3"
_SSH_ON = "systemctl reset-failed ssh; systemctl start ssh"
_CONTROLLER_ROUTES = ("default via 192.168.100.1 dev br-ex", "172.20.112.0/24 via 192.168.100.1 dev br-ex")

_BUSY = "192.168.100.102"
# Established, so none of them makes room for a new one; and whatever ends is taken at once.
_FILL_TABLE = f"""cat >/run/greedy <<'END'
# FIRST COUNT NETWORK
flow="-I -p tcp -s {_BUSY} -d $3.%d --sport %d --dport 443 --state ESTABLISHED -u ASSURED,SEEN_REPLY -t 7200"
awk -v first=$1 -v count=$2 -v flow="$flow\\n" \\
'BEGIN {{ for (i = first; i < first + count; i++) printf flow, 1 + i / 60000 % 250, 1024 + i % 60000 }}' \\
| conntrack -R - >/dev/null 2>&1
END
most=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
bash /run/greedy 0 $most 203.0.113
systemd-run -q --unit=greedy bash -c \\
'first=0; while sleep 0.1; do bash /run/greedy $first 50 198.51.100; first=$((first + 50)); done'"""
_EMPTY_TABLE = (
    f"systemctl stop greedy 2>/dev/null; rm -f /run/greedy; conntrack -D -s {_BUSY} >/dev/null 2>&1; true"
)

FAULTS: dict[str, Fault] = {
    "libvirt-reject": Fault(
        "libvirt's LIBVIRT_FWI chain on openstack-host rejects new flows to the controller",
        breaks=(
            Run(
                "openstack-host",
                f"iptables -D LIBVIRT_FWI -s 10.10.10.0/24 -d 192.168.100.0/24 -j ACCEPT; {_SAVE}",
            ),
        ),
        undo=(RestoreFirewall("openstack-host"),),
        shows=_ping("master", "192.168.100.101"),
    ),
    "missing-route": Fault(
        "routes by hand, and kubernetes-host has none to 192.168.100.0/24",
        breaks=(
            *(Run(host, route_by_hand(host)) for host in HOSTS),
            Run("kubernetes-host", "ip route del 192.168.100.0/24 via 10.10.10.1"),
        ),
        undo=_by_bgp(),
        shows=_ping("master", "192.168.100.101"),
    ),
    "one-way-route": Fault(
        "requests reach the controller, its replies have no route back",
        breaks=(Run("controller", "ip route del default; ip route del 172.20.112.0/24"),),
        undo=(Run("controller", "; ".join(f"ip route replace {route}" for route in _CONTROLLER_ROUTES)),),
        shows=_ping("master", "192.168.100.101"),
    ),
    "ip-forward-off": Fault(
        "openstack-host does not forward",
        breaks=(Run("openstack-host", "sysctl -q -w net.ipv4.ip_forward=0"),),
        undo=(Run("openstack-host", "sysctl -q -w net.ipv4.ip_forward=1"),),
        shows=_ping("master", "192.168.100.101"),
    ),
    "rp-filter": Fault(
        "a second cable makes the path asymmetric, and openstack-host filters strictly",
        breaks=(
            Plug(End("openstack-host", "enp8s0"), End("kubernetes-host", "enp9s0")),
            Run(
                "openstack-host",
                "ip addr add 10.99.0.1/30 dev enp8s0; ip link set enp8s0 up; "
                "sysctl -q -w net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.enp8s0.rp_filter=1",
            ),
            Run(
                "kubernetes-host",
                "ip addr add 10.99.0.2/30 dev enp9s0; ip link set enp9s0 up; "
                "sysctl -q -w net.ipv4.conf.enp9s0.arp_announce=2; "
                "ip route add 192.168.100.0/24 via 10.99.0.1 dev enp9s0 src 10.10.10.2",
            ),
        ),
        undo=(Run("openstack-host", "ip link del enp8s0 2>/dev/null; sysctl -q -w net.ipv4.conf.all.rp_filter=0"),),
        shows=_ping("kubernetes-host", "192.168.100.101"),
    ),
    "sshd-down": Fault(
        "sshd is stopped on the controller: connection refused",
        breaks=(Run("controller", "systemctl stop ssh"),),
        undo=(Run("controller", _SSH_ON),),
        shows=_login("controller"),
    ),
    "hostkey-changed": Fault(
        "compute has a new SSH host key",
        breaks=(Run("compute", _NEW_KEY),),
        undo=(RestoreIdentity("compute"),),
        shows=_login("compute"),
    ),
    "ssh-drop": Fault(
        "compute drops every packet to port 22: connecting hangs",
        breaks=(Run("compute", "iptables -I INPUT -p tcp --dport 22 -j DROP"),),
        undo=(RestoreFirewall("compute"),),
        shows=_login("compute"),
    ),
    "ssh-frozen": Fault(
        "sshd of compute2 is stopped by SIGSTOP: TCP connects, no banner ever comes",
        breaks=(Run("compute2", "systemctl kill -s STOP ssh"),),
        undo=(Run("compute2", f"systemctl kill -s CONT ssh; {_SSH_ON}"),),
        shows=_login("compute2"),
    ),
    "host-silent": Fault(
        "kubernetes-host drops every packet that comes in on its uplink",
        breaks=(
            Run(
                "kubernetes-host",
                "iptables -I INPUT -i enp0s20f0u2 -j DROP; iptables -I FORWARD -i enp0s20f0u2 -j DROP",
            ),
        ),
        undo=(RestoreFirewall("kubernetes-host"),),
        shows=_login("kubernetes-host"),
        settle=10,
    ),
    "fip-arp": Fault(
        "openstack-host has no route for the floating IP behind compute-2-host, and asks for it on its own bridge",
        breaks=(Run("openstack-host", "ip route del 192.168.200.129/32; ip neigh flush dev virbr10"),),
        undo=(Run("openstack-host", route_floating("openstack-host")),),
        shows=Run("controller", "ping -c4 -W3 192.168.200.129"),
    ),
    "fip-loop": Fault(
        "openstack-host has a route for one floating IP to compute-2-host, which sends it back",
        breaks=(Run("openstack-host", f"ip route replace {_STRAY}"),),
        undo=(Run("openstack-host", f"ip route del {_STRAY} 2>/dev/null; true"),),
        shows=_ping("master", "192.168.200.106"),
        more=(Run("master", "traceroute -n -q 1 -w 1 -m 6 192.168.200.106"),),
    ),
    "conntrack-full": Fault(
        "compute left so many connections open that openstack-host's table is full: nothing new gets through",
        breaks=(Run("openstack-host", _FILL_TABLE),),
        undo=(Run("openstack-host", _EMPTY_TABLE),),
        shows=_login("openstack-host"),
        shown=Run("operator", "! ping -c3 -i 0.3 -W1 10.10.10.1"),
    ),
    "bgp-remote-as": Fault(
        "kubernetes-host expects AS 65001 of openstack-host, which is AS 65000",
        breaks=(
            Run(
                "kubernetes-host",
                "sed -i 's/10.10.10.1 remote-as 65000/10.10.10.1 remote-as 65001/' /etc/frr/frr.conf; "
                "systemctl restart frr",
            ),
        ),
        undo=(Run("kubernetes-host", restart_frr("kubernetes-host")),),
        shows=Run("kubernetes-host", "vtysh -c 'show bgp summary'"),
        shown=Run(
            "kubernetes-host",
            f"{_NO_WAY} && ip route get 45.120.120.154 "
            "&& vtysh -c 'show bgp neighbors 10.10.10.1' | grep -q 'Bad Peer AS'",
        ),
    ),
    "bgp-no-policy": Fault(
        "each host is an AS of its own, and no session has a policy: they are up and carry nothing",
        breaks=tuple(Run(host, restart_frr(host, own_as=True)) for host in HOSTS),
        undo=tuple(Run(host, restart_frr(host)) for host in HOSTS),
        shows=Run("kubernetes-host", "vtysh -c 'show bgp summary'"),
        shown=Run("kubernetes-host", f"{_NO_WAY} && [ $(vtysh -c 'show bgp summary' | grep -c '(Policy)') = 2 ]"),
    ),
    "bgp-config-drift": Fault(
        "bgpd of openstack-host announces nothing any more, and its file says that it should",
        breaks=(Run("openstack-host", f"vtysh -c 'configure terminal' -c {_DRIFTED}"),),
        undo=(Run("openstack-host", restart_frr("openstack-host")),),
        shows=_ping("master", "192.168.100.101"),
        shown=Run("kubernetes-host", _NO_WAY),
    ),
    "bgp-down": Fault(
        "FRR is stopped on openstack-host: its neighbours lose the session and the routes",
        breaks=(Run("openstack-host", "systemctl stop frr"),),
        undo=(Run("openstack-host", restart_frr("openstack-host")),),
        shows=_ping("master", "192.168.100.101"),
        shown=Run("kubernetes-host", _NO_WAY),
    ),
}

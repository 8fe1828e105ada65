"""Faults of packet sizes: small packets pass, large ones vanish, and nobody says why."""

from lab.faults import Fault, RestoreFirewall, Run
from lab.machines import FLANNEL_MTU, HOSTS, PRIVATE_MTU, QR_IF, WORKERS

_USUAL, _NARROW, _OVERHEAD = 1500, 1400, 50
_UPLINK = HOSTS["kubernetes-host"].nic
_FORGET = "ip route flush cache"
"""Sizes that a kernel once learned live on for ten minutes."""


def _site_mtu(size: int) -> tuple[Run, ...]:
    """Of the physical network, and of what lies on top of it as people would then set it."""
    private = size - _OVERHEAD
    hosts = (Run(name, f"ip link set {host.nic} mtu {size}; {_FORGET}") for name, host in HOSTS.items())
    gateways = (
        Run(worker.hypervisor, f"ip link set {QR_IF} mtu {private}; {_FORGET}") for worker in WORKERS.values()
    )
    return (*hosts, *gateways, *_worker_mtu(private, private - _OVERHEAD), *_forgotten())


def _forgotten() -> tuple[Run, ...]:
    return tuple(Run(name, _FORGET) for name in ("controller", "master"))


def _worker_mtu(eth0: int, pods: int) -> tuple[Run, ...]:
    """What a worker believes its network and its pods' network take."""
    text = (
        f"ip link set eth0 mtu {eth0}; ip link set flannel.1 mtu {pods}\n"
        f"for p in pod2 pod3; do ip -n $p link set eth0 mtu {pods}; ip link set veth$p mtu {pods}; done\n"
        f"ip link set cni0 mtu {pods}; sed -i 's/^FLANNEL_MTU=.*/FLANNEL_MTU={pods}/' /run/flannel/subnet.env\n"
        f"{_FORGET}"
    )
    return tuple(Run(name, text) for name in WORKERS)


MTU_FAULTS: dict[str, Fault] = {
    "mtu-icmp-dropped": Fault(
        f"the physical network takes {_NARROW} bytes, and openstack-host's firewall keeps it from saying so",
        breaks=(
            *_site_mtu(_NARROW),
            Run("openstack-host", "iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP"),
        ),
        undo=(*_site_mtu(_USUAL), RestoreFirewall("openstack-host")),
        shows=Run("controller", "timeout 4 ssh -v -o BatchMode=yes 172.20.112.101 hostname 2>&1 | tail -n 4"),
        more=(Run("controller", "ping -M do -s 1472 -c2 -W1 172.20.112.101"),),
    ),
    "mtu-blackhole": Fault(
        f"the workers believe that private-net takes {_USUAL} bytes, and it takes {PRIVATE_MTU}",
        breaks=_worker_mtu(_USUAL, _USUAL - _OVERHEAD),
        undo=_worker_mtu(PRIVATE_MTU, FLANNEL_MTU),
        shows=Run("k8s-worker-1", "ping -M do -s 1422 -c2 -W1 10.244.2.2"),
    ),
    "mtu-mismatch": Fault(
        f"kubernetes-host's uplink takes {_NARROW} bytes, its neighbours send {_USUAL}",
        breaks=(Run("kubernetes-host", f"ip link set {_UPLINK} mtu {_NARROW}; {_FORGET}"), *_forgotten()),
        undo=(Run("kubernetes-host", f"ip link set {_UPLINK} mtu {_USUAL}; {_FORGET}"), *_forgotten()),
        shows=Run("controller", "ping -M do -s 1472 -c2 -W1 172.20.112.101"),
    ),
}

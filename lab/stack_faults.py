"""Faults of a lab that has both: a cluster on servers of the cloud."""

from dataclasses import replace

from lab.cloud.steps import (
    OUT,
    PORT,
    RULES,
    all_out,
    at_will,
    drops_of_tap,
    no_own_groups,
    no_rule,
    only_out,
    rule,
)
from lab.faults import Fault
from lab.kube.fault_calico import calico
from lab.kube.faults import KUBE_FAULTS
from lab.machines import FLANNEL_PORT
from lab.parts import KUBE, OPENSTACK

_BOTH = f"{OPENSTACK} {KUBE}"
_BLOCKED = KUBE_FAULTS["vxlan-blocked"]


def _on_servers(fault: str, about: str) -> Fault:
    """Pods' own addresses, where Neutron's real filter drops them."""
    one = KUBE_FAULTS[fault]
    forgotten = at_will("port set --no-allowed-address k8s-worker-1", "port set --no-allowed-address k8s-worker-2")
    more = (*one.more, PORT, drops_of_tap())
    return replace(one, about=about, undo=(forgotten, *one.undo), more=more, part=_BOTH)


def _ipip_dropped() -> Fault:
    """Both nodes send: what one lets out would let in what the other sends, so it is not let out either."""
    one = calico(
        "a pool of Calico says Always for IP in IP, and the nodes' security group lets only TCP, UDP and ICMP pass",
        "Always",
        "Never",
    )
    breaks = (*only_out("tcp", "udp", "icmp"), *one.breaks)
    undo = (no_own_groups(), *one.undo, *all_out())
    return replace(one, breaks=breaks, undo=undo, more=(*one.more, RULES, OUT), part=_BOTH)


STACK_FAULTS: dict[str, Fault] = {
    "flannel-host-gw": _on_servers(
        "hostgw-port-security",
        "flannel in host-gw mode: Neutron's port security drops what pods send to the other node",
    ),
    "flannel-directrouting": _on_servers(
        "directrouting-port-security",
        "flannel with DirectRouting: Neutron's port security drops what pods send to the other node",
    ),
    "calico-on-servers": _on_servers(
        "calico-crosssubnet",
        "a pool of Calico says CrossSubnet, and Neutron's port security drops what is sent without a tunnel",
    ),
    "calico-ipip-dropped": _ipip_dropped(),
    "sg-no-flannel": replace(
        _BLOCKED,
        about="the nodes' security group lacks the UDP port of flannel's tunnel: their pods do not talk across",
        breaks=(no_rule("udp", FLANNEL_PORT),),
        undo=(no_own_groups(), rule("udp", FLANNEL_PORT)),
        more=(RULES,),
        part=_BOTH,
    ),
}

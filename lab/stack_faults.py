"""Faults of a lab that has both: a cluster on servers of the cloud."""

from dataclasses import replace

from lab.cloud.steps import PORT, at_will, drops_of_tap
from lab.faults import Fault
from lab.kube.faults import KUBE_FAULTS
from lab.parts import KUBE, OPENSTACK

_HOST_GW = KUBE_FAULTS["hostgw-port-security"]

STACK_FAULTS: dict[str, Fault] = {
    "flannel-host-gw": replace(
        _HOST_GW,
        about="flannel in host-gw mode: Neutron's port security drops what pods send to the other node",
        undo=(
            at_will("port set --no-allowed-address k8s-worker-1", "port set --no-allowed-address k8s-worker-2"),
            *_HOST_GW.undo,
        ),
        more=(*_HOST_GW.more, PORT, drops_of_tap()),
        part=f"{OPENSTACK} {KUBE}",
    )
}

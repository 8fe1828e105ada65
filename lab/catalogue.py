"""Every fault there is: those of the network, and those of the parts."""

from lab.cloud.faults import CLOUD_FAULTS
from lab.fault_mtu import MTU_FAULTS
from lab.faults import FAULTS, Fault
from lab.kube.faults import KUBE_FAULTS
from lab.stack_faults import STACK_FAULTS

NETWORK_FAULTS: dict[str, Fault] = FAULTS | MTU_FAULTS
EVERY_FAULT: dict[str, Fault] = NETWORK_FAULTS | KUBE_FAULTS | CLOUD_FAULTS | STACK_FAULTS

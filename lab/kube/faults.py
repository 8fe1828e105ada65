"""All faults of the cluster."""

from lab.faults import Fault
from lab.kube.fault_calico import CALICO_FAULTS
from lab.kube.fault_control import CONTROL_FAULTS
from lab.kube.fault_disks import DISK_FAULTS
from lab.kube.fault_dns import DNS_FAULTS
from lab.kube.fault_harbor import HARBOR_FAULTS
from lab.kube.fault_network import NETWORK_FAULTS
from lab.kube.fault_nodes import NODE_FAULTS
from lab.kube.fault_overlap import OVERLAP_FAULTS
from lab.kube.fault_policy import POLICY_FAULTS
from lab.kube.fault_services import SERVICE_FAULTS
from lab.kube.fault_workloads import WORKLOAD_FAULTS

KUBE_FAULTS: dict[str, Fault] = (
    NODE_FAULTS
    | DISK_FAULTS
    | NETWORK_FAULTS
    | CALICO_FAULTS
    | OVERLAP_FAULTS
    | DNS_FAULTS
    | POLICY_FAULTS
    | SERVICE_FAULTS
    | CONTROL_FAULTS
    | WORKLOAD_FAULTS
    | HARBOR_FAULTS
)

"""Faults of a lab with OpenStack."""

from lab.cloud.fault_agents import AGENT_FAULTS
from lab.cloud.fault_kolla import KOLLA_FAULTS
from lab.cloud.fault_network import NETWORK_FAULTS
from lab.cloud.fault_services import SERVICE_FAULTS
from lab.faults import Fault

CLOUD_FAULTS: dict[str, Fault] = AGENT_FAULTS | KOLLA_FAULTS | NETWORK_FAULTS | SERVICE_FAULTS

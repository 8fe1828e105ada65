"""Facts of clouds. What a role may not see is empty, and a field beside it says that it was not shown."""

from __future__ import annotations

from dataclasses import dataclass

# ------------------------------------------------------------------ the way to it


@dataclass(frozen=True, slots=True)
class ServiceReach:
    type: str
    """`network`, `compute`, `image` …, as the catalogue calls it."""
    url: str
    answers: bool
    """Something of HTTP came back that is no error of the server; a refusal for want of a role is an answer."""
    state: str
    """Empty, the HTTP status, or refused, silent, unreachable, expired, untrusted …"""
    error: str
    hint: str


@dataclass(frozen=True, slots=True)
class CloudReach:
    """The way to a cloud's APIs, layer by layer."""

    cloud: str
    stopped_at: str
    """Empty when all is well, else the first layer that failed: config, name, route, port, proxy, tls, answer,
    login, catalogue, service."""
    state: str
    """Of a port: refused, silent, unreachable. Of a certificate: expired, not-yet-valid, untrusted, wrong-name,
    own-certificate, no-tls. Else the HTTP status, or empty."""
    url: str
    """What was asked when it failed; without a failure, Keystone's."""
    address: str
    not_before: str
    """Of a certificate that was refused."""
    not_after: str
    user: str
    project: str
    roles: tuple[str, ...]
    services: tuple[ServiceReach, ...]
    silent: tuple[str, ...]
    """Types of those services that do not answer."""
    error: str
    hint: str
    seconds: float
    """Of the fastest answer, as asked from here; 0 where the way ends before."""
    port: int = 0
    """Of what was asked when it failed, beside its address."""

    @property
    def untold(self) -> str:
        """Why nobody could look further."""
        return self.error if self.stopped_at else ""


# ------------------------------------------------------------------ servers


@dataclass(frozen=True, slots=True)
class ServerAddress:
    network: str
    address: str
    mac: str
    kind: str
    """fixed or floating."""


@dataclass(frozen=True, slots=True)
class Server:
    id: str = ""
    name: str = ""
    status: str = ""
    """ACTIVE, BUILD, ERROR, SHUTOFF …"""
    vm_state: str = ""
    task_state: str = ""
    """Empty when nothing is being done to it."""
    power: str = ""
    """running, paused, shutdown, crashed, suspended, or empty."""
    fault_code: int = 0
    fault_message: str = ""
    fault_details: str = ""
    """For administrators."""
    host: str = ""
    """nova-compute's host; empty where the server was never placed, or `placed_known` is false."""
    hypervisor: str = ""
    instance_name: str = ""
    """libvirt's name for it, `instance-0000001a`."""
    placed_known: bool = False
    """The role may see where servers are."""
    zone: str = ""
    project: str = ""
    created: str = ""
    updated: str = ""
    addresses: tuple[ServerAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class CloudServer:
    cloud: str
    asked: str
    count: int
    """Servers that fit: two may have one name, or one address in two networks."""
    server: Server
    """The one that fits best; its `id` is empty when there is none."""
    servers: tuple[Server, ...]
    everywhere: bool
    """All projects were looked at; else only that of the login."""
    near: tuple[str, ...]
    """Asked by a name that no server has: names that begin with it."""


@dataclass(frozen=True, slots=True)
class Servers:
    cloud: str
    count: int
    servers: tuple[Server, ...]
    everywhere: bool
    """All projects were looked at; else only that of the login."""
    partial: str
    """Why there are only names and ids: Nova asks Neutron for the rest. Empty when all was seen."""


@dataclass(frozen=True, slots=True)
class ActionEvent:
    event: str
    """`compute__do_build_and_run_instance`, `conductor_schedule_and_build_instances` …"""
    result: str
    """Success, Error, or empty while it runs."""
    host: str
    reason: str
    """What the failed event says; the last line of its traceback for administrators."""
    started: str


@dataclass(frozen=True, slots=True)
class ServerAction:
    action: str
    """create, stop, reboot, live-migration …"""
    request_id: str
    message: str
    started: str
    events: tuple[ActionEvent, ...]


@dataclass(frozen=True, slots=True)
class HostReason:
    host: str
    reason: str


@dataclass(frozen=True, slots=True)
class ServerActions:
    cloud: str
    server: str
    actions: tuple[ServerAction, ...]
    """Newest first."""
    failed: tuple[HostReason, ...]
    """Of the newest action: each host that tried, and why it failed there."""
    hosts: tuple[str, ...]
    """The hosts of `failed`, each once."""


# ------------------------------------------------------------------ agents and services


@dataclass(frozen=True, slots=True)
class Agent:
    id: str
    kind: str
    """`Open vSwitch agent`, `L3 agent`, `DHCP agent`, `Metadata agent`, `OVN Controller agent` …"""
    binary: str
    host: str
    alive: bool
    admin_up: bool
    zone: str
    heartbeat: str
    age: int
    """Seconds since its heartbeat, by the API's clock; -1 when one of both is not known."""
    bridge_mappings: dict[str, str]
    """Physical network → bridge."""
    tunnel_types: tuple[str, ...]
    tunneling_ip: str


@dataclass(frozen=True, slots=True)
class Agents:
    cloud: str
    agents: tuple[Agent, ...]
    dead: tuple[Agent, ...]
    """Those that are not alive."""


@dataclass(frozen=True, slots=True)
class ComputeService:
    id: str
    binary: str
    host: str
    zone: str
    enabled: bool
    up: bool
    forced_down: bool
    updated: str
    age: int
    """Seconds since it last reported, by the API's clock; -1 when one of both is not known."""
    disabled_reason: str


@dataclass(frozen=True, slots=True)
class ComputeServices:
    cloud: str
    services: tuple[ComputeService, ...]
    down: tuple[ComputeService, ...]
    disabled: tuple[ComputeService, ...]


@dataclass(frozen=True, slots=True)
class Hypervisor:
    id: str
    name: str
    """hypervisor_hostname: the machine's own full name."""
    host: str
    """nova-compute's host, what ports and servers are bound to."""
    address: str
    kind: str
    up: bool
    enabled: bool


@dataclass(frozen=True, slots=True)
class Hypervisors:
    cloud: str
    hypervisors: tuple[Hypervisor, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    resource: str
    """instances, cores, ram (MiB), server_groups; network, subnet, port, router, floatingip, security_group …"""
    option: str
    """Of `openstack quota set`, without its dashes."""
    limit: int
    """-1 without one."""
    used: int
    """With what is reserved for what is being made."""


@dataclass(frozen=True, slots=True)
class Quota:
    cloud: str
    project: str
    """Its id."""
    name: str
    """Empty where it was asked for by its id."""
    limits: tuple[Limit, ...]
    full: tuple[Limit, ...]
    """Those of which nothing is left."""
    unseen: tuple[str, ...]
    """Services that did not say: compute, network."""

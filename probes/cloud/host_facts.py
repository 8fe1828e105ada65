"""Facts of OpenStack's own machines, as they are seen without any API."""

from __future__ import annotations

from dataclasses import dataclass

from probes.linux.facts import Unit

# ------------------------------------------------------------------ services and agents


@dataclass(frozen=True, slots=True)
class StackUnit(Unit):
    """A service of OpenStack as systemd has it, whoever packaged it."""

    service: str = ""
    """Its one name: nova-compute for openstack-nova-compute.service and kolla-nova_compute-container.service."""
    container: str = ""
    """Where it runs in one; its process is the one inside."""
    engine: str = ""
    """podman or docker."""


@dataclass(frozen=True, slots=True)
class StackUnits:
    """All of them, on all hosts of the site that could be asked."""

    asked: tuple[str, ...]
    """Hosts that have such units."""
    unseen: tuple[str, ...]
    """Hosts that could not be asked."""
    units: tuple[StackUnit, ...]
    wrong: tuple[StackUnit, ...]
    """Stopped although enabled, failed, frozen, or failing."""


# ------------------------------------------------------------------ configuration


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Options as the process itself was told them: its command line, its files in their order."""

    host: str
    unit: str
    pid: int
    """0 where it does not run; then the files are those that its unit names."""
    files: tuple[str, ...]
    values: dict[str, str]
    """`section/option` → value, as oslo.config would read it; empty where no file sets it."""
    set_in: dict[str, str]
    """`section/option` → the file that decides."""
    changed: tuple[str, ...]
    """Files that were written after the process had started: what they say now is not what it runs with."""
    container: str = ""
    """Its container, where it runs in one; files are those that it sees there."""
    engine: str = ""
    """podman or docker."""


@dataclass(frozen=True, slots=True)
class KollaSetting:
    """An option of a service that kolla-ansible deploys: what the node has, and what should come there."""

    host: str
    container: str
    engine: str
    """podman or docker."""
    unit: str
    """Its unit of systemd, which kolla-ansible makes since 2023.1; empty where there is none."""
    node_file: str
    """What the container copies its file from."""
    on_node: str
    """The option's value there; empty where it is not set."""
    copies_once: bool
    """KOLLA_CONFIG_STRATEGY=COPY_ONCE: what came to the node after the container was made is never read."""
    deploy_host: str
    """Where kolla-ansible's globals.yml was found; empty when nowhere."""
    variables: dict[str, str]
    """Of globals.yml: those that decide about bridge mappings; those that it does not set are missing."""
    computes_get_mappings: bool
    """Whether these variables make kolla-ansible give compute nodes any bridge mappings."""
    wanted: str
    """The value in the operator's own files below `node_custom_config`; empty where none sets it."""
    wanted_in: str
    """The file that decides."""


@dataclass(frozen=True, slots=True)
class InstancesPath:
    """Where nova-compute keeps its servers' disks."""

    host: str
    path: str
    exists: bool
    owner: str
    group: str
    mode: str
    """Octal."""
    user: str
    """Whom nova-compute runs as."""
    mount: str
    """The mount point it lies on."""
    read_only: bool
    """That file system is mounted read-only."""
    free: int
    """Bytes that are left there."""
    writable: bool
    """That user may write there, and the file system lets him."""
    container: str = ""
    """Where it runs in one: path and mount are those that it sees there, users are numbers."""


# ------------------------------------------------------------------ bindings


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A physical network of the cloud that an agent has no bridge for."""

    physical: str
    networks: tuple[str, ...]
    """Names of the networks on it."""
    bridge: str
    """The bridge that most of the other agents have for it; empty when none has."""
    others: tuple[str, ...]
    """Hosts whose agents have it."""


@dataclass(frozen=True, slots=True)
class HostBinding:
    """Whether ports can be bound on a host, as its agent's row says."""

    cloud: str
    host: str
    agent: str
    """Id of the agent that binds ports there; empty when there is none."""
    kind: str
    binary: str
    alive: bool
    admin_up: bool
    mappings: dict[str, str]
    tunneling_ip: str
    unmapped: tuple[Unmapped, ...]
    tunnel_types: tuple[str, ...] = ()
    """Kinds of tunnels that the agent makes."""
    stranded: tuple[str, ...] = ()
    """Ports on tunnel networks that are bound there although the agent makes no tunnels."""


@dataclass(frozen=True, slots=True)
class RefusedPort:
    port: str
    host: str
    network: str
    """network_type: flat, vlan, vxlan …; empty where it is not said."""
    physical: str
    """physical_network; empty for tunnels."""
    dead_agent: bool
    """Refused because Neutron takes the agent for dead."""


@dataclass(frozen=True, slots=True)
class RefusedPorts:
    """What Neutron's server wrote when it could not bind ports, newest first."""

    asked: tuple[str, ...]
    """Hosts where Neutron's server runs."""
    refused: tuple[RefusedPort, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    name: str
    id: str


@dataclass(frozen=True, slots=True)
class Cells:
    """Nova's cells and the hosts that are mapped to them, as `nova-manage` knows."""

    host: str
    cells: tuple[Cell, ...]
    mapped: tuple[str, ...]
    """Hosts that are in a cell."""
    container: str = ""
    """Where nova-manage was run, if not on the machine itself."""
    engine: str = ""
    """podman or docker."""


# ------------------------------------------------------------------ Open vSwitch


@dataclass(frozen=True, slots=True)
class Tunnel:
    name: str
    bridge: str
    kind: str
    local: str
    remote: str
    error: str
    port: int
    """UDP; 0 for gre."""


@dataclass(frozen=True, slots=True)
class PatchPort:
    name: str
    bridge: str
    peer: str
    works: bool
    """The peer is there, and points back."""


@dataclass(frozen=True, slots=True)
class Bridge:
    name: str
    ports: tuple[str, ...]
    fail_mode: str
    flows: int
    """-1 where they could not be counted."""


@dataclass(frozen=True, slots=True)
class OpenVswitch:
    host: str
    names: tuple[str, ...]
    """Of the bridges."""
    bridges: tuple[Bridge, ...]
    tunnels: tuple[Tunnel, ...]
    patches: tuple[PatchPort, ...]
    broken: tuple[PatchPort, ...]
    """Patch ports that lead nowhere."""
    empty: tuple[str, ...]
    """Bridges in `secure` mode without a flow: they pass nothing."""
    failed: tuple[str, ...]
    """Interfaces with an error."""

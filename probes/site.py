"""The site: what there is to look at, from `site.yaml` and OpenSSH configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Host:
    name: str
    addresses: tuple[str, ...] = ()
    """Known before anything is asked: HostName of the SSH configuration, `addresses` of site.yaml."""
    console: tuple[str, ...] = ()
    """Program on the operator's machine that runs a shell on the host without SSH (`virsh console` wrapper,
    `lxc exec`, `kubectl debug`): `sh` words are added to it. Empty when there is none."""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cloud:
    """An OpenStack cloud: an entry of a clouds.yaml, or `envvars` for what OS_* say."""

    name: str
    config: Path | None = None
    """The clouds.yaml on this machine; None when the environment says all, or while `host` has not been asked."""
    entry: str = ""
    """Its name in that file, where it is another one than `name`."""
    host: str = ""
    """Control node that has credentials (kolla's admin-openrc, /etc/openstack) where this machine has none."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kubernetes cluster: a context of a kubeconfig."""

    name: str
    kubeconfig: tuple[Path, ...] = ()
    """Files on this machine, merged as kubectl does; empty in a pod, or while `host` has not been asked."""
    context: str = ""
    """Its name in those files, where it is another one than `name`."""
    host: str = ""
    """Control node whose /etc/kubernetes/admin.conf is read where this machine has none."""
    look_image: str = ""
    """Of pods that are started for a look, where the operator agrees to it; empty for the default."""
    look_namespace: str = ""
    look_pull_secret: str = ""
    """Secret of that namespace with the registry's login."""


@dataclass(frozen=True, slots=True)
class Window:
    """When fixes may be applied, by the clock on the wall of one time zone."""

    days: tuple[int, ...]
    """Days on which it opens; Monday is 0."""
    opens: int
    """Minutes since midnight."""
    closes: int
    """Minutes since midnight, up to 1440; not after `opens`: on the next day."""
    timezone: str
    """IANA name."""


@dataclass(frozen=True, slots=True)
class FixPolicy:
    """What the site's owners allow fixes to do. `diagnosis.policy` holds a fix against it."""

    read_only: tuple[str, ...] = ()
    """Patterns of hosts that are looked at and never changed; `operator` only when it is named."""
    read_only_hosts: tuple[str, ...] = ()
    """Hosts marked one by one."""
    window: Window | None = None
    max_risk: str = "destructive"
    """reversible, disruptive or destructive."""
    second_person: bool = False
    """Somebody else must confirm as well."""


@dataclass(frozen=True, slots=True)
class Site:
    """`source` names where it came from, for messages."""

    source: str
    hosts: tuple[Host, ...] = ()
    ssh_config: tuple[Path, ...] = ()
    """Files for the SSH client, in order; hosts' own lines in them say user, port, key, jump."""
    fixes: FixPolicy = FixPolicy()
    clouds: tuple[Cloud, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    usual: Mapping[str, str] = field(default_factory=dict)
    """`cloud`, `cluster` → the one that the environment names: OS_CLOUD, the kubeconfig's current context.
    The site may have none of that name."""
    by_name: dict[str, Host] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {host.name: host for host in self.hosts})


def target_of(host: str) -> str:
    """`host:NAME`, or `operator` for the operator's own machine."""
    return OPERATOR if host == OPERATOR else f"host:{host}"

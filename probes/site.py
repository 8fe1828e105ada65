"""The site: what there is to look at, from `site.yaml` and OpenSSH configuration."""

from __future__ import annotations

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
class Site:
    """`source` names where it came from, for messages."""

    source: str
    hosts: tuple[Host, ...] = ()
    ssh_config: tuple[Path, ...] = ()
    """Files for the SSH client, in order; hosts' own lines in them say user, port, key, jump."""
    by_name: dict[str, Host] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {host.name: host for host in self.hosts})


def target_of(host: str) -> str:
    """`host:NAME`, or `operator` for the operator's own machine."""
    return OPERATOR if host == OPERATOR else f"host:{host}"

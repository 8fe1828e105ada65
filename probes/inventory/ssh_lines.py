"""Machines as lines of an OpenSSH client configuration: one place says how to log in, and `ssh -F` reads it too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from base.text import inert
from probes.inventory.machines import Machine
from probes.ssh_config import is_address

MARK = "# From the inventory "
_HEAD = (
    MARK
    + """\
{source}
# Written by `deadhop site init --inventory`; when the inventory changes, write it anew.
"""
)


def ssh_config_of(machines: Iterable[Machine], source: str) -> str:
    """Values were held against their kinds by `machines_of`; a host without lines stands there by its name."""
    head = _HEAD.format(source=inert(source).replace("\n", " "))
    return head + "".join(f"\nHost {machine.name}\n{''.join(_lines(machine))}" for machine in machines)


def _lines(machine: Machine) -> Iterator[str]:
    words = {
        "HostName": machine.address,
        "Port": machine.port,
        "User": machine.user,
        "IdentityFile": f'"{machine.key}"' if machine.key else "",
        "ProxyJump": machine.jump,
    }
    return (f"  {name} {word}\n" for name, word in words.items() if word)


def address_of(machine: Machine) -> tuple[str, ...]:
    """What the site may know before anything is asked: none where it is a name."""
    return (machine.address,) if is_address(machine.address) else ()

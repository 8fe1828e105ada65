"""The cloud's names of hosts, and the site's names of the same machines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from probes.cloud.facts import Hypervisor
from probes.site import Host


class Machines:
    """By name, by first label where that is one host's alone, by address."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._names = {host.name.casefold(): host.name for host in hosts}
        self._labels: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        for host in hosts:
            label = host.name.casefold().partition(".")[0]
            self._labels[label] = "" if label in self._labels else host.name
            for address in host.addresses:
                self._addresses[address] = "" if address in self._addresses else host.name

    def find(self, name: str, addresses: Iterable[str] = ()) -> str:
        """The site's name; empty when the site does not have it, or has two."""
        wanted = name.casefold()
        named = self._names.get(wanted) or self._labels.get(wanted.partition(".")[0], "")
        return named or next((self._addresses[one] for one in addresses if self._addresses.get(one)), "")

    def of_host(self, host: str, hypervisor: Hypervisor | None) -> str:
        """Of nova-compute's host."""
        found = self.find(host)
        if found or hypervisor is None:
            return found
        return self.find(hypervisor.name, (hypervisor.address,))

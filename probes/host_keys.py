"""Whose key is it? The same host key seen from several places, and on the machine itself."""

from __future__ import annotations

import asyncio
import ipaddress

from base.tasks import end_all
from probes.errors import ProbeError
from probes.facts import KeySighting, KeyVantages, Reach
from probes.keys import fingerprint, keys_in, known_name
from probes.linux.ask import ask
from probes.probe import Toolbox, probe
from probes.reach import read_reach
from probes.site import OPERATOR, Host, target_of

VANTAGES = 3
"""Further hosts that are asked, besides the operator or the jump host."""
_CANDIDATES = 6
"""Hosts tried for that: not all of them can be reached."""
_SECONDS = 8.0
_TYPES = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa", "ssh-dss": "dsa"}
_ANY_TYPE = "ed25519,ecdsa,rsa"
ON_DISK = ("grep", "-rhs", "--include=ssh_host_*_key.pub", "", "/etc/ssh")
"""Prints a host's public host keys."""

_Sighted = tuple[str, str]
"""Where from, and `type base64`."""


@probe("host.key_vantages", commands=("reach", "ssh-keyscan -T", "grep -rhs"), timeout=20.0, host="host")
async def key_vantages(operator: str, toolbox: Toolbox, host: str) -> KeyVantages:
    """Which host key is seen from where, and which ones the machine itself holds."""
    reach = read_reach(host, await toolbox.reach(host))
    if reach.host != host:
        raise ProbeError(f"{host} shows no key: its jump host {reach.host} cannot be passed", hint=reach.error)
    own, sighted = await asyncio.gather(_on_its_disk(host, toolbox), _from_elsewhere(reach, toolbox))
    if reach.presented_key and not reach.via:
        sighted = [(OPERATOR, reach.presented_key), *sighted]
    return judged(reach, own, sighted)


def judged(reach: Reach, own: tuple[str, ...], sighted: list[_Sighted]) -> KeyVantages:
    """`own` are the keys on the machine's disk. ProbeError when nobody saw any key."""
    presented = reach.presented_key or next((key for _, key in sighted), "")
    if not presented and not own:
        raise ProbeError(f"nobody sees a host key of {reach.host}", hint=reach.error)
    seen = [KeySighting(place, fingerprint(key)) for place, key in sighted]
    return KeyVantages(
        host=reach.host,
        address=reach.address,
        known_name=reach.known_name or known_name(reach.address, reach.port),
        presented_key=presented,
        presented_fingerprint=fingerprint(presented) if presented else "",
        known_fingerprints=reach.known_fingerprints,
        known_hosts_file=reach.known_hosts_file,
        seen_from=(*seen, *(KeySighting("console", fingerprint(key)) for key in own)),
        vantages=len(seen),
        agree=bool(sighted) and all(key == presented for _, key in sighted),
        proven=presented in own,
        contradicted=bool(presented and own) and presented not in own,
    )


async def _on_its_disk(host: str, toolbox: Toolbox) -> tuple[str, ...]:
    """Through the console: SSH to a host whose key is in doubt proves nothing."""
    if not toolbox.site.by_name[host].console:
        return ()
    try:
        return tuple(keys_in(await ask(toolbox.connection(f"console:{host}"), *ON_DISK)))
    except ProbeError:
        return ()


async def _from_elsewhere(reach: Reach, toolbox: Toolbox) -> list[_Sighted]:
    """What the jump host and up to VANTAGES others see. Hosts behind the suspect cannot be asked anyway."""
    others = [host.name for host in _nearest(reach, toolbox.site.hosts) if host.name not in (reach.host, reach.via)]
    jump = [reach.via] if reach.via in toolbox.site.by_name else []
    scans = [asyncio.create_task(_scan(host, reach, toolbox)) for host in [*jump, *others[:_CANDIDATES]]]
    try:
        return await _first(scans, VANTAGES + len(jump))
    finally:
        await end_all(scans)


async def _first(scans: list[asyncio.Task[_Sighted | None]], enough: int) -> list[_Sighted]:
    """In the order of the hosts, not of their answers."""
    waiting = set(scans)
    until = asyncio.get_running_loop().time() + _SECONDS
    while waiting and sum(1 for scan in scans if scan.done() and scan.result()) < enough:
        left = until - asyncio.get_running_loop().time()
        done, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            break
    found = [scan.result() for scan in scans if scan.done()]
    return [sighted for sighted in found if sighted][:enough]


async def _scan(host: str, reach: Reach, toolbox: Toolbox) -> _Sighted | None:
    """What one host sees; None when it sees nothing or cannot be asked."""
    kind = reach.presented_key.partition(" ")[0]
    wanted = _TYPES.get(kind, "ecdsa") if kind else _ANY_TYPE
    argv = ("ssh-keyscan", "-T", "3", "-t", wanted, "-p", str(reach.port), reach.address)
    try:
        keys = sorted(keys_in(await ask(toolbox.connection(target_of(host)), *argv, ok=None, alone=True)))
    except ProbeError:
        return None
    return (host, _best(keys, reach.presented_key)) if keys else None


def _best(keys: list[str], presented: str) -> str:
    """The presented one if it is among them, else an ed25519 one, else any."""
    if presented in keys:
        return presented
    return next((key for key in keys if key.startswith("ssh-ed25519")), keys[0])


def _nearest(reach: Reach, hosts: tuple[Host, ...]) -> list[Host]:
    """Hosts whose addresses are most like the suspect's first: they see it without much in between."""
    return sorted(
        hosts, key=lambda host: -max((_shared_bits(own, reach.address) for own in host.addresses), default=0)
    )


def _shared_bits(one: str, other: str) -> int:
    try:
        left, right = ipaddress.ip_address(one), ipaddress.ip_address(other)
    except ValueError:
        return 0
    if left.version != right.version:
        return 0
    return left.max_prefixlen - (int(left) ^ int(right)).bit_length()

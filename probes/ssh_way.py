"""The way to a host as the SSH configuration tells it: address, port, user, jump hosts, known keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from asyncssh import ConfigParseError, SSHClientConnectionOptions

from probes.keys import SSH_PORT
from probes.known_hosts import SYSTEM_FILES, USER_FILES, Known, known_to
from probes.site import Site
from probes.ssh_excerpt import config_for


@dataclass(frozen=True, slots=True)
class Leg:
    """One host of the way. `jumps` are what its own ProxyJump names, outermost first."""

    name: str
    lookup: str
    """What asyncssh finds the same answers under: the name, or the address when only site.yaml has it."""
    address: str
    """HostName: an address or a name still to be resolved."""
    port: int
    user: str
    jumps: tuple[str, ...]
    proxy_command: tuple[str, ...]
    known: Known
    options: SSHClientConnectionOptions
    """The configuration as read, without keys: reading it again would cost as much as the rest of a login."""

    @property
    def read_once(self) -> bool:
        """False where asyncssh has to read it again on the way: `Match final`, CanonicalizeHostname."""
        return not (self.options.config.has_match_final() or self.options.canonicalize_hostname)


async def leg(spec: str, site: Site) -> Leg:
    """Reads the SSH configuration for a host's name, or for `user@host:port` as ProxyJump writes it.
    ValueError when the configuration cannot be read or leads in a circle."""
    name = split_spec(spec)[1]
    options = await _options(spec, site)
    jumps = _jumps(options.tunnel, name)
    await _refuse_circle(name, jumps, site)
    address = _address(name, options.host, site)
    lookup = name if address == options.host else address
    command = tuple(options.proxy_command or ())
    return Leg(
        name, lookup, address, options.port, options.username, jumps, command, _known(options, address), options
    )


async def _options(spec: str, site: Site) -> SSHClientConnectionOptions:
    user, name, port = split_spec(spec)
    given = {key: value for key, value in (("username", user), ("port", port)) if value}
    try:
        with config_for(name, site.ssh_config) as config:
            return await _read(name, config, given)
    except ConfigParseError:
        return await _read(name, config_of(site), given)  # says file and line


async def _read(name: str, config: list[str] | None, given: Mapping[str, object]) -> SSHClientConnectionOptions:
    options: SSHClientConnectionOptions = await SSHClientConnectionOptions.construct(
        None, host=name, config=config, client_keys=None, agent_path=None, **given
    )
    return options


async def _refuse_circle(name: str, jumps: tuple[str, ...], site: Site) -> None:
    """Only the outermost jump host's own ProxyJump counts: the others are told how to go."""
    met = {name}
    while jumps:
        outermost = split_spec(jumps[0])[1]
        if outermost in met:
            raise ValueError(f"ProxyJump goes in a circle at {outermost}")
        met.add(outermost)
        jumps = _jumps((await _options(outermost, site)).tunnel, outermost)


def _jumps(tunnel: object, name: str) -> tuple[str, ...]:
    """None for a jump host that a pattern such as `Host *` sends through itself."""
    words = [word.strip() for word in tunnel.split(",") if word.strip()] if isinstance(tunnel, str) else []
    return () if any(split_spec(word)[1] == name for word in words) else tuple(words)


def config_of(site: Site) -> list[str] | None:
    """For asyncssh's `config`: the site's files, or none at all (not its own default)."""
    return [str(path) for path in site.ssh_config] or None


def _address(name: str, hostname: str, site: Site) -> str:
    """HostName, else the address site.yaml gives to a host the SSH configuration does not know."""
    host = site.by_name.get(name)
    return host.addresses[0] if host and host.addresses and hostname == name else hostname


def _known(options: SSHClientConnectionOptions, address: str) -> Known:
    config, alias = options.config, options.host_key_alias
    user = cast(list[str] | None, config.get("UserKnownHostsFile"))
    system = cast(list[str] | None, config.get("GlobalKnownHostsFile"))
    files = (*(USER_FILES if user is None else user), *(SYSTEM_FILES if system is None else system))
    return known_to(alias, SSH_PORT, files) if alias else known_to(address, options.port, files)


def split_spec(spec: str) -> tuple[str, str, int]:
    """(user, host, port) of `[ssh://][user@]host[:port]`; empty and 0 where not given."""
    user, _, place = spec.removeprefix("ssh://").rpartition("@")
    name, colon, port = place.rpartition(":")
    if not colon or not port.isdigit() or (":" in name and not name.startswith("[")):
        return user, place.strip("[]"), 0
    return user, name.strip("[]"), int(port)

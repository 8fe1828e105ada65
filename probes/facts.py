"""Facts: frozen, typed values parsed from exchanges. Their fields are what conditions may read."""

from __future__ import annotations

from dataclasses import dataclass

# ------------------------------------------------------------------ reaching a host


@dataclass(frozen=True, slots=True)
class Reach:
    """The way to a host's shell, layer by layer. When a jump host on the way is what fails, `host` is that
    jump host and `asked` the one asked for."""

    asked: str
    host: str
    address: str
    port: int
    via: str
    """The last jump host before `host`; empty when it is reached directly."""
    stopped_at: str
    """Empty when all is well, else the first layer that failed: name, route, port, banner, key, login, sudo."""
    port_state: str
    """open, refused, silent (no answer), unreachable (ICMP or no route), prohibited, or unknown."""
    banner: str
    key_state: str
    """known, changed, unknown (never seen), revoked, or unseen (did not get that far)."""
    presented_key: str
    """`type base64`."""
    presented_fingerprint: str
    known_fingerprints: tuple[str, ...]
    known_hosts_file: str
    known_hosts_line: int
    login: str
    """ok, denied, or untried."""
    user: str
    sudo: str
    """root, passwordless, password, missing, or untried."""
    has_console: bool
    error: str
    known_name: str = ""
    """The name known_hosts has it under: HostName, [HOSTNAME]:PORT or HostKeyAlias."""


@dataclass(frozen=True, slots=True)
class KeySighting:
    seen_from: str
    """`operator`, a host's name, or `console` (read on the machine itself)."""
    fingerprint: str


@dataclass(frozen=True, slots=True)
class KeyVantages:
    """Where the same host key was seen. `agree`: every network vantage point saw the same key. `proven`: the
    machine itself, through its console, has that key on its disk. `contradicted`: its disk has another."""

    host: str
    address: str
    known_name: str
    """The name known_hosts has it under: ADDRESS, HOST or [HOST]:PORT."""
    presented_key: str
    presented_fingerprint: str
    known_fingerprints: tuple[str, ...]
    known_hosts_file: str
    seen_from: tuple[KeySighting, ...]
    vantages: int
    agree: bool
    proven: bool
    contradicted: bool


# ------------------------------------------------------------------ what a fix changes


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that can be changed, as it was when it was looked at."""

    what: str
    """A kind and a name: `rules iptables/filter/INPUT`, `file /etc/hosts`, `sysctl net.ipv4.ip_forward`,
    `route 192.0.2.0/24`, `unit ssh.service`."""
    lines: tuple[str, ...]
    """All of it, for people: of a file its kind, mode, owner and label, and then its content behind `| `."""
    digest: str
    """Equal for equal states, also where `lines` cannot hold all of it."""
    revision: str = ""
    """Of an API's object, which counts its changes: it says who was there in between, and comes never back."""


@dataclass(frozen=True, slots=True)
class State:
    """What a fix is about to change. Probes that give this can be named in an action's `state`."""

    host: str
    kept: tuple[Kept, ...]


# ------------------------------------------------------------------ what stays until somebody changes it


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that stays as it is until somebody changes it; two looks at it can be compared."""

    kind: str
    """sysctl, route, learned-route, policy-rule, firewall, link, address, package, unit, bridge, swap, kernel,
    security-group …"""
    name: str
    """`net.ipv4.ip_forward`, `192.0.2.0/24`, `filter/INPUT`, `kubelet.service` …"""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A kind of settings that could not be read."""

    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a host or a cloud looks like, without what changes by itself."""

    place: str
    """Name of the host or the cloud."""
    settings: tuple[Setting, ...]
    kinds: tuple[str, ...]
    """What was read, also where nothing of it is there."""
    unread: tuple[Unread, ...]

"""What probes of a routing daemon return."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BgpSession:
    neighbour: str
    """Its address, or the interface of an unnumbered session."""
    peer_host: str
    """The site's host that has this address; empty when none is known to."""
    local_as: str
    remote_as: str
    """What this side expects; a number, or two with a dot, as bgpd writes it."""
    state: str
    """Idle, Connect, Active, OpenSent, OpenConfirm, Established …"""
    wrong: str
    """shut (somebody switched it off here), down (not Established), policy (nothing is accepted or announced
    because it has no policy, RFC 8212), or empty."""
    error: str
    """The last notification, such as `OPEN Message Error/Bad Peer AS`; empty while it is Established."""
    family: str
    """The address family that has no policy, as vtysh writes it: `ipv4 unicast`."""
    lacks: tuple[str, ...]
    """No policy for what comes `in`, and for what goes `out`."""
    received: int
    """Prefixes that were accepted."""
    sent: int


@dataclass(frozen=True, slots=True)
class Bgp:
    """FRR's bgpd. `wrong` of a session is what a condition asks for."""

    host: str
    runs: bool
    unit: str
    """frr.service; empty where FRR is not installed as a unit."""
    active: str
    """systemd's ActiveState of it; empty without it."""
    enabled: bool
    wanted: bool
    """bgpd=yes in /etc/frr/daemons."""
    sessions: tuple[BgpSession, ...]
    """In the order of their addresses; none while it does not run."""


@dataclass(frozen=True, slots=True)
class BgpConfig:
    """bgpd's configuration as it runs beside the file it starts from: of both only the lines that decide on
    sessions and routes, each with the headings it stands under (`router bgp 65000 / neighbor …`)."""

    host: str
    file: str
    missing: tuple[str, ...]
    """In the file, and not running."""
    unsaved: tuple[str, ...]
    """Running, and not in the file."""
    apply: tuple[str, ...]
    """Words for vtysh that make the missing lines run; empty where that cannot be done line by line."""
    take_back: tuple[str, ...]
    """Words for vtysh that undo it."""

"""What probes of packet sizes return. Sizes are bytes of a whole IP packet with its headers: what an MTU counts."""

from __future__ import annotations

from dataclasses import dataclass

from probes.path.facts import Hit


@dataclass(frozen=True, slots=True)
class Rung:
    """One size that was tried with DF set: no router may cut such a packet into pieces."""

    size: int
    sent: int
    received: int
    told_by: str
    """Address of whoever said that it is too large; empty when nobody did, or the source's own kernel."""
    told_mtu: int
    """The MTU that was named with it, by a router or by the source's own kernel; 0 when none was."""
    refused: bool
    """It came to an end by another error, such as an unreachable network."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Echo requests with DF set, of several sizes."""

    source: str
    target: str
    first_mtu: int
    """Bytes that the source's own link towards the target takes; 0 when it has no route."""
    answers: bool
    """At least one size is answered."""
    largest: int
    """Bytes of the largest packet that was answered; 0 when none was."""
    lost: int
    """Bytes of the smallest packet that vanished without a word while smaller ones are answered; 0 if none did."""
    told_by: str
    """Address of the last machine that said a packet was too large; empty when none did."""
    told_mtu: int
    """Bytes that it said it takes, or that the source's own kernel learned before; 0 when nobody said."""
    rungs: tuple[Rung, ...]
    """What was tried, the largest first."""


@dataclass(frozen=True, slots=True)
class PathLink:
    """A machine on the way, and its links there."""

    host: str
    address: str
    """By which the machine before sends to it; empty for the source."""
    in_interface: str
    in_mtu: int
    """Bytes; 0 where it is not known."""
    out_interface: str
    out_mtu: int
    out_kind: str
    """vxlan, bridge, veth … as the kernel says, or empty."""
    large_arrive: str
    """Whether a packet of the size that vanishes arrives here: yes, no, or unknown, where not even small ones are
    answered."""


@dataclass(frozen=True, slots=True)
class PathMtu:
    """What size arrives, and where larger packets end. While nothing vanishes, only the first fields are filled."""

    source: str
    target: str
    first_mtu: int
    """As in Ladder; so are the next five."""
    answers: bool
    largest: int
    lost: int
    told_by: str
    told_mtu: int
    links: tuple[PathLink, ...] = ()
    """Machines on the way that could be asked, the source first."""
    silent_at: str = ""
    """First machine whose next link is too narrow: it should have said so. Empty when there is none."""
    silent_interface: str = ""
    silent_mtu: int = 0
    hits_host: str = ""
    """Machine with a rule that counted such answers and drops them; empty when none is seen."""
    hits: tuple[Hit, ...] = ()
    """Its rules that did, the one that counted most first."""
    before_host: str = ""
    """Last machine that large packets leave from; where they vanish is between it and `after_host`."""
    before_interface: str = ""
    before_mtu: int = 0
    before_kind: str = ""
    after_host: str = ""
    """First machine of the site that they do not arrive at; empty when it is none of the site's."""
    after_interface: str = ""
    after_mtu: int = 0
    odd_host: str = ""
    """Of the two, the one whose MTU is not that of its neighbours; empty where both take what vanishes."""
    odd_interface: str = ""
    odd_mtu: int = 0
    common_mtu: int = 0
    """Bytes that the other machines of that network take."""
    unseen: str = ""
    """First machine on the way that could not be asked; empty if all could."""
    left_site_at: str = ""
    """Last machine before the way leaves what the site knows; empty if it does not."""


@dataclass(frozen=True, slots=True)
class TunnelLadder:
    """A tunnel to one far end, and what its outer packets meet."""

    interface: str
    kind: str
    """vxlan or geneve."""
    mtu: int
    """Bytes that the tunnel takes inside."""
    needs: int
    """Bytes that its largest packet has outside."""
    remote: str
    """The far end."""
    largest: int
    """As in Ladder, for the way to the far end."""
    lost: int


@dataclass(frozen=True, slots=True)
class TunnelMtus:
    host: str
    tunnels: tuple[TunnelLadder, ...]
    """At most four."""

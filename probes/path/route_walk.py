"""path.route_walk: the way of a packet as the routing tables of the hosts on it say, without sending one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from probes.errors import OutputTooLong, ProbeError
from probes.path.facts import RouteWalk, Translation
from probes.path.hop import Looked, Next, look
from probes.path.nat_rules import COMMANDS as NAT
from probes.probe import Toolbox, probe

_MOST_HOPS = 64


@probe(
    "path.route_walk",
    commands=("ip -j addr", "ip -j route get", "grep -Hs '' /proc/sys/net/", *NAT),
    timeout=20.0,
    target="address",
    origin="address",
)
async def route_walk(host: str, toolbox: Toolbox, target: str, origin: str = "") -> RouteWalk:
    """Follows the routing tables hop by hop from a host to an address."""
    return await walk(toolbox, host, target, origin)


async def walk(toolbox: Toolbox, host: str, target: str, origin: str = "") -> RouteWalk:
    """The same for other probes. ProbeError only when the first host cannot be asked."""
    return (await steps(toolbox, Next(host, "", "", "", (origin,) if origin else ()), target)).told(target)


@dataclass(frozen=True, slots=True)
class Steps:
    walked: tuple[Looked, ...]
    unseen: str
    left_at: str
    loop: bool
    translations: tuple[Translation, ...] = ()

    def told(self, target: str) -> RouteWalk:
        return _told(self.walked[0].hop.host, target, list(self.walked), self.unseen, self.left_at)


async def steps(toolbox: Toolbox, first: Next, target: str, *, through: bool = False) -> Steps:
    """The walk with what was looked at on it; `through` hosts that translate the target's address. ProbeError when
    the first host cannot be asked, OutputTooLong for a way that no packet would survive."""
    walked: list[Looked] = []
    translations: list[Translation] = []
    unseen = left_at = ""
    step: Next | None = first
    while step is not None and len(walked) < _MOST_HOPS and not _been_at(walked, step):
        try:
            walked.append(await (_look_through if through else look)(toolbox, step, target))
        except ProbeError:
            if not walked:
                raise
            unseen = step.host
            break
        if walked[-1].aim not in ("", target):
            target = walked[-1].aim
            translations.append(Translation(walked[-1].hop.host, target, walked[-1].step.traffic.port))
        step, left_at = await _following(toolbox, walked[-1])
    loop = step is not None and not unseen and _been_at(walked, step)
    if step is not None and not unseen and not loop:
        raise OutputTooLong(f"the way to {target} has more than {_MOST_HOPS} hops", hint="begin nearer to it")
    return Steps(tuple(walked), unseen, left_at, loop, tuple(translations))


async def _look_through(toolbox: Toolbox, step: Next, target: str) -> Looked:
    """A host routes by the address that it has translated the target's to."""
    first = await look(toolbox, step, target)
    if not first.becomes:
        return first
    traffic = replace(step.traffic, port=first.becomes_port or step.traffic.port)
    try:
        return await look(toolbox, replace(step, traffic=traffic), first.becomes)
    except ProbeError:
        return first


def _been_at(walked: list[Looked], step: Next) -> bool:
    """A loop: the same host on the same interface again, or the one whose own packets these are: from outside no
    kernel takes them."""
    sender = walked[0].hop.host if walked and not walked[0].step.sources else ""
    return step.host == sender or any(
        (one.hop.host, one.step.address) == (step.host, step.address) for one in walked
    )


async def _following(toolbox: Toolbox, last: Looked) -> tuple[Next | None, str]:
    """The next step, or the host where the way leaves what the site knows."""
    if last.arrived or last.hop.blocked_by:
        return None, ""
    owner = await toolbox.host_of(last.towards)
    if not owner:
        return None, last.hop.host
    before, traffic = last.hop.host, last.step.traffic
    return Next(owner, last.towards, before, last.out_address, last.sources, traffic), ""


def _told(host: str, target: str, walked: list[Looked], unseen: str, left_at: str) -> RouteWalk:
    last = walked[-1]
    blocked = last.hop.blocked_by
    owner = last.hop.host if last.arrived else ""
    between = [one.hop.host for one in walked if one.hop.host not in (host, owner)]
    return RouteWalk(
        source=host,
        target=target,
        hops=tuple(one.hop for one in walked),
        arrived=last.arrived and not blocked,
        owner=owner,
        blocked_by=blocked,
        blocked_at=last.hop.host if blocked else "",
        blocked_interface=last.hop.in_interface if blocked == "rp-filter" else "",
        left_site_at=left_at,
        unseen=unseen,
        suspects=tuple(dict.fromkeys(between)),
    )

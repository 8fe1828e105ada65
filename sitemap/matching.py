"""Which server a node is: by its providerID, else its addresses, else its name. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from base.text import Text
from probes.cluster.facts import Node
from probes.linux.fields import is_address
from sitemap import sentences
from sitemap.index import CloudIndex
from sitemap.model import By, Contradiction
from sitemap.sentences import short

_PROVIDER = re.compile(r"openstack://[^/]*/([0-9a-fA-F]{8}-[0-9a-fA-F-]{27})")
NO_CLOUD = Text("no cloud is configured", "설정된 클라우드가 없다")
NO_SERVER = Text("no server has its addresses or its name", "이 주소나 이름을 가진 서버가 없다")
OWN_PROJECT = Text(
    "not among the servers of this login's project; it may not see others",
    "이 로그인의 프로젝트에는 없다. 다른 프로젝트의 서버는 볼 수 없다",
)


@dataclass(frozen=True, slots=True)
class Match:
    cloud: CloudIndex
    server: str
    by: By


@dataclass(frozen=True, slots=True)
class Matched:
    match: Match | None
    said: tuple[Contradiction, ...] = ()
    why: Text | None = None
    """Without a match: why there is none, where more than one is possible."""


def provider_server(node: Node) -> str:
    """Id of the server that the providerID names; empty without one, or of another kind of cloud."""
    found = _PROVIDER.fullmatch(node.provider_id)
    return found[1].lower() if found else ""


def addresses_of(node: Node) -> tuple[str, ...]:
    """Names can stand among them."""
    return _only_addresses(node.addresses)


@lru_cache(maxsize=8192)
def _only_addresses(several: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address for address in several if is_address(address)))


def matched(node: Node, cluster: str, clouds: Sequence[CloudIndex]) -> Matched:
    wanted = provider_server(node)
    holders = _holders(node, clouds)
    named = next((cloud for cloud in clouds if wanted in cloud.servers or wanted in cloud.ports_of), None)
    if wanted and named:
        others = [one for one in holders if one[1] != wanted]
        said = [
            sentences.other_server(address, _name(named, wanted), _name(cloud, server), cluster, cloud.seen.name)
            for cloud, server, address in others
        ]
        return Matched(Match(named, wanted, By.PROVIDER_ID), tuple(said))
    gone = _gone(wanted, cluster, clouds) if wanted else ()
    return _by_address(holders, gone) or _by_name(node, clouds, gone) or Matched(None, gone)


Holder = tuple[CloudIndex, str, str]
"""Cloud, server, address."""


def _holders(node: Node, clouds: Sequence[CloudIndex]) -> list[Holder]:
    """Servers that hold one of its addresses, each once."""
    found: dict[tuple[str, str], Holder] = {}
    for address in addresses_of(node):
        for cloud in clouds:
            for held in cloud.held.get(address, ()):
                found.setdefault((cloud.seen.name, held.server), (cloud, held.server, address))
    return list(found.values())


def _gone(wanted: str, cluster: str, clouds: Sequence[CloudIndex]) -> tuple[Contradiction, ...]:
    """Only who sees all servers can say that one is not there."""
    if not clouds or not all(cloud.everywhere for cloud in clouds):
        return ()
    return (sentences.no_such_server(wanted, cluster, [cloud.seen.name for cloud in clouds]),)


def _by_address(holders: Sequence[Holder], said: tuple[Contradiction, ...]) -> Matched | None:
    if len(holders) == 1:
        cloud, server, _ = holders[0]
        return Matched(Match(cloud, server, By.ADDRESS), said)
    if not holders:
        return None
    addresses = ", ".join(dict.fromkeys(address for _, _, address in holders))
    return _several(addresses, [(cloud, server) for cloud, server, _ in holders], said)


def _by_name(node: Node, clouds: Sequence[CloudIndex], said: tuple[Contradiction, ...]) -> Matched | None:
    name = node.name.casefold()
    found = [(cloud, server) for cloud in clouds for server in cloud.by_name.get(name, ())]
    if not found:
        found = [(cloud, one) for cloud in clouds for one in cloud.by_name.get(name.partition(".")[0], ())]
    if len(found) == 1:
        return Matched(Match(*found[0], By.NAME), said)
    return _several(node.name, found, said) if found else None


def _several(value: str, found: list[tuple[CloudIndex, str]], said: tuple[Contradiction, ...]) -> Matched:
    names = [_name(cloud, server) for cloud, server in found]
    one = sentences.several_servers(value, names, [cloud.seen.name for cloud, _ in found])
    return Matched(None, (*said, one), one.text)


def _name(cloud: CloudIndex, server: str) -> str:
    known = cloud.servers.get(server)
    return f"{known.name} ({short(server)})" if known and known.name else server

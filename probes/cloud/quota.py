"""cloud.quota: how much of what a project may have it has."""

from __future__ import annotations

from msgspec import field

from probes.cloud import shapes
from probes.cloud.ask import NO_CATALOGUE, Cloud, Named, OneToken
from probes.cloud.facts import Limit, Quota
from probes.cloud.networks import is_id
from probes.errors import NotFound, ProbeError
from probes.probe import Toolbox, probe

_COMPUTE = {"instances": "instances", "cores": "cores", "ram": "ram", "server_groups": "server-groups"}
_NETWORK = {
    "network": "networks",
    "subnet": "subnets",
    "port": "ports",
    "router": "routers",
    "floatingip": "floating-ips",
    "security_group": "secgroups",
    "security_group_rule": "secgroup-rules",
}
"""What Nova and Neutron call it → the option of `openstack quota set`."""


class Projects(shapes.Shape):
    projects: tuple[Named, ...] = ()


class Counted(shapes.Shape):
    limit: int = -1
    in_use: int = 0
    """Nova's word."""
    used: int = 0
    """Neutron's."""
    reserved: int = 0


class ComputeCounts(shapes.Shape):
    instances: Counted = field(default_factory=Counted)
    cores: Counted = field(default_factory=Counted)
    ram: Counted = field(default_factory=Counted)
    server_groups: Counted = field(default_factory=Counted)


class NetworkCounts(shapes.Shape):
    network: Counted = field(default_factory=Counted)
    subnet: Counted = field(default_factory=Counted)
    port: Counted = field(default_factory=Counted)
    router: Counted = field(default_factory=Counted)
    floatingip: Counted = field(default_factory=Counted)
    security_group: Counted = field(default_factory=Counted)
    security_group_rule: Counted = field(default_factory=Counted)


class ComputeQuota(shapes.Shape):
    counts: ComputeCounts = field(name="quota_set")


class NetworkQuota(shapes.Shape):
    counts: NetworkCounts = field(name="quota")


@probe(
    "cloud.quota",
    commands=(
        "GET compute /v2.1/os-quota-sets/",
        "GET network /v2.0/quotas/",
        "GET identity /v3/projects",
        "GET identity /v3/auth/",
    ),
    timeout=30.0,
    on="cloud",
    project="line",
)
async def quota(cloud: str, toolbox: Toolbox, project: str = "") -> Quota:
    """Limits of a project (its name or id; without one the login's own), in Nova and in Neutron."""
    asked = Cloud(cloud, toolbox)
    one = await _project(asked, project)
    limits, unseen = list[Limit](), list[str]()
    for service, read in (("compute", _of_compute), ("network", _of_network)):
        try:
            limits += await read(asked, one.id)
        except ProbeError as error:
            unseen.append(service)
            failure = error
    if not limits:
        raise failure
    full = tuple(limit for limit in limits if 0 <= limit.limit <= limit.used)
    return Quota(cloud, one.id, one.name, tuple(limits), full, tuple(unseen))


async def _project(cloud: Cloud, asked: str) -> Named:
    if not asked:
        token = (await cloud.get("identity", "v3", "auth", "tokens", query=NO_CATALOGUE, shape=OneToken)).token
        return token.project
    if is_id(asked):
        return Named(asked, "")
    query = (("name", asked),)
    found = (await cloud.get("identity", "v3", "projects", query=query, shape=Projects)).projects
    if len(found) != 1:
        raise NotFound(
            f"{len(found)} projects have the name {asked}", hint="ask by the id of the one that is meant"
        )
    return found[0]


async def _of_compute(cloud: Cloud, project: str) -> list[Limit]:
    path = ("v2.1", "os-quota-sets", project, "detail")
    return _limits(_COMPUTE, (await cloud.get("compute", *path, shape=ComputeQuota)).counts)


async def _of_network(cloud: Cloud, project: str) -> list[Limit]:
    path = ("v2.0", "quotas", project, "details.json")
    return _limits(_NETWORK, (await cloud.get("network", *path, shape=NetworkQuota)).counts)


def _limits(options: dict[str, str], counts: ComputeCounts | NetworkCounts) -> list[Limit]:
    return [_limit(name, option, getattr(counts, name)) for name, option in options.items()]


def _limit(name: str, option: str, one: Counted) -> Limit:
    return Limit(name, option, one.limit, one.in_use + one.used + one.reserved)

"""What a walk is given, held against its kinds and the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.text import Text
from base.values import Value, check
from probes.site import OPERATOR, Site
from probes.site_clouds import PLACES, missing_cloud
from probes.site_clusters import PLACES as CLUSTER_PLACES
from probes.site_clusters import left_out

if TYPE_CHECKING:
    from knowledge.model import Input


def input_value(spec: Input, inputs: Mapping[str, str], site: Site) -> Value:
    """UsageError when it is missing, fails its kind or names no host of the site."""
    text = inputs.get(spec.name) or spec.default
    refuse_none(spec.kind, site)
    if not text:
        message = Text(f"{spec.name} is not known: {spec.ask.en}", f"{spec.name} 값이 필요하다: {spec.ask.ko}")
        raise UsageError(message, hint=f"--set {spec.name}={'|'.join(choices(spec.kind, site)) or '…'}")
    value = check(spec.kind, text, name=spec.name)
    if spec.kind in ("cluster", "cloud"):
        return _api_named(str(value), spec, site)
    return host_named(str(value), spec.name, site) if spec.kind == "host" else value


def with_sole(spec: Input, site: Site) -> Input:
    """With the site's only cluster or cloud by default, or the one that the environment names, as `kubectl` and
    `openstack` have it: nobody is asked for what can be but one thing. A cloud that OS_CLOUD names and the site
    lacks stays named, and is refused: the only other one is not what was meant."""
    names, usual = choices(spec.kind, site), site.usual.get(spec.kind, "")
    meant = usual if spec.kind == "cloud" else ""
    name = meant or (names[0] if len(names) == 1 else usual if usual in names else "")
    return replace(spec, default=name) if name and not spec.default else spec


def choices(kind: str, site: Site) -> tuple[str, ...]:
    """What the site has of the kind: clusters, clouds; of other kinds nothing is listed."""
    if kind == "cluster":
        return tuple(cluster.name for cluster in site.clusters)
    return tuple(cloud.name for cloud in site.clouds) if kind == "cloud" else ()


def _api_named(name: str, spec: Input, site: Site) -> str:
    names = choices(spec.kind, site)
    lacking = missing_cloud(site) if spec.kind == "cloud" and name == site.usual.get("cloud") else None
    if lacking is not None:
        raise lacking
    if name not in names:
        known = f"one of: {', '.join(names)}"
        raise UsageError(f"{spec.name}: {name!r} is no {spec.kind} of the site ({site.source})", hint=known)
    return name


def refuse_none(kind: str, site: Site) -> None:
    """Where there is no cluster or cloud at all: how deadhop finds one."""
    if kind == "cloud" and not site.clouds:
        raise missing_cloud(site) or UsageError(f"no cloud is known ({site.source})", hint=PLACES)
    if kind == "cluster" and not site.clusters:
        lacking = left_out(site)
        hint = lacking[0].message if lacking else CLUSTER_PLACES
        raise UsageError(f"no cluster is known ({site.source})", hint=hint)


def host_named(name: str, input_name: str, site: Site) -> str:
    """The site's name for a host; an address or a name with a domain is understood too."""
    if name == OPERATOR or name in site.by_name:
        return name
    for host in site.hosts:
        if name in host.addresses or name.partition(".")[0] == host.name:
            return host.name
    raise UsageError(
        f"{input_name}: {name!r} is no host of the site ({site.source})",
        hint="`deadhop site show` lists the hosts; `operator` is this machine",
    )

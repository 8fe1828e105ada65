"""Whether a cluster knows a group of kinds. A role without rights is refused for a kind that does not exist all the
same, and everybody who is logged in may ask for its group."""

from __future__ import annotations

from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch
from probes.errors import NotFound, NotRecorded, ProbeError

Group = tuple[str, ...]
CALICO: Group = ("apis", "crd.projectcalico.org", "v1")
CILIUM: Group = ("apis", "cilium.io", "v2")


class _Nothing(shapes.Shape):
    """Of a group only whether it is there."""


async def may_know(api: Api, group: Group) -> bool:
    """True also where nobody can tell: then its lists say why not."""
    try:
        await fetch(api, ApiRequest(group, shape=_Nothing, steady=True), _Nothing)
    except NotRecorded:
        raise
    except NotFound:
        return False
    except ProbeError:
        return True
    return True

"""What a walk is given, held against its kinds and the site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.text import Text
from base.values import Value, check
from probes.site import OPERATOR, Site

if TYPE_CHECKING:
    from knowledge.model import Input


def input_value(spec: Input, inputs: Mapping[str, str], site: Site) -> Value:
    """UsageError when it is missing, fails its kind or names no host of the site."""
    text = inputs.get(spec.name) or spec.default
    if not text:
        message = Text(f"{spec.name} is not known: {spec.ask.en}", f"{spec.name} 값이 필요하다: {spec.ask.ko}")
        raise UsageError(message, hint=f"--set {spec.name}=…")
    value = check(spec.kind, text, name=spec.name)
    return host_named(str(value), spec.name, site) if spec.kind == "host" else value


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

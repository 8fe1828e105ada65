"""Which difference from the baseline explains a finding: the same place and the same thing. Pure.

What a cause is about is read from its fixes: they name the sysctl, the chain, the route, the unit that they change
back. What no command names, the cause's file does (`changes`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from diagnosis.sweep.baseline import Difference, of_interface
from diagnosis.touched import touched
from diagnosis.views import CauseView
from probes.standing.settings import sysctl_name

_ROUTES = ("route", "learned-route")
_KINDS = {
    "sysctls": ("sysctl",),
    "rules": ("firewall",),
    "routes": _ROUTES,
    "units": ("unit",),
    "packages": ("package",),
    "mtus": ("link",),
    "addresses": ("address",),
    "swaps": ("swap",),
}
"""What a command touches → kinds of settings."""
_BY_VALUE = frozenset({"unit", "bridge", "package", "node", "security-group"})
"""Kinds whose names are values of causes."""
Thing = tuple[str, str, str]
"""Place, kind and name."""


def touching(cause: CauseView, changes: Sequence[str], differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """`changes` are kinds of which any difference at the cause's own place explains it. What a fix changes
    elsewhere counts where nothing differs at that place."""
    things = set(_things(cause))
    places, names = _places(cause), set(_names(cause))
    found = tuple(
        one
        for one in differences
        if any(_is_it(one, thing) for thing in things)
        or (one.place in places and _by_value(one, names))
        or (one.place in cause.targets and one.kind in changes)
    )
    return tuple(one for one in found if one.place in cause.targets) or found


def _by_value(one: Difference, names: set[str]) -> bool:
    """A route that came explains nothing by its name: it may be where packets come from."""
    known = one.kind in _BY_VALUE or (one.kind in _ROUTES and bool(one.was))
    return known and not names.isdisjoint((one.name, *one.name.split()))


def _places(cause: CauseView) -> set[str]:
    worlds = (f"{kind}:{cause.values[kind]}" for kind in ("cluster", "cloud") if kind in cause.values)
    return {*cause.targets, *worlds}


def _names(cause: CauseView) -> Iterator[str]:
    for name, value in cause.values.items():
        if name not in ("host", "source", "cluster", "cloud") and isinstance(value, str) and value:
            yield value


def _things(cause: CauseView) -> Iterator[Thing]:
    for fix in cause.fixes:
        for action in fix.actions:
            for argument, names in touched(action.run, action.undo).items():
                for name in names if isinstance(names, tuple) else ("swap",):
                    for kind in _KINDS.get(argument, ()):
                        yield f"host:{action.on}", kind, _name(kind, name)


def _name(kind: str, name: str) -> str:
    """As settings are called: `iptables/filter/INPUT` is filter/INPUT."""
    if kind == "sysctl":
        return sysctl_name(name)
    return name.partition("/")[2] if kind == "firewall" else name


def _is_it(one: Difference, thing: Thing) -> bool:
    place, kind, name = thing
    if (one.place, one.kind) != (place, kind):
        return False
    return one.name == name or _counts_for(one, name) or _led_there(one, name)


def _counts_for(one: Difference, name: str) -> bool:
    """What is set for all interfaces counts for each of them."""
    theirs, ours = of_interface(one.kind, name), of_interface(one.kind, one.name)
    return bool(theirs and ours) and ours[0] == "all" and theirs[1] == ours[1]


def _led_there(one: Difference, destination: str) -> bool:
    """A route that is gone or leads elsewhere, and that had led to the destination as well."""
    if one.kind not in _ROUTES or not one.was or " " in one.name:
        return False
    if one.name == "default":
        return destination != "default"
    try:
        wide, narrow = ipaddress.ip_network(one.name), ipaddress.ip_network(destination, strict=False)
    except ValueError:
        return False
    return wide.version == narrow.version and narrow.subnet_of(wide)  # type: ignore[arg-type]

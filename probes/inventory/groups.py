"""Groups, hosts and variables of an inventory, and which variable holds where several do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ALL, UNGROUPED = "all", "ungrouped"

Variables = dict[str, object]


@dataclass(slots=True)
class Group:
    hosts: dict[str, Variables] = field(default_factory=dict)
    """Those it names itself, with the variables written beside them."""
    children: dict[str, None] = field(default_factory=dict)
    """A set that keeps its order."""
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """What an inventory says of its hosts."""

    variables: Mapping[str, Mapping[str, object]]
    """By host, in the order in which they appear."""
    groups: Mapping[str, tuple[str, ...]]
    """Hosts that a group names itself."""


def listed(groups: Mapping[str, Group]) -> Listed:
    """Ansible's rule: a host's own variable, else that of the deepest group, `all` last; of groups as deep, the
    one of the highest `ansible_group_priority`, then the one whose name sorts last."""
    order = _by_depth(groups)
    found: dict[str, Variables] = {name: {} for group in groups.values() for name in group.hosts}
    for group in order:
        for host in _hosts_below(groups, group):
            found[host] |= groups[group].variables
    for group in order:
        for host, own in groups[group].hosts.items():
            found[host] |= own
    named = {name: tuple(group.hosts) for name, group in groups.items() if name not in (ALL, UNGROUPED)}
    return Listed(found, named)


def _by_depth(groups: Mapping[str, Group]) -> list[str]:
    """`all` first, then by how many groups stand above; a loop of groups ends where it began."""
    depth = dict.fromkeys(groups, 1) | {ALL: 0}
    for _ in groups:
        deeper = {
            child: max(depth.get(child, 1), depth[name] + 1)
            for name, group in groups.items()
            for child in group.children
            if name != ALL and child in depth
        }
        if all(depth[child] >= deep for child, deep in deeper.items()):
            break
        depth |= {child: max(depth[child], deep) for child, deep in deeper.items()}
    return sorted(groups, key=lambda name: (depth[name], _priority(groups[name]), name))


def _priority(group: Group) -> int:
    """1 where it says none, or none that is a number."""
    try:
        return int(str(group.variables.get("ansible_group_priority", 1)))
    except ValueError:
        return 1


def _hosts_below(groups: Mapping[str, Group], top: str) -> set[str]:
    if top == ALL:
        return {host for group in groups.values() for host in group.hosts}
    found, seen, waiting = set[str](), set[str](), [top]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in groups:
            seen.add(name)
            found |= groups[name].hosts.keys()
            waiting += groups[name].children
    return found

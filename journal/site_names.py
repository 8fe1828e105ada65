"""Names that only a session's data tells: of projects, virtual machines, nodes and namespaces."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

PROJECT = re.compile(
    r"(?<![a-z])(?:project|tenant|project_name|tenant_name|OS_PROJECT_NAME|os-project-name)[\"']?"
    r"\s{0,4}[=:|]\s{0,4}[\"']?(?P<name>[A-Za-z][\w.-]{1,62})",
    re.A,
)
_SINGLE = {
    **dict.fromkeys(("project", "project_name", "tenant", "tenant_name"), "project"),
    **dict.fromkeys(
        ("host", "node", "nodeName", "node_name", "hostname", "hypervisor", "server_name", "vm"), "host"
    ),
    "namespace": "namespace",
}
"""Keys whose value is a name."""
_SEVERAL = frozenset(
    ("nodes", "servers", "instances", "machines", "hosts", "vms", "guests", "hypervisors", "server", "instance")
)
"""Keys whose values are names, or are keyed by them, or have one under `name`."""
_SHARED = re.compile(
    r"kube-.*|.*-system|openstack|monitoring|ingress(?:-.*)?|metallb.*|longhorn.*|rook-ceph|cert-manager|services?"
    r"|internal|public|private|external|compute|controller|network|storage|master|worker|bridge|neutron|nova|cinder"
    r"|admin|demo|default|test|operator|unknown|none|null|any|all|true|false|yes|no|harbor"
    r"|[\d.]+|.*[\s/:‹].*",
    re.IGNORECASE | re.DOTALL,
)
"""Names that many sites have, and what is no name."""


def is_telling(name: str) -> bool:
    """No word of a language or of a program."""
    return len(name) > 3 and re.search(r"[-_.\d]", name) is not None


def names_in(entries: Iterable[Any]) -> Mapping[str, set[str]]:
    """Kind → names, out of everything a session recorded."""
    found: dict[str, set[str]] = defaultdict(set)
    left: list[tuple[str, Any]] = [("", entry) for entry in entries]
    while left:
        key, value = left.pop()
        if isinstance(value, str):
            _note_text(key, value, found)
        elif isinstance(value, Mapping):
            if _is_thing(key, value):
                _note("host" if key in _SEVERAL else "name", value.get("name"), found)
            left += value.items()
        elif isinstance(value, list):
            left += [(key, inner) for inner in value]
    return found


def _is_thing(key: str, value: Mapping[str, Any]) -> bool:
    """A machine, or something else with a name and an id."""
    return key in _SEVERAL or _UUID.fullmatch(str(value.get("id", ""))) is not None


_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}", re.A)


def _note_text(key: str, text: str, found: dict[str, set[str]]) -> None:
    if key in _SINGLE or key in _SEVERAL:
        kind = _SINGLE.get(key, "host")
        _note(kind, text, found, surely=kind != "host")
    for one in PROJECT.finditer(text):
        _note("project", one["name"], found)


def _note(kind: str, name: object, found: dict[str, set[str]], *, surely: bool = False) -> None:
    """`surely`: its key says what it is, so a plain word is a name as well."""
    if not isinstance(name, str) or not 2 < len(name) < 64 or _SHARED.fullmatch(name):
        return
    if is_telling(name) or (surely and name.isascii() and name.isidentifier()):
        found[kind].add(name)

"""Ansible's YAML format: groups with `hosts`, `children` and `vars`; and what `ansible-inventory --list` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from base.errors import ConfigError
from probes.inventory.groups import ALL, UNGROUPED, Group, Listed, Variables
from probes.inventory.machines import VAULT
from probes.inventory.names import TOO_MANY, Names
from probes.site_reader import Reader, is_null, shown
from probes.yaml_tree import Mistakes, compose

_OF_A_GROUP = ("hosts", "children", "vars")
_ENCRYPTED = ("!vault", "!vault-encrypted")


def parse_yaml(text: str, path: Path) -> dict[str, Group]:
    """Groups by name. Mistakes with all that is wrong."""
    reader = Reader(path)
    root = compose(text, path)
    groups, names = {ALL: Group(), UNGROUPED: Group()}, Names()
    for name, (_, node) in ({} if root is None else reader.entries(root, "the inventory")).items():
        if name == "plugin":
            reader.wrong(
                node,
                "this inventory is made by a plugin",
                "`ansible-inventory -i INVENTORY --list > FILE.json` makes a file that can be read",
            )
            break
        _group(reader, groups, names, name, node)
    if reader.problems:
        raise Mistakes(tuple(reader.problems))
    return groups


def _group(reader: Reader, groups: dict[str, Group], names: Names, name: str, node: yaml.Node) -> None:
    group = groups.setdefault(name, Group())
    parts = {} if is_null(node) else reader.known(node, name, _OF_A_GROUP)
    for pattern, (key, value) in _entries(reader, parts.get("hosts"), "hosts").items():
        variables, hosts = _variables(reader, value, pattern), names.of(pattern)
        if hosts is None:
            reader.wrong(key, f"{shown(pattern)}: {TOO_MANY}", "is the range right?")
        for host in hosts or ():
            group.hosts[host] = group.hosts.get(host, {}) | variables
    for child, (_, value) in _entries(reader, parts.get("children"), "children").items():
        group.children[child] = None
        _group(reader, groups, names, child, value)
    group.variables |= _variables(reader, parts.get("vars"), "vars")


def _entries(reader: Reader, node: yaml.Node | None, what: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    return {} if node is None or is_null(node) else reader.entries(node, what)


def _variables(reader: Reader, node: yaml.Node | None, what: str) -> Variables:
    """Words alone: how to log in is said in words. What is encrypted stands there as `--list` has it."""
    words: Variables = {}
    for name, (_, value) in _entries(reader, node, what).items():
        if not isinstance(value, yaml.ScalarNode) or is_null(value):
            continue
        if value.tag.startswith("tag:yaml.org"):
            words[name] = str(value.value)
        elif value.tag in _ENCRYPTED:
            words[name] = {VAULT: ""}
    return words


def parse_listed(text: str, path: Path) -> Listed:
    """The JSON of `ansible-inventory --list`."""
    try:
        found = json.loads(text)
        variables = found["_meta"]["hostvars"]
        groups = {name: tuple(map(str, group.get("hosts", ()))) for name, group in found.items() if name != "_meta"}
        names = dict.fromkeys(host for hosts in groups.values() for host in hosts)
        own = {str(name): _mapping(variables.get(name)) for name in (*variables, *names)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = "`ansible-inventory -i INVENTORY --list` prints one"
        raise ConfigError(f"{path}: is no list of an inventory", hint=hint) from error
    return Listed(own, {name: hosts for name, hosts in groups.items() if name not in (ALL, UNGROUPED)})


def _mapping(value: object) -> Mapping[str, object]:
    return {str(key): one for key, one in value.items()} if isinstance(value, dict) else {}

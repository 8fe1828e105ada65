"""clouds.yaml without the SDK: which clouds a file names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from base.errors import ConfigError, Place
from probes.ssh_config import at_home, is_there, read_text
from probes.yaml_tree import compose

_MOST = 100_000
_MERGE = "tag:yaml.org,2002:merge"
ENVIRONMENT = "envvars"
"""What the SDK calls the cloud of OS_*."""
_SYSTEM = Path("/etc/openstack")
_ENDS = (".yaml", ".yml", ".json")


def default_file() -> Path | None:
    """The first there is, in the order of the `openstack` client; the others are not read."""
    named = os.environ.get("OS_CLIENT_CONFIG_FILE", "")
    folders = (Path.cwd(), at_home("~/.config/openstack"), _SYSTEM)
    files = [at_home(named)] if named else []
    files += [folder / f"clouds{end}" for folder in folders for end in _ENDS]
    return next((file for file in files if is_there(file)), None)


def of_environment() -> str:
    """The name of the cloud that OS_* describe; empty when they describe none."""
    if os.environ.get("OS_AUTH_URL") or os.environ.get("OS_ENDPOINT"):
        return os.environ.get("OS_CLOUD_NAME") or ENVIRONMENT
    return ""


def names_in(path: Path) -> tuple[str, ...]:
    """ConfigError with the place when the file is of no use."""
    return tuple(clouds_in(read_text(path, Place(str(path))), str(path)))


def clouds_in(text: str, path: str) -> Mapping[str, Mapping[str, Any]]:
    """`clouds` of a clouds.yaml's text; ConfigError when it is none."""
    root = compose(text, Path(path))  # says what is wrong with its place, and refuses what is too deep
    try:
        if root is not None and _pairs(root, {}) > _MOST:
            raise ValueError("merges that multiply")
        data = yaml.SafeLoader("").construct_document(root) if root is not None else None  # not parsed twice
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: has no `clouds`", hint="is it a clouds.yaml?") from error
    clouds = data.get("clouds") if isinstance(data, dict) else None
    if not isinstance(clouds, dict) or not all(isinstance(one, dict) for one in clouds.values()):
        raise ConfigError(f"{path}: has no `clouds`", hint="is it a clouds.yaml?")
    return {str(name): entry for name, entry in clouds.items()}


def _pairs(node: yaml.Node, known: dict[int, int]) -> int:
    """How many pairs a reader would copy for its merges (`<<: *defaults`): ten lines can ask for 10^9."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = _MOST + 1  # for one that merges itself
    inside = node.value if isinstance(node, yaml.CollectionNode) else ()
    if isinstance(node, yaml.MappingNode):
        count = sum(_pairs(value, known) if key.tag == _MERGE else 1 for key, value in inside)
        inner = max((_pairs(value, known) for key, value in inside if key.tag != _MERGE), default=0)
    else:
        count, inner = sum(_pairs(one, known) for one in inside), 0
    known[id(node)] = max(count, inner)
    return known[id(node)]

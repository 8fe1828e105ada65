"""Writes what `deadhop site init` makes: a commented site.yaml, and the SSH lines of an inventory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import yaml

from base.errors import ConfigError, Place
from base.paths import make_private
from probes.site import Host
from probes.ssh_config import is_there, read_text

_HEAD = """\
# The machines deadhop may look at. `deadhop site check` tries them, `deadhop site show` lists them.
# How to log in (user, key, port, jump host) stays in the SSH configuration.
version: 1
ssh_config: {config}

# Which hosts of the SSH configuration belong to this site (patterns; without this line: all of them).
# only: ["*", "!github.com"]

# What the SSH configuration cannot say. All of it is optional:
#   addresses  further addresses of the host
#   console    a program on this machine that runs a shell there without SSH; `sh` is added to it
#   labels     words to find it by
#   read_only  true: deadhop looks at it and never applies a fix there
# When, where and by whom fixes may be applied: `fixes:`, in docs/site.md
# Clouds (clouds.yaml, OS_*) and clusters (kubeconfig) are found as openstack and kubectl find them; name them to
# choose, or to use the login that a control node has:
# clouds: {{lab: {{host: controller}}}}
# clusters: {{lab: {{host: master}}}}
hosts:
"""


_NOWHERE: Mapping[str, str] = MappingProxyType({})
_NAMES = {"clouds": "openstack", "clusters": "kubernetes"}


def write_site(path: Path, hosts: tuple[Host, ...], *ssh_config: str, through: Mapping[str, str] = _NOWHERE) -> str:
    """Writes a commented site.yaml (0600, all or nothing) and returns its text. ConfigError when there is
    one already or the folder cannot be written. `through`: the control node of a cloud or cluster, by `clouds` and
    `clusters`."""
    files = ", ".join(map(_quoted, ssh_config or ("~/.ssh/config",)))
    text = _HEAD.format(config=f"[{files}]" if len(ssh_config) > 1 else files)
    text += "".join(f"  {_quoted(host.name)}: {_labels(host)}{_known(host)}\n" for host in hosts)
    text += "  # vm1: {addresses: [192.0.2.10], console: [lxc, exec, vm1, --], labels: [vm]}\n"
    for world, host in through.items():
        text += f"{world}: {{{_NAMES[world]}: {{host: {_quoted(host)}}}}}\n"
    _write(path, text, os.link)  # unlike a rename, refuses to replace a file
    return text


def _labels(host: Host) -> str:
    return f"{{labels: [{', '.join(map(_quoted, host.labels))}]}}" if host.labels else "{}"


def _known(host: Host) -> str:
    return f"  # {', '.join(host.addresses)}" if host.addresses else ""


def _quoted(word: str) -> str:
    """The word as YAML: quoted where YAML would read something else into it."""
    return yaml.safe_dump(word, default_style=None, width=10**6, allow_unicode=True).partition("\n")[0]


def write_inventory(path: Path, text: str, mark: str) -> None:
    """Writes the SSH lines of an inventory (0600, all or nothing), in the place of older ones, which begin with
    `mark`, and of nothing else."""
    if is_there(path) and not read_text(path, Place(str(path))).startswith(mark):
        raise _there_already(path)
    _write(path, text, Path.replace)


def _write(path: Path, text: str, put: Callable[[Path, Path], object]) -> None:
    """`put` brings the written file into its place."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        make_private(path.parent)
        _write_durably(temporary, text)
        put(temporary, path)
    except FileExistsError as error:
        raise _there_already(path) from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}", hint="choose another path") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _there_already(path: Path) -> ConfigError:
    return ConfigError(f"{path}: is there already", hint="edit it, or move it away first")


def _write_durably(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())

"""Reads an inventory: by `ansible-inventory` where Ansible is installed, else what docs/site.md names.

Inventories can be programs, and plugins can ask anybody: neither is run. Ansible is told to read ini and YAML files
and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from base.errors import ConfigError, Place
from base.paths import scratch
from probes.inventory.groups import Listed, listed
from probes.inventory.ini import parse_ini
from probes.inventory.machines import LeftOut, Machine, machines_of
from probes.inventory.tree import parse_listed, parse_yaml
from probes.ssh_config import is_there, read_text

ANSIBLE = "ansible-inventory"
SECONDS = 60.0
_AS_LIST = "`ansible-inventory -i INVENTORY --list > FILE.json` makes a file that can be read"


@dataclass(frozen=True, slots=True)
class Inventory:
    path: Path
    machines: tuple[Machine, ...]
    left_out: tuple[LeftOut, ...]
    by: str
    """`ansible-inventory`, or `deadhop` where Ansible is missing or cannot read it."""
    trouble: str = ""
    """What Ansible said when it could not."""


def read_inventory(path: Path, program: str | None = None) -> Inventory:
    """ConfigError, with place and hint, where nobody can read it. `program` stands for the one in PATH."""
    _refuse_program(path)
    found, trouble = _by_ansible(path, program or _installed()) if path.suffix != ".json" else (None, "")
    machines, left_out = machines_of(found or _by_us(path, trouble))
    if not machines:
        raise ConfigError(f"{path}: names no machine", hint="is it the right inventory?")
    return Inventory(path, machines, left_out, ANSIBLE if found else "deadhop", trouble)


def _refuse_program(path: Path) -> None:
    if is_there(path) and not (path.is_file() or path.is_dir()):
        raise ConfigError(f"{path}: is neither a file nor a folder", hint="write it into a file first")
    if path.is_file() and os.access(path, os.X_OK) and path.read_bytes()[:2] == b"#!":
        raise ConfigError(f"{path}: is a program, and no inventory is run", hint=_AS_LIST)


def _installed() -> str:
    """In PATH, or beside our own interpreter."""
    return shutil.which(ANSIBLE) or shutil.which(ANSIBLE, path=str(Path(sys.executable).parent)) or ""


def _by_us(path: Path, trouble: str) -> Listed:
    if path.is_dir():
        if trouble:
            raise ConfigError(f"{path}: only Ansible reads folders, and it says: {trouble}", hint=_AS_LIST)
        raise ConfigError(f"{path}: only Ansible reads folders", hint=_AS_LIST)
    text = read_text(path, Place(str(path)))
    if path.suffix == ".json" or text.lstrip().startswith("{"):
        return parse_listed(text, path)
    is_yaml = path.suffix in (".yaml", ".yml") or text.lstrip().startswith(("---", "all:"))
    return listed(parse_yaml(text, path) if is_yaml else parse_ini(text, path))


def _by_ansible(path: Path, program: str) -> tuple[Listed | None, str]:
    """None with what it said where it is missing or fails."""
    if not program or not is_there(path):
        return None, ""
    try:
        with scratch("inventory") as folder:
            done = subprocess.run(
                [program, "-i", str(path.absolute()), "--list"],
                cwd=folder,
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, str(error)
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode:
        return None, said[-1] if said else f"{ANSIBLE} ended with status {done.returncode}"
    return parse_listed(done.stdout.decode(errors="replace"), path), ""


def _environment(folder: Path) -> dict[str, str]:
    """No plugins, no programs, no configuration of the folder we happen to be in."""
    (folder / "ansible.cfg").touch()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return kept | {
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_LOCAL_TEMP": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(folder),
        "ANSIBLE_INVENTORY_PLUGINS": str(folder),
        "ANSIBLE_VARS_PLUGINS": str(folder),
        "ANSIBLE_INVENTORY_ENABLED": "ini,yaml",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
        "ANSIBLE_NOCOLOR": "1",
    }

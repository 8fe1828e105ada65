"""kolla.setting: where an option that kolla-ansible deploys was lost, from its files to the container.

kolla-ansible renders a template with the variables of globals.yml (which win over the inventory's), merges the
operator's own files below `node_custom_config` into it, and puts the result into /etc/kolla/SERVICE on the node.
The container copies that to its place: at each start, or with COPY_ONCE at the first.

The inventory's own variables (group_vars, host_vars) are not read: where globals.yml is silent, they may decide."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from probes.cloud import containers
from probes.cloud.agent_config import checked, read
from probes.cloud.containers import container_of
from probes.cloud.host_facts import KollaSetting
from probes.connection import Connection
from probes.errors import CommandMissing, ProbeError
from probes.linux.ask import ask
from probes.probe import Toolbox, probe
from probes.site import OPERATOR, target_of

GLOBALS = "/etc/kolla/globals.yml"
_FURTHER = "/etc/kolla/globals.d"
_CUSTOM = "node_custom_config"
_CUSTOM_DEFAULT = "/etc/kolla/config"
VARIABLES = (
    "enable_neutron_provider_networks",
    "enable_neutron_dvr",
    "computes_need_external_bridge",
    "neutron_bridge_name",
    "neutron_external_interface",
    "neutron_physical_networks",
    _CUSTOM,
)
"""Those of which it depends whether a compute node gets bridge mappings, and where own files lie."""
_NAMES = "|".join(VARIABLES)
_LINE = re.compile(rf"({_NAMES})\s*:\s*(.*)")
_ANY = (0, 1, 2)
_ONCE = "KOLLA_CONFIG_STRATEGY=COPY_ONCE"


@probe(
    "kolla.setting",
    commands=(*containers.COMMANDS, "grep -EHsno", "sed -n", "grep -rEHs", "grep -czx", "ls -1d"),
    timeout=20.0,
    unit="unit",
    file="path",
    option="line",
)
async def setting(host: str, toolbox: Toolbox, unit: str, file: str, option: str) -> KollaSetting:
    """An option of a service in a container: on the node, and what kolla-ansible would deploy from where."""
    (key,) = checked([option])
    connection = toolbox.connection(target_of(host))
    found = await container_of(connection, unit)
    if found is None:
        raise CommandMissing(f"{host}: no container of {unit}", hint="`podman ps -a`, `docker ps -a`")
    name = PurePosixPath(file).name
    node_file = f"/etc/kolla/{found.name.replace('_', '-')}/{name}"
    (values, _), once, deploy = await asyncio.gather(
        read(connection, (node_file,), (key,)),
        _once(connection, found.pid),
        _deploy_host(toolbox),
    )
    variables, wanted, wanted_in = {}, "", ""
    if deploy:
        there = toolbox.connection(target_of(deploy))
        variables = await _variables(there)
        own = own_files(variables.get(_CUSTOM) or _CUSTOM_DEFAULT, found.name, name, host)
        said, set_in = await read(there, own, (key,))
        wanted, wanted_in = said[key], set_in[key]
    return KollaSetting(
        host=host,
        container=found.name,
        engine=found.engine,
        unit=found.unit,
        node_file=node_file,
        on_node=values[key],
        copies_once=once,
        deploy_host=deploy,
        variables=variables,
        computes_get_mappings=gives_mappings(variables),
        wanted=wanted,
        wanted_in=wanted_in,
    )


async def _once(connection: Connection, pid: int) -> bool:
    """Whether the container copies its configuration at its first start only. Nothing else of its environment is
    read: it may hold passwords."""
    if not pid:
        return False
    return (await ask(connection, "grep", "-czx", _ONCE, f"/proc/{pid}/environ", sudo=True, ok=_ANY)).strip() == "1"


async def _deploy_host(toolbox: Toolbox) -> str:
    """The machine with kolla-ansible's globals.yml: this one, else the site's first; empty when none is seen."""
    names = (OPERATOR, *(host.name for host in toolbox.site.hosts))
    found = await asyncio.gather(*(_has_globals(toolbox, name) for name in names))
    return next((name for name, has in zip(names, found, strict=True) if has), "")


async def _has_globals(toolbox: Toolbox, host: str) -> bool:
    try:
        said = await ask(toolbox.connection(target_of(host)), "ls", "-1d", GLOBALS, sudo=True, ok=_ANY)
    except ProbeError:
        return False
    return said.strip() == GLOBALS


async def _variables(connection: Connection) -> dict[str, str]:
    pattern = rf"^({_NAMES})[[:space:]]*:"
    files = ("--include=*.yml", GLOBALS, _FURTHER)
    text = await ask(connection, "grep", "-rEHs", pattern, *files, sudo=True, ok=_ANY)
    return parse_variables(in_order(text))


def in_order(text: str) -> str:
    """Of `grep -rH`: globals.yml, then the files of globals.d by name, whatever order their folder has them in.
    Folders below it are not kolla-ansible's."""
    found = [(path, line) for path, _, line in (one.partition(":") for one in text.splitlines())]
    mine = [one for one in found if one[0] == GLOBALS or one[0].rpartition("/")[0] == _FURTHER]
    return "\n".join(line for _, line in sorted(mine, key=lambda one: (one[0] != GLOBALS, one[0])))


def parse_variables(text: str) -> dict[str, str]:
    """Lines `name: value` of YAML files, later ones in the place of earlier ones; without quotes and comments."""
    found = {}
    for line in text.splitlines():
        if match := _LINE.fullmatch(line.strip()):
            value = match[2].strip()
            quoted = re.fullmatch(r"""(["'])(.*?)\1\s*(?:#.*)?""", value)
            found[match[1]] = quoted[2] if quoted else re.sub(r"(?:^|\s+)#.*", "", value)
    return found


def own_files(folder: str, container: str, name: str, host: str) -> tuple[str, ...]:
    """The operator's own files that kolla-ansible merges into the template, the last one wins."""
    service = container.partition("_")[0]
    general = (f"{folder}/global.conf", f"{folder}/{service}.conf")
    return (*general, f"{folder}/{service}/{name}", f"{folder}/{service}/{host}/{name}")


def gives_mappings(variables: Mapping[str, str]) -> bool:
    """Whether kolla-ansible's template gives compute nodes bridge mappings at all."""
    return any(
        variables.get(name, "").lower() in ("yes", "true", "on", "1")
        for name in ("enable_neutron_provider_networks", "enable_neutron_dvr", "computes_need_external_bridge")
    )

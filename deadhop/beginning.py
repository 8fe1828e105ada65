"""`deadhop site init`: a site.yaml from an SSH configuration or an Ansible inventory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from base.errors import ConfigError
from base.text import inert
from deadhop.front import Front
from deadhop.output import wrap
from deadhop.worlds import described
from probes.site import Host, Site

if TYPE_CHECKING:
    from probes.inventory.machines import Machine
    from probes.inventory.read import Inventory

SSH_FILE = "inventory.ssh_config"
"""Beside the site.yaml."""
CONTROL = {
    "clouds": ("control", "controller", "controllers", "haproxy_all", "os-infra_hosts"),
    "clusters": ("kube_control_plane", "kube-master", "kube_master", "masters", "master"),
}
"""Groups of kolla-ansible, OpenStack-Ansible and kubespray, and common ones, whose first machine has a login."""


def write(front: Front) -> Site:
    """Writes the files, says so, and returns the site they make."""
    from base.paths import config_dir

    path = Path(front.arguments.file) if front.arguments.file else front.site or config_dir() / "site.yaml"
    found = _from_inventory(front, path) if front.arguments.inventory else _from_ssh(front, path)
    if front.out.json:
        return found
    for cluster in found.clusters:
        front.out.line(f"  {front.say('cluster', '클러스터')} {'  '.join((cluster.name, *described(cluster)))}")
    if any(len(names) > 1 for names in shared(found.hosts).values()):
        _say_shared(front, found.hosts)
    front.out.line(front.say("try them: deadhop site check", "확인: deadhop site check"))
    return found


# ------------------------------------------------------------------ from an SSH configuration


def _from_ssh(front: Front, path: Path) -> Site:
    from probes.site_writing import write_site
    from probes.ssh_config import default_config, hosts_of

    chosen = front.arguments.ssh_config
    config = Path(chosen).absolute() if chosen else default_config()
    if not config.exists():
        raise ConfigError(
            front.say("{}: there is no such file", "{}: 그런 파일이 없다").format(config), hint="--ssh-config FILE"
        )
    hosts = hosts_of(config)
    write_site(path, hosts, *([str(config)] if chosen else []))
    _say_hosts(front, path, hosts)
    return _site(path, hosts)


def _site(path: Path, hosts: tuple[Host, ...]) -> Site:
    from probes.site_clouds import found_clouds
    from probes.site_clusters import found_clusters

    return Site(str(path), hosts, clouds=found_clouds(), clusters=found_clusters())


# ------------------------------------------------------------------ from an inventory


def _from_inventory(front: Front, path: Path) -> Site:
    """The SSH lines are written anew each time; a site.yaml that is there stays as it is."""
    from probes.inventory.read import read_inventory
    from probes.inventory.ssh_lines import MARK, ssh_config_of
    from probes.site_file import load_site
    from probes.site_writing import write_inventory

    inventory = read_inventory(Path(front.arguments.inventory))
    lines = path.parent / SSH_FILE
    write_inventory(lines, ssh_config_of(inventory.machines, str(inventory.path.absolute())), MARK)
    if not path.exists():
        _write_new_site(front, path, inventory.machines)
    found = load_site(path)
    if not front.out.json:
        _say_inventory(front, inventory, lines)
        _say_hosts(front, path, found.hosts)
        _say_unused(front, found, lines)
    return found


def _write_new_site(front: Front, path: Path, machines: Iterable[Machine]) -> None:
    from probes.inventory.ssh_lines import address_of
    from probes.site_writing import write_site
    from probes.ssh_config import default_config

    chosen = front.arguments.ssh_config
    further = chosen or ("~/.ssh/config" if default_config().exists() else "")
    hosts = tuple(Host(one.name, address_of(one), labels=one.groups) for one in machines)
    known = _site(path, hosts)
    missing = [world for world, there in (("clouds", known.clouds), ("clusters", known.clusters)) if not there]
    through = {world: host for world in missing if (host := _control_node(hosts, CONTROL[world]))}
    write_site(path, hosts, SSH_FILE, *([further] if further else []), through=through)


def _control_node(hosts: Iterable[Host], groups: Iterable[str]) -> str:
    first = {label: host.name for host in reversed([*hosts]) for label in host.labels}
    return next((first[group] for group in groups if group in first), "")


def _say_inventory(front: Front, inventory: Inventory, lines: Path) -> None:
    count = len(inventory.machines)
    front.out.line(
        front.say("{}: {} machines, read by {}", "{}: 호스트 {} 개 ({} 로 읽음)").format(lines, count, inventory.by)
    )
    if inventory.trouble:
        front.out.line(wrap(f"ansible-inventory: {inert(inventory.trouble)}", "    "))
    for one in inventory.left_out:
        left_out = front.say("not taken over: {} of {}", "가져오지 않음: {1} 의 {0}").format(
            one.what, inert(one.host)
        )
        front.out.line(wrap(f"{left_out}: {front.told(one.why)}", "    ", first="  ? "))


def _say_unused(front: Front, site: Site, lines: Path) -> None:
    """A site.yaml that was there before may not know of them."""
    if lines.resolve() not in [file.resolve() for file in site.ssh_config]:
        line = f"ssh_config: [{SSH_FILE}, ~/.ssh/config]"
        front.out.line(
            front.say("{} does not name it yet; write there: {}", "{} 에 아직 없다. 이렇게 적는다: {}").format(
                site.source, line
            )
        )


# ------------------------------------------------------------------ both


def _say_hosts(front: Front, path: Path, hosts: tuple[Host, ...]) -> None:
    if not front.out.json:
        front.out.line(front.say("{}: {} hosts", "{}: 호스트 {} 개").format(path, len(hosts)))


def shared(hosts: tuple[Host, ...]) -> dict[str, list[str]]:
    """Address → the names it goes by."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        for address in host.addresses:
            found.setdefault(address, []).append(host.name)
    return found


def _say_shared(front: Front, hosts: tuple[Host, ...]) -> None:
    """Aliases of one machine would be looked at, and counted, as several."""
    front.out.line(
        front.say(
            "names of one address; keep one of each, or they count as several machines:",
            "주소가 같은 이름들. 하나씩만 남기지 않으면 서로 다른 장비로 센다:",
        )
    )
    for address, names in shared(hosts).items():
        if len(names) > 1:
            front.out.line(f"  {address}: {', '.join(names)}")

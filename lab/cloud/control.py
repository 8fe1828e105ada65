"""The control plane on `controller`: databases, broker and APIs, filled once and copied from the cache later."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from lab.bash import lines, shipped, until, write
from lab.cache import digest, only_one_builds
from lab.cloud import venv
from lab.cloud.agents import HYPERVISORS, start_agents, units_of
from lab.cloud.config import (
    CLOUD,
    PASSWORD,
    REGION,
    ControlPlane,
    Ports,
    clouds_yaml,
    database,
    glance_conf,
    keystone_conf,
    ml2_conf,
    neutron_conf,
    nova_conf,
    placement_conf,
)
from lab.cloud.machines import CONTROLLER
from lab.cloud.seed import seed
from lab.cloud.units import CONTROL, infrastructure, services
from lab.errors import LabError
from lab.inside import enter, script
from lab.instance import Instance
from lab.machines import MACHINES
from lab.processes import ENV, parallel

_SOCKET = "/run/mysqld/mysqld.sock"
_KEPT = "mysql fernet credential glance"
"""What the copy in the cache holds, below the folder of the data."""
_DATABASES = ("keystone", "neutron", "placement", "glance", "nova_api", "nova", "nova_cell0")
_CLIENT = """\
#!/bin/sh
export OS_CLOUD="${{OS_CLOUD:-{cloud}}}" PYTHONWARNINGS=ignore
exec {venv}/bin/{program} "$@"
"""
_WITH_AGENTS = (CONTROLLER, *HYPERVISORS)


def control_plane() -> ControlPlane:
    address = MACHINES[CONTROLLER].ip
    return ControlPlane(
        address=address,
        ports=Ports(),
        etc=Path("/etc"),
        data=Path("/var/lib/openstack"),
        state=Path("/var/lib"),
        venv=venv.venv(),
        database=f"mysql+pymysql://root@localhost/{{}}?unix_socket={_SOCKET}&charset=utf8mb4",
        transport=f"rabbit://guest:guest@{address}:5672/",
        physical_networks=("provider", "physnet2"),
    )


def must(lab: Instance, where: str, text: str, timeout: float = 300) -> str:
    """What bash text says in a machine; LabError when one of its commands fails."""
    done = script(lab, where, "set -e -o pipefail\n" + text, timeout)
    if done.returncode:
        raise LabError(f"[{where}] {text.strip()[-200:]}\n{done.stdout.strip()[-1500:]}")
    return done.stdout


def start(lab: Instance) -> None:
    """Everything runs, and every agent reports, when this returns; there is no server yet."""
    cloud = control_plane()
    must(lab, CONTROLLER, _prepare(cloud))
    _write_clouds(lab, cloud)
    copy = venv.folder() / f"databases-{_digest(cloud)}.tar"
    with only_one_builds(venv.folder() / "databases"):
        if not copy.exists():
            _fill(lab, cloud)
            _save(lab, cloud, copy)
    if script(lab, CONTROLLER, f"test -d {cloud.data}/mysql").returncode:
        _load(lab, cloud, copy)
    _start(lab, cloud)


def _write_clouds(lab: Instance, cloud: ControlPlane) -> None:
    lab.clouds.write_text(clouds_yaml(cloud))
    lab.clouds.chmod(0o600)
    must(lab, CONTROLLER, write("/etc/openstack/clouds.yaml", clouds_yaml(cloud), "600") + _clients(cloud))


def _clients(cloud: ControlPlane) -> str:
    """The client and the services' own tools, where packages put them."""
    programs = {"openstack": "openstack", "openstack-batch": "python /usr/local/lib/lab/batch.py"}
    scripts = {name: _CLIENT.format(venv=cloud.venv, cloud=CLOUD, program=what) for name, what in programs.items()}
    tools = " ".join(f"{cloud.venv}/bin/{name}-manage" for name in ("nova", "keystone", "glance"))
    return "".join(
        [
            *(write(f"/usr/local/bin/{name}", text, "755") for name, text in scripts.items()),
            write("/usr/local/lib/lab/batch.py", shipped("openstack/batch.py")),
            f"ln -sf {tools} /usr/local/bin/\n",
        ]
    )


def _digest(cloud: ControlPlane) -> str:
    """Other programs or another configuration fill other databases."""
    programs = (shipped(f"openstack/{name}.py") for name in ("catalogue", "seed"))
    return digest(*programs, *_texts(cloud).values(), *_filling(cloud))


def _texts(cloud: ControlPlane) -> dict[str, str]:
    """Configuration files by path."""
    nova = nova_conf(cloud) + database(cloud, "nova") + database(cloud, "nova_api", "api_database")
    return {
        "/etc/rabbitmq/rabbitmq.conf": "loopback_users = none\n",
        "/etc/keystone/keystone.conf": keystone_conf(cloud),
        "/etc/neutron/neutron.conf": neutron_conf(cloud) + database(cloud, "neutron"),
        "/etc/neutron/ml2_conf.ini": ml2_conf(cloud),
        "/etc/nova/nova.conf": nova,
        "/etc/placement/placement.conf": placement_conf(cloud),
        "/etc/glance/glance-api.conf": glance_conf(cloud),
    }


def _prepare(cloud: ControlPlane) -> str:
    """Folders, configuration and units. The data lie in memory of their own: the machine's own is small."""
    temporary = " ".join(f"/run/openstack/{name}" for name in ("keystone", *CONTROL))
    pastes = (("neutron", "api-paste.ini"), ("nova", "api-paste.ini"), ("glance", "glance-api-paste.ini"))
    return "".join(
        [
            lines(
                f"mkdir -p {cloud.data} /run/mysqld /var/log/rabbitmq {temporary}",
                f"mountpoint -q {cloud.data} || mount -t tmpfs -o mode=755,size=2g openstack {cloud.data}",
                f"mkdir -p {cloud.data}/rabbit /var/lib/nova /var/lib/neutron",
            ),
            *(write(path, text) for path, text in _texts(cloud).items()),
            *(f"cp {cloud.venv}/etc/{name}/{file} /etc/{name}/\n" for name, file in pastes),
            infrastructure(cloud),
            services(cloud),
            "systemctl daemon-reload\n",
        ]
    )


def _start(lab: Instance, cloud: ControlPlane) -> None:
    units = " ".join(CONTROL)
    must(lab, CONTROLLER, _infrastructure_up() + f"systemctl start keystone {units}\n" + _wait_for_apis(cloud))
    parallel(lambda vm: must(lab, vm, start_agents(vm, cloud)), _WITH_AGENTS)


def _infrastructure_up() -> str:
    return lines(
        "systemctl start mariadb rabbitmq-server",
        until(f"mariadb-admin -S {_SOCKET} ping"),
        until("ss -Htln sport = :5672 | grep -q 5672"),
    )


def _wait_for_apis(cloud: ControlPlane) -> str:
    ports = cloud.ports
    wanted = (ports.keystone, ports.placement, ports.glance, ports.nova, ports.neutron)
    return lines(*(until(f"curl -s -o /dev/null --max-time 5 {cloud.url(port)}/") for port in wanted))


def _fill(lab: Instance, cloud: ControlPlane) -> None:
    """Schema, users, catalogue, cells, networks: all that an installer leaves behind."""
    for text in _filling(cloud):
        must(lab, CONTROLLER, _environment() + text, timeout=600)
    _start(lab, cloud)
    nodes = f"test $(mariadb -S {_SOCKET} -N -e 'select count(*) from nova.compute_nodes') = {len(HYPERVISORS)}"
    must(lab, CONTROLLER, _environment() + lines(until(nodes), f"{_nova_manage()} cell_v2 discover_hosts"))
    seed(lab, "networks")
    parallel(lambda vm: must(lab, vm, f"systemctl stop {' '.join(units_of(vm))}\n"), _WITH_AGENTS)
    must(lab, CONTROLLER, f"systemctl stop keystone {' '.join(CONTROL)} mariadb\n")


def _filling(cloud: ControlPlane) -> tuple[str, ...]:
    return _schema(cloud), _identity(cloud), _compute(cloud)


def _environment() -> str:
    return f"export PATH={venv.venv()}/bin:$PATH PYTHONWARNINGS=ignore\n"


def _schema(cloud: ControlPlane) -> str:
    install = f"mariadb-install-db --no-defaults --user=root --datadir={cloud.data}/mysql --skip-test-db"
    create = " ".join(f"CREATE DATABASE {name};" for name in _DATABASES)
    neutron = "--config-file /etc/neutron/neutron.conf --config-file /etc/neutron/ml2_conf.ini"
    return lines(
        f"{install} --auth-root-authentication-method=normal >/dev/null",
        _infrastructure_up(),
        f"mariadb -S {_SOCKET} -e '{create}'",
        f"neutron-db-manage {neutron} upgrade head & neutron=$!",
        "placement-manage --config-file /etc/placement/placement.conf db sync",
        "glance-manage --config-file /etc/glance/glance-api.conf db_sync",
        "keystone-manage --config-file /etc/keystone/keystone.conf db_sync",
        "wait $neutron",
    )


def _identity(cloud: ControlPlane) -> str:
    manage = "keystone-manage --config-file /etc/keystone/keystone.conf"
    urls = " ".join(f"--bootstrap-{kind}-url {cloud.auth_url}" for kind in ("public", "internal", "admin"))
    ports = cloud.ports
    catalogue = (
        f"neutron=network={cloud.url(ports.neutron)}",
        f"nova=compute={cloud.url(ports.nova, '/v2.1')}",
        f"placement=placement={cloud.url(ports.placement)}",
        f"glance=image={cloud.url(ports.glance)}",
    )
    return write("/run/openstack/catalogue.py", shipped("openstack/catalogue.py")) + lines(
        f"mkdir -m 700 {cloud.data}/fernet {cloud.data}/credential",
        f"{manage} fernet_setup --keystone-user root --keystone-group root",
        f"{manage} bootstrap --bootstrap-password {PASSWORD} --bootstrap-region-id {REGION} {urls}",
        "systemctl start keystone",
        until(f"curl -s -o /dev/null {cloud.auth_url}"),
        f"OS_CLOUD=lab python /run/openstack/catalogue.py {PASSWORD} {' '.join(catalogue)}",
    )


def _compute(cloud: ControlPlane) -> str:
    manage = _nova_manage()
    return lines(
        f"mkdir -p {cloud.data}/glance/images {cloud.data}/glance/staging {cloud.data}/glance/tasks",
        f"{manage} api_db sync",
        f"{manage} cell_v2 map_cell0 --database_connection '{cloud.database.format('nova_cell0')}'",
        f"{manage} db sync",
        f"{manage} cell_v2 create_cell --name cell1",
    )


def _nova_manage() -> str:
    return "nova-manage --config-file /etc/nova/nova.conf"


def _save(lab: Instance, cloud: ControlPlane, copy: Path) -> None:
    part = copy.with_suffix(".part")
    with part.open("wb") as file:
        _tar(lab, ["-C", str(cloud.data), "-cf", "-", *_KEPT.split()], stdout=file)
    for old in copy.parent.glob("databases-*.tar"):
        old.unlink()
    part.rename(copy)


def _load(lab: Instance, cloud: ControlPlane, copy: Path) -> None:
    with copy.open("rb") as file:
        _tar(lab, ["-C", str(cloud.data), "-xf", "-"], stdin=file)


def _tar(lab: Instance, options: Iterable[str], **streams: object) -> None:
    argv = [*enter(lab, CONTROLLER), "tar", *options]
    if subprocess.run(argv, env=ENV, **streams).returncode:  # type: ignore[call-overload]
        raise LabError("the databases could not be copied", hint=f"is there room in {venv.folder()}?")

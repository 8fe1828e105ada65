"""`python -m lab api`: a real Keystone and Neutron alone, on loopback and sqlite, for tests of an API.

Neutron runs without a broker; agents of the files in `agents/` of the state folder are reported to it.
"""

import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import cleanup
from lab.bash import FILES, shipped
from lab.cache import digest, only_one_builds
from lab.cloud import venv
from lab.cloud.config import (
    PASSWORD,
    REGION,
    ControlPlane,
    Ports,
    clouds_yaml,
    database,
    keystone_conf,
    ml2_conf,
    neutron_conf,
)
from lab.cloud.wsgi import environment, uwsgi
from lab.errors import LabError
from lab.instance import Instance

_PROGRAMS = FILES / "openstack"
_DECIDES = ("light_neutron.py", "catalogue.py")
_AGENT = '{"binary": "neutron-openvswitch-agent", "host": "compute", "bridge_mappings": {"provider": "br-ex"}}\n'
PATIENCE = 90.0


def api_of(lab: Instance) -> Instance:
    """Stands beside the lab of the same name: no lab's name holds a dot."""
    return Instance(f"{lab.name}.api")


def clouds(lab: Instance) -> Path:
    return api_of(lab).state / "clouds.yaml"


def up(lab: Instance) -> Path:
    """Starts both afresh; the path of their clouds.yaml."""
    here = api_of(lab)
    venv.build()
    cleanup.down(here)
    with cleanup.counted_in(here):
        here.state.mkdir(mode=0o700)
        filled = _filled(here)
        shutil.copytree(filled, here.state / "data")
        cloud = _cloud(here, here.state / "data")
        _configure(here, cloud)
        _name_endpoints(cloud)
        keystone = _start(here, cloud, "keystone", "keystone.wsgi.api", cloud.ports.keystone)
        neutron = _start(here, cloud, "neutron", "light_neutron", cloud.ports.neutron)
        _wait(here, "keystone", keystone, cloud.ports.keystone)
        _wait(here, "neutron", neutron, cloud.ports.neutron)
    return clouds(lab)


def down(lab: Instance) -> None:
    cleanup.down(api_of(lab))


def _cloud(here: Instance, data: Path) -> ControlPlane:
    keystone, neutron = _free_ports(2)
    return ControlPlane(
        address="127.0.0.1",
        ports=Ports(keystone=keystone, neutron=neutron),
        etc=here.state / "etc",
        data=data,
        state=here.state,
        venv=venv.venv(),
        database=f"sqlite:///{data}/{{}}.db?timeout=60",
        transport="fake:///",
        physical_networks=("provider", "physnet2"),
    )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _configure(here: Instance, cloud: ControlPlane) -> None:
    neutron = cloud.etc / "neutron"
    texts = {
        cloud.etc / "keystone/keystone.conf": keystone_conf(cloud),
        neutron / "neutron.conf": neutron_conf(cloud) + database(cloud, "neutron"),
        neutron / "ml2_conf.ini": ml2_conf(cloud),
        neutron / "api-paste.ini": (cloud.venv / "etc/neutron/api-paste.ini").read_text(),
        here.state / "agents/compute.json": _AGENT,
        here.state / "clouds.yaml": clouds_yaml(cloud),
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)


def _filled(here: Instance) -> Path:
    """Databases with schema, users and catalogue, made once for each set of versions."""
    programs = (shipped(f"openstack/{name}") for name in _DECIDES)
    golden = venv.folder() / f"api-{digest(*programs)}"
    with only_one_builds(venv.folder() / "api"):
        if not golden.exists():
            part = golden.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            _fill(here, _cloud(here, part))
            part.rename(golden)
    return golden


def _fill(here: Instance, cloud: ControlPlane) -> None:
    _configure(here, cloud)
    for name in ("fernet", "credential"):
        (cloud.data / name).mkdir(mode=0o700)
    manage = (venv.program("keystone-manage"), "--config-file", str(cloud.etc / "keystone/keystone.conf"))
    python = venv.program("python")
    _say(here, cloud, *manage, "db_sync")
    _say(here, cloud, *manage, "fernet_setup", "--keystone-user", "root", "--keystone-group", "root")
    urls = [f"--bootstrap-{kind}-url={cloud.auth_url}" for kind in ("public", "internal", "admin")]
    _say(
        here,
        cloud,
        *manage,
        "bootstrap",
        f"--bootstrap-password={PASSWORD}",
        f"--bootstrap-region-id={REGION}",
        *urls,
    )
    _say(here, cloud, python, str(_PROGRAMS / "light_neutron.py"), str(cloud.data / "neutron.db"))
    keystone = _start(here, cloud, "keystone", "keystone.wsgi.api", cloud.ports.keystone)
    with _ended(keystone):
        _wait(here, "keystone", keystone, cloud.ports.keystone)
        catalogue = ("neutron", "network", cloud.url(cloud.ports.neutron))
        _say(here, cloud, python, str(_PROGRAMS / "catalogue.py"), PASSWORD, "=".join(catalogue))


def _name_endpoints(cloud: ControlPlane) -> None:
    """The catalogue was filled by a Keystone and a Neutron on other ports."""
    urls = {"identity": cloud.auth_url, "network": cloud.url(cloud.ports.neutron)}
    keystone = sqlite3.connect(cloud.data / "keystone.db")
    with keystone:
        for kind, url in urls.items():
            of_service = "SELECT id FROM service WHERE type = ?"
            keystone.execute(f"UPDATE endpoint SET url = ? WHERE service_id IN ({of_service})", (url, kind))
    keystone.close()


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _start(here: Instance, cloud: ControlPlane, name: str, module: str, port: int) -> subprocess.Popen[bytes]:
    temporary = here.state / "tmp" / name  # Neutron leaves marks there that a second process would take for its own
    temporary.mkdir(parents=True, exist_ok=True)
    with (here.state / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            uwsgi(cloud, module, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**_environment(here, cloud), "TMPDIR": str(temporary)},
            start_new_session=True,
        )


def _environment(here: Instance, cloud: ControlPlane) -> dict[str, str]:
    return {
        **environment(cloud),
        "PYTHONPATH": str(_PROGRAMS),
        "LAB_AGENTS": str(here.state / "agents"),
        "OS_CLIENT_CONFIG_FILE": str(here.state / "clouds.yaml"),
        "OS_CLOUD": "lab",
    }


def _say(here: Instance, cloud: ControlPlane, *argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, env=_environment(here, cloud))
    if done.returncode:
        raise LabError(f"`{' '.join(argv[:4])} …` failed: {done.stderr.strip()[-800:]}")


def _wait(here: Instance, name: str, process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE
    while not _answers(f"http://127.0.0.1:{port}"):
        if process.poll() is not None or time.monotonic() > end:
            said = (here.state / f"{name}.log").read_text()[-800:]
            raise LabError(f"{name} does not answer: {said}", hint=f"see {here.state}/{name}.log")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True  # 300 Multiple Choices and 401 are answers
    except OSError:
        return False
    return True

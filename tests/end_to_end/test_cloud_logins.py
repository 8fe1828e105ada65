"""Who may not ask the cloud, asks the machines: what is still concluded, and what is said to be unknown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.cloud.machines import CONTROLLER
from lab.machines import MACHINES
from lab.session import Lab
from tests.end_to_end.outages import Ran, deadhop
from tests.probes.pki import Pair, authority, signed

pytestmark = [pytest.mark.lab, pytest.mark.long]

API, AGENTS = "openstack-api-does-not-answer", "agents-or-services-down"
ADDRESS, FRONT = MACHINES[CONTROLLER].ip, 5443
Entry = dict[str, Any]


@dataclass(frozen=True)
class Login:
    name: str
    cause: str
    """Of an API that lets nobody in; empty where it lets in and shows little."""
    reason: str
    """Why the agents could not be asked for."""


LOGINS = (
    Login("wrong password", "cloud-login-refused", "denied"),
    Login("another authority", "cloud-certificate-not-accepted", "certificate"),
    Login("no rights", "", "forbidden"),
)


@pytest.fixture(scope="module")
def front(openstack_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A haproxy before Keystone that ends TLS, as kolla-ansible puts one there; the file of its authority."""
    folder, trusted = tmp_path_factory.mktemp("front"), authority("kolla")
    held = signed(trusted, "api", hosts=(ADDRESS,))
    script = _front(held)
    started = openstack_lab.run(CONTROLLER, script)
    assert started.returncode == 0, started.stdout
    yield trusted.write(folder, "kolla")[0]
    openstack_lab.run(CONTROLLER, "systemctl stop tls-front; rm -f /run/front.pem /run/front.cfg")


def _front(held: Pair) -> str:
    return f"""\
cat > /run/front.pem <<'END'
{held.pem.decode()}{held.key_pem.decode()}
END
cat > /run/front.cfg <<'END'
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen keystone
  bind {ADDRESS}:{FRONT} ssl crt /run/front.pem
  server one {ADDRESS}:5000
END
systemd-run -q --unit=tls-front haproxy -W -db -f /run/front.cfg
for i in $(seq 100); do nc -z {ADDRESS} {FRONT} && exit; sleep 0.1; done; exit 1"""


@pytest.fixture
def site_of(healed_openstack_lab: Lab, front: Path, tmp_path: Path) -> Callable[[Login | None], Path]:
    """The lab's site with another way to log in; None is the right one, through the front."""
    foreign = authority("another").write(tmp_path, "another")[0]

    def made(login: Login | None) -> Path:
        entry, name = json.loads(healed_openstack_lab.instance.clouds.read_text())["clouds"], "lab"
        if login is None or login.name == "another authority":
            entry[name]["auth"]["auth_url"] = f"https://{ADDRESS}:{FRONT}/v3"
            entry[name]["cacert"] = str(foreign if login else front)
        elif login.name == "wrong password":
            entry[name]["auth"]["password"] = "wrong"
        else:
            name = "lab-demo"
        return _site(healed_openstack_lab, tmp_path, {"clouds": entry}, name)

    return made


def _site(lab: Lab, folder: Path, clouds: Entry, name: str) -> Path:
    config = folder / "clouds.yaml"
    config.write_text(json.dumps(clouds))
    cloud = {"lab": {"config": str(config), "cloud": name}}
    text = lab.site().read_text()
    site = folder / "site.yaml"
    site.write_text(text[: text.index("clouds:\n")] + f"clouds: {json.dumps(cloud)}\n")
    return site


def diagnose(symptom: str, site: Path, folder: Path) -> Ran:
    return deadhop("diagnose", symptom, "--site", str(site), "--json", state=folder / "state")


def unseen(found: Ran) -> set[tuple[str, str]]:
    return {(one["probe"], one["reason"]) for one in found.document["unknown"]}


def test_the_front_leads_to_the_cloud(site_of: Callable[[Login | None], Path], tmp_path: Path) -> None:
    """So what another authority ends is the certificate alone."""
    found = diagnose(API, site_of(None), tmp_path)
    assert (found.document["verdict"], found.document["causes"]) == ("nothing-found", [])


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.name)
def test_the_machines_are_asked_in_its_place(
    healed_openstack_lab: Lab, site_of: Callable[[Login | None], Path], login: Login, tmp_path: Path
) -> None:
    site = site_of(login)
    api = diagnose(API, site, tmp_path)
    assert [cause["id"] for cause in api.document["causes"]] == [login.cause] * bool(login.cause)
    healthy = diagnose(AGENTS, site, tmp_path)
    assert [cause["id"] for cause in healthy.document["causes"]] == [login.cause] * bool(login.cause)
    assert healthy.document["verdict"] != "nothing-found"
    assert ("cloud.agents", login.reason) in unseen(healthy)

    healed_openstack_lab.break_("ovs-agent-frozen")
    found = diagnose(AGENTS, site, tmp_path)
    (cause,) = found.document["causes"]
    assert (cause["id"], cause["targets"]) == ("neutron-agent-frozen", ["host:compute"])
    assert ("cloud.agents", login.reason) in unseen(found)


def test_a_check_of_the_site_says_who_lets_nobody_in(
    site_of: Callable[[Login | None], Path], tmp_path: Path
) -> None:
    said = []
    for login in LOGINS:
        checked = deadhop("site", "check", "--site", str(site_of(login)), "--json", state=tmp_path / "state")
        said += [(one["reachable"], one["reason"]) for one in checked.document["clouds"]]
    assert [reached for reached, _ in said] == [False, False, True]
    assert "Keystone lets nobody in with this login" in said[0][1]
    assert "certificate" in said[1][1]

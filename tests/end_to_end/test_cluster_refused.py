"""A cluster that refuses or is late, and has its machines in the site: what is wrong on one of them is found over
SSH all the same, and what the cluster would have said is said to be unknown."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.kube.health import ailments
from lab.session import Lab
from tests.end_to_end.front import front, late
from tests.end_to_end.kube_outages import MASTER, W2, within
from tests.end_to_end.outages import Ran, deadhop, diagnose
from tests.probes.pki import authority, kubeconfig, signed

pytestmark = pytest.mark.lab

FAULT, CAUSE = "kubelet-down", "kubelet-stopped"
API, NODE = "kubernetes-api-does-not-answer", ("node-not-ready", "--set", f"node={W2}")
NOBODY = "nobody-may"


@dataclass(frozen=True)
class Login:
    name: str
    said: str
    """Of whoever asks the API."""
    causes: tuple[str, ...]
    """What a sweep concludes from that."""


LOGINS = (
    Login("wrong token", "the API does not accept our credentials (401)", ("api-refuses-login",)),
    Login(
        "role without rights",
        f"system:serviceaccount:default:{NOBODY} may not list nodes in the whole cluster (403)",
        (),
    ),
)


@pytest.fixture(scope="module")
def tokens(kube_lab: Lab) -> Iterator[dict[str, str]]:
    """By the login's name."""
    made = kube_lab.run(
        MASTER, f"kubectl create serviceaccount {NOBODY} >/dev/null && kubectl create token {NOBODY}"
    )
    assert made.returncode == 0, made.stdout
    yield {"wrong token": "abcdef.0123456789abcdef", "role without rights": made.stdout.strip()}
    kube_lab.run(MASTER, f"kubectl delete serviceaccount {NOBODY}")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


SiteOf = Callable[[Login], Path]


@pytest.fixture
def site_of(healed_kube_lab: Lab, tokens: dict[str, str], tmp_path: Path) -> SiteOf:
    def made(login: Login) -> Path:
        config = admin(healed_kube_lab)
        config["users"][0]["user"] = {"token": tokens[login.name]}
        file = tmp_path / "refused.conf"
        file.write_text(json.dumps(config))
        return site_with(healed_kube_lab, file, tmp_path)

    return made


def admin(lab: Lab) -> Any:
    return yaml.safe_load(lab.instance.kubeconfig.read_text())


def site_with(lab: Lab, file: Path, folder: Path) -> Path:
    """The lab's site, its machines among that, with another kubeconfig."""
    site = folder / "site.yaml"
    site.write_text(lab.site().read_text().replace(str(lab.instance.kubeconfig), str(file)))
    assert str(file) in site.read_text()
    return site


def sweep(site: Path, state: Path) -> Ran:
    return deadhop("sweep", "--layer", "cluster", "--site", str(site), "--json", state=state)


def of_cluster(found: Ran) -> str:
    """What could not be seen of it, and why."""
    return json.dumps([one for one in found.document["unknown"] if one["target"] == "cluster:lab"])


def is_well(lab: Lab) -> bool:
    return not ailments(lab.instance)


def test_what_is_wrong_on_a_machine_is_found_repaired_and_what_the_cluster_would_say_is_unknown(
    healed_kube_lab: Lab, site_of: SiteOf, state: Path
) -> None:
    lab = healed_kube_lab
    lab.break_(FAULT)
    for login in LOGINS:
        site = site_of(login)
        swept, named = sweep(site, state), diagnose(NODE[0], site, state, *NODE[1:])
        assert_found(swept, login, *login.causes)
        assert_found(named, login)
    assert_found(diagnose(lab.paste(FAULT), site, state), login)

    fixed = deadhop("fix", named.document["session"], "--cause", CAUSE, "--yes", "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert within(120, lambda: is_well(lab)), ailments(lab.instance)


def assert_found(found: Ran, login: Login, *others: str) -> None:
    """The fault, nothing but what else is known, and who may not ask for what."""
    (cause,) = [one for one in found.document["causes"] if one["id"] == CAUSE]
    assert (cause["targets"], cause["confidence"]) == ([f"host:{W2}"], "certain")
    assert {one["id"] for one in found.document["causes"]} == {CAUSE, *others}, found.document["text"]
    assert login.said in of_cluster(found), found.document["unknown"]


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.name)
def test_a_cluster_that_nobody_may_ask_is_not_called_healthy(site_of: SiteOf, login: Login, state: Path) -> None:
    site = site_of(login)
    for found in (sweep(site, state), diagnose(NODE[0], site, state, *NODE[1:])):
        assert found.document["verdict"] == ("cause" if login.causes else "unknown"), found.document["text"]
        assert [one["id"] for one in found.document["causes"]] == list(login.causes)
        assert login.said in of_cluster(found), found.document["unknown"]


@pytest.mark.long
async def test_an_api_that_answers_late_is_slow_and_its_node_is_found(
    healed_kube_lab: Lab, tmp_path: Path, state: Path
) -> None:
    """A control node is in the site: it is not asked in the API's place, which would hide it, and runs well."""
    lab, config = healed_kube_lab, admin(healed_kube_lab)
    lab.break_(FAULT)
    own = authority("in between")
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(*signed(own, "gateway", hosts=("127.0.0.1",)).write(tmp_path, "gateway"))
    server = config["clusters"][0]["cluster"]["server"]
    async with front(server, late(5.0), theirs, _login(config, tmp_path)) as served:
        file = kubeconfig(tmp_path / "late.conf", served.url, own, name=config["current-context"])
        site = site_with(lab, file, tmp_path)
        slow, node = await asyncio.gather(
            *(asyncio.to_thread(diagnose, words[0], site, state, *words[1:]) for words in ((API,), NODE))
        )
    assert (slow.document["verdict"], slow.document["causes"]) == ("unknown", []), slow.document["text"]
    assert "The API answers, but only after seconds" in slow.document["text"]["en"]
    assert [one["id"] for one in node.document["causes"]] == [CAUSE], node.document["text"]
    assert node.document["unknown"] == []


def _login(config: Any, folder: Path) -> ssl.SSLContext:
    """The administrator's, by his certificate."""
    data = {**config["clusters"][0]["cluster"], **config["users"][0]["user"]}
    names = ("certificate-authority-data", "client-certificate-data", "client-key-data")
    ca, certificate, key = (base64.b64decode(data[name]) for name in names)
    both = folder / "admin.pem"
    both.write_bytes(certificate + key)
    context = ssl.create_default_context(cadata=ca.decode())
    context.load_cert_chain(both)
    return context

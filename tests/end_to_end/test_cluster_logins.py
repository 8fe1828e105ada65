"""Who may not ask the cluster, is told what is concluded all the same, and what nobody could see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.outages import Ran, deadhop
from tests.probes.apiserver import HOSTS, ApiServer, api_server, free_port
from tests.probes.pki import authority, signed

pytestmark = [pytest.mark.lab, pytest.mark.kube, pytest.mark.long]

API, POD = "kubernetes-api-does-not-answer", "pod-does-not-start"
NOBODY = "dev may not get pods in the namespace shop (403)"
Config = dict[str, Any]


@dataclass(frozen=True)
class Login:
    name: str
    config: Callable[[ApiServer], Config]
    """What is other in the kubeconfig."""
    cause: str
    """Empty where none can be concluded."""
    said: str
    """In what is concluded, else in what is said to be unknown."""
    reason: str
    """Why the pod could not be asked for."""


def _dead_proxy(server: ApiServer) -> Config:
    return {"proxy-url": f"http://127.0.0.1:{free_port()}"}


LOGINS = (
    Login(
        "wrong token",
        lambda server: {"client": None, "user": {"token": "abcdef.0123456789abcdef"}},
        "api-refuses-login",
        "401",
        "denied",
    ),
    Login(
        "expired client certificate",
        lambda server: {"client": signed(server.ca, "dev", "system:masters", days=(-30.0, -1.0))},
        "api-refuses-login",
        "our client certificate (dev) expired on",
        "certificate",
    ),
    Login(
        "client certificate not valid yet",
        lambda server: {"client": signed(server.ca, "dev", "system:masters", days=(2.0, 30.0))},
        "api-refuses-login",
        "our client certificate (dev) is not valid before",
        "certificate",
    ),
    Login(
        "another authority",
        lambda server: {"ca": authority("another")},
        "api-certificate-not-trusted",
        "signed by an authority the kubeconfig does not know",
        "certificate",
    ),
    Login("dead proxy", _dead_proxy, "", "proxy", "unreachable"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(tmp_path_factory.mktemp("api")) as running:
        running.call("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        pod = {"metadata": {"name": "web-0"}, "spec": {"containers": [{"name": "main", "image": "i"}]}}
        running.call("POST", "/api/v1/namespaces/shop/pods", pod)
        yield running


@pytest.fixture
def ask(server: ApiServer, tmp_path: Path) -> Callable[..., Ran]:
    """A symptom, of a site that has the cluster and none of its machines."""

    def asked(symptom: str, config: Config, *more: str) -> Ran:
        file = server.kubeconfig("lab", **config)
        site = tmp_path / "site.yaml"
        clusters = {"lab": {"kubeconfig": str(file), "context": "lab"}}
        site.write_text(json.dumps({"version": 1, "hosts": {}, "clusters": clusters}))
        return deadhop("diagnose", symptom, "--site", str(site), "--json", *more, state=tmp_path / "state")

    return asked


def of_pod(ask: Callable[..., Ran], config: Config) -> Ran:
    return ask(POD, config, "--set", "in_namespace=shop", "--set", "pod=web-0")


def unseen(found: Ran) -> dict[str, tuple[str, str]]:
    return {one["probe"]: (one["reason"], one["message"]) for one in found.document["unknown"]}


def causes(found: Ran) -> list[str]:
    return [cause["id"] for cause in found.document["causes"]]


def test_the_right_login_sees(ask: Callable[..., Ran]) -> None:
    """So what the others end is their login alone."""
    found = ask(API, {})
    assert (found.document["verdict"], causes(found)) == ("nothing-found", [])
    assert "k8s.pod_start" not in unseen(of_pod(ask, {}))


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.name)
def test_what_is_concluded_and_what_is_not(ask: Callable[..., Ran], server: ApiServer, login: Login) -> None:
    config = login.config(server)
    for found in (ask(API, config), of_pod(ask, config)):
        assert causes(found) == [login.cause] * bool(login.cause), found.document["text"]
        assert found.document["verdict"] == ("cause" if login.cause else "unknown")
        told = found.document["causes"][0]["values"]["said"] if login.cause else found.document["text"]["en"]
        assert login.said in told, told
        assert found.document["ruled_out"] == [], "an API that was not asked rules nothing out"
    reason, message = unseen(found)["k8s.pod_start"]
    assert reason == login.reason, message


def test_a_role_without_rights_is_told_which_verb_on_which_resource(
    ask: Callable[..., Ran], server: ApiServer
) -> None:
    config = {"client": signed(server.ca, "dev")}
    assert ask(API, config).document["verdict"] == "nothing-found", "the API itself is well"
    found = of_pod(ask, config)
    assert (found.document["verdict"], causes(found)) == ("unknown", [])
    assert unseen(found)["k8s.pod_start"] == ("forbidden", NOBODY)


def test_a_certificate_of_the_server_that_is_not_valid_yet_has_not_expired(
    ask: Callable[..., Ran], server: ApiServer
) -> None:
    server.stop("kube-apiserver")
    server.start(signed(server.ca, "kube-apiserver", days=(2.0, 30.0), hosts=HOSTS))
    try:
        server.wait_ready()
        for found in (ask(API, {}), of_pod(ask, {})):
            assert (found.document["verdict"], causes(found)) == ("unknown", []), found.document["text"]
            assert "is not valid yet" in found.document["text"]["en"]
            assert found.document["ruled_out"] == []
            assert any("is not valid before" in message for _, message in unseen(found).values())
    finally:
        server.stop("kube-apiserver")
        server.start()
        server.wait_ready()


def test_an_expired_certificate_of_the_server_is_named_and_nothing_is_offered_where_its_machine_is_not_known(
    ask: Callable[..., Ran], server: ApiServer
) -> None:
    server.stop("kube-apiserver")
    server.start(signed(server.ca, "kube-apiserver", days=(-30.0, -1.0), hosts=HOSTS))
    try:
        server.wait_ready()
        for found in (ask(API, {}), of_pod(ask, {})):
            assert causes(found) == ["apiserver-certificate-expired"]
            named = found.document["causes"][0]
            assert ("expired on" in named["values"]["said"], named["fixes"]) == (True, [])
        assert unseen(found)["k8s.pod_start"][0] == "certificate"
    finally:
        server.stop("kube-apiserver")
        server.start()
        server.wait_ready()

"""What could not be seen is said once of each place, however many looks met it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deadhop.desk import Desk

SITE = """\
version: 1
ssh_config: nobody
clouds: {down: {config: clouds.yaml, cloud: down}}
clusters: {gone: {kubeconfig: kubeconfig, context: gone}}
"""
CLOUDS = """\
clouds:
  down:
    auth: {auth_url: "http://127.0.0.1:PORT/v3", username: a, password: b, project_name: p}
"""
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: gone, cluster: {server: "https://127.0.0.1:PORT"}}]
users: [{name: gone, user: {token: none}}]
contexts: [{name: gone, context: {cluster: gone, user: gone}}]
current-context: gone
"""


@pytest.fixture
def silent(desk: Desk, closed_port: int) -> Path:
    """A site of a cloud and a cluster, where nobody listens."""
    for name, text in (("nobody", ""), ("clouds.yaml", CLOUDS), ("kubeconfig", KUBECONFIG), ("silent.yaml", SITE)):
        (desk.home / name).write_text(text.replace("PORT", str(closed_port)))
    return desk.home / "silent.yaml"


def test_a_walk_says_once_that_the_api_refuses(desk: Desk, silent: Path) -> None:
    """Three of its looks met the same."""
    words = ("diagnose", "server-gets-no-address-or-metadata", "--site", str(silent), "--set", "cloud=down")
    (gap,) = desk.run(*words, "--json").json["unknown"]
    assert (gap["target"], "Connection refused" in gap["message"]) == ("cloud:down", True)
    said = desk.run(*words, "--lang", "en").out.partition("COULD NOT SEE")[2]
    assert said.count("  ? ") == 1


def test_a_sweep_names_each_world_once(desk: Desk, silent: Path) -> None:
    """Under the reason that it is silent; that it `could not be asked` says nothing beside."""
    gaps = desk.run("sweep", "--site", str(silent), "--json").json["unknown"]
    assert sorted(gap["target"] for gap in gaps) == ["cloud:down", "cluster:gone"]
    assert all(gap["looks"] > 1 for gap in gaps)
    assert not [gap for gap in gaps if "could not be asked" in gap["message"]]

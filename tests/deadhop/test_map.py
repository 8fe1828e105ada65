"""`site show --map` without a lab: what it refuses, and a site where nobody answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deadhop.desk import Desk
from tests.deadhop.test_json import checked
from tests.probes.pki import kubeconfig


@pytest.fixture
def dead(desk: Desk, tmp_path: Path) -> str:
    """A cluster on a port where nobody listens, and no cloud."""
    file = kubeconfig(tmp_path / "dead.conf", "https://127.0.0.1:1", name="dead")
    site = tmp_path / "site.yaml"
    site.write_text(
        f"version: 1\nhosts: {{}}\nclouds: {{}}\nclusters:\n  dead: {{kubeconfig: {file}, context: dead}}\n"
    )
    return str(site)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--node", "w1"), "--map"),
        (("10.0.0.5",), "--map"),
        (("--map", "--node", "w1", "10.0.0.5"), "one name"),
    ],
)
def test_words_that_do_not_fit(desk: Desk, dead: str, words: tuple[str, ...], said: str) -> None:
    outcome = desk.run("site", "show", *words, "--site", dead)
    assert (outcome.code, outcome.out) == (3, "")
    assert said in outcome.err


def test_a_site_without_cloud_and_cluster(desk: Desk) -> None:
    outcome = desk.run("site", "show", "--map", "--site", str(desk.site))
    assert outcome.code == 3
    assert "neither a cloud nor a cluster" in outcome.err


def test_nobody_answers(desk: Desk, dead: str) -> None:
    outcome = desk.run("site", "show", "--map", "10.244.1.7", "--site", dead)
    assert outcome.code == 2
    assert "10.244.1.7 may be there: not everything could be looked at" in outcome.out
    assert "nothing that the map knows" not in outcome.out
    assert "? cluster:dead k8s.nodes: " in outcome.err
    korean = desk.run("--lang", "ko", "site", "show", "--map", "--site", dead)
    assert korean.code == 2
    assert "cluster:dead k8s.nodes: 127.0.0.1:1" in korean.err
    told = checked(desk.run("site", "show", "--map", "--site", dead, "--json").json, "site")
    assert (told["maps"], told["contradictions"]) == ([], [])
    assert [one["probe"] for one in told["unseen"]] == ["k8s.nodes", "k8s.pod_places", "k8s.service_places"]

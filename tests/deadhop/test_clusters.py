"""Clusters on the command line: listed without being asked, tried when they are to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deadhop.conftest import closed_port, desk
from tests.deadhop.desk import Desk
from tests.deadhop.test_json import checked
from tests.probes.pki import kubeconfig

assert closed_port, desk


def with_clusters(desk: Desk, port: int) -> str:
    """One that is refused, after its plugin ran; one whose kubeconfig is broken."""
    given = {"apiVersion": "v1", "kind": "ExecCredential", "status": {"token": "hunter2"}}
    script = f"touch {desk.home}/ran; echo '{json.dumps(given)}'"
    user = {"exec": {"apiVersion": "v1", "command": "sh", "args": ["-c", script]}}
    kubeconfig(desk.home / "good", f"https://127.0.0.1:{port}", user=user)
    (desk.home / "broken").write_text("a: [")
    site = desk.home / "clusters.yaml"
    site.write_text(
        "version: 1\nssh_config: []\nclusters: {lab: {kubeconfig: good}, gone: {kubeconfig: broken, context: x}}\n"
    )
    return str(site)


def test_shown_and_tried(desk: Desk, closed_port: int) -> None:
    site = with_clusters(desk, closed_port)
    shown = desk.run("site", "show", "--site", site)
    assert f"cluster lab  {desk.home}/good" in shown.out
    assert f"cluster gone  x@{desk.home}/broken" in shown.out
    assert not Path(desk.home, "ran").exists()
    tried = desk.run("site", "check", "--site", site)
    assert tried.code == 2
    assert "runs: exec plugin: sh -c" in tried.out
    assert f"✗ cluster lab: its port does not answer (127.0.0.1:{closed_port} refuses connections)" in tried.out
    assert "✗ cluster gone: its kubeconfig cannot be used (" in tried.out
    assert "wrong YAML" in tried.out
    assert Path(desk.home, "ran").exists()


def test_as_json_and_in_korean(desk: Desk, closed_port: int) -> None:
    site = with_clusters(desk, closed_port)
    shown = checked(desk.run("site", "show", "--site", site, "--json").json, "site")
    assert [one["reachable"] for one in shown["clusters"]] == [None, None]
    tried = checked(desk.run("site", "check", "--site", site, "--json").json, "site")
    assert [(one["name"], one["reachable"]) for one in tried["clusters"]] == [("lab", False), ("gone", False)]
    assert [one["kind"] for one in tried["programs"]] == ["exec plugin"]
    korean = desk.run("site", "check", "--site", site, "--lang", "ko").out
    assert f"✗ cluster lab: 포트가 응답하지 않음: 127.0.0.1:{closed_port} 이(가) 연결을 거절한다" in korean


def test_what_a_plugin_says_is_shown_without_its_secrets(desk: Desk, closed_port: int) -> None:
    script = "echo 'refused: token=SECRETTOKENXYZ0123456789 of ops' >&2; exit 3"
    user = {"exec": {"apiVersion": "v1", "command": "sh", "args": ["-c", script]}}
    kubeconfig(desk.home / "good", f"https://127.0.0.1:{closed_port}", user=user)
    desk.site.write_text("version: 1\nssh_config: []\nclusters: {lab: {kubeconfig: good}}\n")
    walk = ("diagnose", "kubernetes-api-does-not-answer")
    for words in (walk, (*walk, "--json"), ("sweep", "--json"), ("site", "show", "--map")):
        done = desk.run(*words, "--site", str(desk.site))
        said = "".join((done.out + done.err).split())
        assert "refused:token=‹secret:" in said, words
        assert "SECRETTOKEN" not in said, words


@pytest.mark.parametrize("given", [(), ("--set", "cluster=x")])
def test_none_is_known(desk: Desk, given: tuple[str, ...]) -> None:
    words = ("diagnose", "node-not-ready", "--set", "node=a", "--site", str(desk.site), *given)
    done = desk.run(*words)
    assert (done.code, done.out) == (3, "")
    assert f"error: no cluster is known ({desk.site})" in done.err
    assert "hint: KUBECONFIG, ~/.kube/config, or `clusters:` in site.yaml" in done.err


def test_a_current_context_that_is_none_is_said(desk: Desk, closed_port: int) -> None:
    file = kubeconfig(desk.home / "mine", f"https://127.0.0.1:{closed_port}", name="lab")
    file.write_text(file.read_text().replace('"current-context": "lab"', '"current-context": "gone"'))
    assert "gone" in file.read_text()
    desk.site.write_text("version: 1\nssh_config: []\n")
    for words in (("site", "show"), ("site", "check"), ("site", "show", "--json")):
        done = desk.run(*words, "--site", str(desk.site), KUBECONFIG=str(file))
        assert "`current-context` names `gone`, which is no context of the kubeconfig" in done.err, words
        assert "hint: contexts there: `lab`" in done.err


def test_the_ones_there_are_are_named(desk: Desk, closed_port: int) -> None:
    done = desk.run("diagnose", "node-not-ready", "--site", with_clusters(desk, closed_port))
    assert done.code == 3
    assert "--set cluster=lab|gone" in done.err

"""`deadhop site check` says what the operator's own configuration runs; nothing else in it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.site import Host, Site
from probes.site_programs import programs_of
from tests.deadhop.conftest import closed_port, desk
from tests.deadhop.desk import Desk

assert closed_port, desk

CONFIG = """\
Include {home}/included
Host direct
  HostName 127.0.0.1
  ProxyCommand none
Host wrapped
  HostName 127.0.0.1
  proxycommand = sh -c 'touch {home}/proxied; exit 1'
Match host matched exec "touch {home}/matched"
  HostName 127.0.0.1
Host *
  Port {port}
  UserKnownHostsFile /dev/null
  KnownHostsCommand /bin/sh -c 'touch {home}/known-hosts-command'
  PermitLocalCommand yes
  LocalCommand touch {home}/local-command
  RemoteCommand touch {home}/remote-command
"""
INCLUDED = "Host carded\n  PKCS11Provider {home}/library.so\n"
SITE = """\
version: 1
ssh_config: ssh_config
hosts:
  matched: {}
  boxed: {addresses: [127.0.0.1], console: [sh, -c, "touch consoled"]}
"""


@pytest.fixture
def running(desk: Desk, closed_port: int) -> Desk:
    config = CONFIG.format(home=desk.home, port=closed_port)
    (desk.home / "ssh_config").write_text(config)
    (desk.home / "included").write_text(INCLUDED.format(home=desk.home))
    desk.site.write_text(SITE)
    return desk


def ran(desk: Desk) -> set[str]:
    names = ("proxied", "matched", "consoled", "known-hosts-command", "local-command", "remote-command")
    return {name for name in names if (desk.home / name).exists()}


def test_what_runs_is_listed_and_nothing_else_runs(running: Desk) -> None:
    outcome = running.run("site", "check", "--site", str(running.site))
    assert outcome.code == 2
    lines = [line for line in outcome.out.splitlines() if line.startswith("runs: ")]
    assert lines == [
        f"runs: ProxyCommand: sh -c 'touch {running.home}/proxied; exit 1'",
        f"runs: Match exec: touch {running.home}/matched",
        f"runs: PKCS11Provider: {running.home}/library.so",
        "runs: console: sh -c touch consoled",
    ]
    assert f"Host wrapped ({running.home}/ssh_config:7)" in outcome.out
    assert ran(running) == {"proxied", "matched"}


def test_as_json_and_in_korean(running: Desk) -> None:
    outcome = running.run("site", "check", "--site", str(running.site), "--json")
    programs = outcome.json["programs"]
    assert [one["kind"] for one in programs] == ["ProxyCommand", "Match exec", "PKCS11Provider", "console"]
    assert programs[0]["place"].endswith("ssh_config:7")
    assert programs[0]["under"] == "Host wrapped"
    assert "실행함: ProxyCommand" in running.run("site", "check", "--site", str(running.site), "--lang", "ko").out


@pytest.mark.parametrize("words", [("site", "show"), ("kb", "lint"), ("sessions",), ("kb", "search", "ping")])
def test_commands_that_log_in_nowhere_run_nothing(running: Desk, words: tuple[str, ...]) -> None:
    site = ("--site", str(running.site)) if words[0] == "site" else ()
    running.run(*words, *site)
    assert ran(running) == set()


@pytest.mark.parametrize(
    ("line", "run"),
    [
        ("Match exec /bin/x", "/bin/x"),
        ("match user a exec='x y' host b", "x y"),
        ('Match !exec "a" exec "b c"', "b c"),
        ("PROXYCOMMAND=nc %h %p", "nc %h %p"),
    ],
)
def test_ways_to_write_it(tmp_path: Path, line: str, run: str) -> None:
    config = tmp_path / "config"
    config.write_text(f"{line}\n  User a\n")
    found = programs_of(Site("x", (), (config,)))
    assert run in [program.run for program in found]


def test_a_site_that_runs_nothing(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host a\n  ProxyCommand none\n  ProxyJump b\n# ProxyCommand x\n")
    assert programs_of(Site("x", (Host("a"),), (config,))) == ()


def test_no_password_of_an_address_is_shown(desk: Desk) -> None:
    kubeconfig = desk.home / "kubeconfig"
    server = "{server: 'https://u:SECRETPW9@127.0.0.1:1', insecure-skip-tls-verify: true}"
    desk.site.write_text("version: 1\nclusters:\n  lab: {kubeconfig: kubeconfig, context: a}\n")
    for cluster in (
        server,
        server.replace("https", "ftp"),
        server.replace("server", "server: 'https://a', proxy-url"),
    ):
        kubeconfig.write_text(
            f"apiVersion: v1\nkind: Config\nclusters:\n- {{name: a, cluster: {cluster}}}\n"
            "users:\n- {name: a, user: {token: TOKENSECRET9}}\n"
            "contexts:\n- {name: a, context: {cluster: a, user: a}}\n"
        )
        for words in (("site", "check"), ("site", "check", "--json"), ("site", "check", "--lang", "ko")):
            outcome = desk.run(*words, "--site", str(desk.site))
            assert outcome.code in (2, 3)
            assert "SECRET" not in outcome.out + outcome.err

"""Short texts: taken for what they most likely mean, and said so; else the command to run stands there whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deadhop.desk import Desk

SSH = """\
Host controller
  HostName 127.0.0.1
  Port {port}
Host master
  HostName 127.0.0.2
  Port {port}
"""


@pytest.fixture
def two(desk: Desk, closed_port: int) -> Desk:
    """A site of two hosts that refuse SSH."""
    (desk.home / "ssh_config").write_text(SSH.format(port=closed_port))
    return desk


def test_a_likely_one_is_walked_and_said(two: Desk) -> None:
    ran = two.run("diagnose", "ssh controller 안됨", "--site", str(two.site), "--json")
    assert ran.json["symptom"] == "host-does-not-answer-ssh"
    assert ran.json["inputs"]["host"] == "controller"
    assert "taken for `host-does-not-answer-ssh`" in ran.err
    assert "deadhop diagnose host-key-changed --set host=controller" in ran.err


def test_korean_says_it_in_korean(two: Desk) -> None:
    ran = two.run("diagnose", "ssh controller 안됨", "--site", str(two.site), "--lang", "ko")
    assert "증상으로 보고 진행한다" in ran.err


def test_a_host_is_pinged_by_its_name(two: Desk) -> None:
    ran = two.run("diagnose", "ping from master to controller does not work", "--site", str(two.site), "--json")
    assert ran.json["symptom"] == "no-answer-to-ping"
    assert ran.json["inputs"] | {"source": "master", "target": "127.0.0.1"} == ran.json["inputs"]


def test_what_is_missing_is_left_open_in_a_command_that_is_whole(two: Desk) -> None:
    ran = two.run("diagnose", "ping controller: 100% packet loss", "--site", str(two.site), "--json")
    assert (ran.code, ran.json["session"]) == (2, None)
    command = f"deadhop diagnose no-answer-to-ping --set target=127.0.0.1 --set source=HOST --site {two.site}"
    assert ran.json["unknown"][0]["hint"] == command
    assert command in " ".join(ran.err.split())


def test_no_journal_is_made_of_what_is_no_symptom(two: Desk) -> None:
    assert two.run("diagnose", "xyzzy plugh", "--site", str(two.site)).code == 2
    assert not list(Path(two.home / "state").rglob("*.jsonl"))


def test_read_only_changes_nothing(desk: Desk) -> None:
    assert desk.diagnose().code == 1
    for way in (("--yes",), ("--undo",), ("--go-on",), ("--leave",), ("--persist", "--yes")):
        refused = desk.run("--read-only", "fix", "latest", "--cause", "marker-was-removed", *way)
        assert refused.code == 3, way
        assert "read-only" in refused.err
    assert not desk.marker.exists()
    assert desk.run("--read-only", "fix", "latest", "--cause", "marker-was-removed", "--plan").code == 0


def test_init_names_what_is_one_machine(two: Desk) -> None:
    config = two.home / "ssh_config"
    config.write_text(config.read_text() + "Host ctl\n  HostName 127.0.0.1\n")
    made = two.run("site", "init", str(two.home / "new.yaml"), "--ssh-config", str(config))
    assert made.code == 0, made.err
    assert "  127.0.0.1: controller, ctl" in made.out
    assert "127.0.0.2:" not in made.out
    again = two.run("site", "init", str(two.home / "new2.yaml"), "--ssh-config", str(config), "--json")
    assert json.loads(again.out)["kind"] == "site"

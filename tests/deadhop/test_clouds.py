"""Which cloud is meant: the one that OS_CLOUD names, and never another in its place."""

from __future__ import annotations

import pytest

from tests.deadhop.conftest import closed_port, desk
from tests.deadhop.desk import Desk

assert closed_port, desk
API = ("diagnose", "openstack-api-does-not-answer", "--site")


def with_clouds(desk: Desk, port: int, *names: str) -> str:
    auth = f"{{auth_url: 'http://127.0.0.1:{port}', username: u, password: p, project_name: x}}"
    (desk.home / "clouds.yaml").write_text("clouds:\n" + "".join(f"  {name}: {{auth: {auth}}}\n" for name in names))
    return str(desk.site)


@pytest.mark.parametrize("names", [("prod",), ("prod", "other")])
def test_one_that_is_not_there_is_no_other(desk: Desk, closed_port: int, names: tuple[str, ...]) -> None:
    done = desk.run(*API, with_clouds(desk, closed_port, *names), OS_CLOUD="staging")
    assert done.code == 3, done
    assert "error: OS_CLOUD names `staging`, which is no cloud of the site" in done.err
    assert f"prod ({desk.home}/clouds.yaml)" in done.err
    assert "hint: set OS_CLOUD to one of them" in done.err
    assert "OS_CLOUD 가 `staging` 을(를)" in desk.run(*API, str(desk.site), "--lang", "ko", OS_CLOUD="staging").err


def test_no_cloud_at_all(desk: Desk) -> None:
    done = desk.run(*API, str(desk.site), OS_CLOUD="staging", OS_CLIENT_CONFIG_FILE="")
    assert done.code == 3
    assert "OS_CLOUD names `staging`, but no cloud is known" in done.err
    assert "hint: OS_CLIENT_CONFIG_FILE" in done.err


def test_a_slip_of_the_finger(desk: Desk, closed_port: int) -> None:
    done = desk.run(*API, with_clouds(desk, closed_port, "prod"), OS_CLOUD="prd")
    assert "hint: did you mean `prod`?" in done.err


def test_named_by_hand_or_by_its_entry(desk: Desk, closed_port: int) -> None:
    site = with_clouds(desk, closed_port, "prod", "other")
    assert desk.run(*API, site, "--set", "cloud=prod", OS_CLOUD="staging").code in (1, 2)
    desk.site.write_text("version: 1\nssh_config: ssh_config\nclouds: {a: {cloud: prod}, b: {cloud: other}}\n")
    walked = desk.run(*API, site, "--json", OS_CLOUD="prod")
    assert walked.code in (1, 2), walked
    assert "cloud:a" in walked.out
    assert "cloud:b" not in walked.out


def test_what_needs_no_cloud_works(desk: Desk, closed_port: int) -> None:
    site = with_clouds(desk, closed_port, "prod")
    known = ("--set", "dead=dead", "--set", "seen=looked", "--set", "file=/x", "--site", site)
    assert desk.run("diagnose", "marker-is-missing", *known, OS_CLOUD="staging").code == 1
    shown = desk.run("site", "show", "--site", site, OS_CLOUD="staging")
    assert shown.code == 0
    assert "OS_CLOUD names `staging`, which is no cloud of the site" in shown.err


def test_a_file_that_cannot_be_read_says_so_itself(desk: Desk) -> None:
    (desk.home / "clouds.yaml").write_text("{")
    done = desk.run(*API, str(desk.site), OS_CLOUD="staging")
    assert "OS_CLOUD names" not in done.err
    assert "clouds.yaml" in done.out

"""Clouds are found where the openstack client finds them; in site.yaml every mistake has its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from base.errors import ConfigError, Place
from base.korean import in_korean
from probes.api import ApiRequest
from probes.cloud.files import default_file, entries_in
from probes.cloud.openrc import parse_openrc
from probes.site import Cloud, Site
from probes.site_clouds import found_clouds
from probes.site_file import SiteInvalid, parse_site
from probes.toolbox import LiveToolbox

LAB = "clouds:\n  lab: {auth: {auth_url: http://10.0.0.1:5000/v3}}\n  other: {}\n"
OWN = ApiRequest(("v3", "auth", "tokens"), service="identity")
VARIABLES = ("OS_CLIENT_CONFIG_FILE", "OS_AUTH_URL", "OS_CLOUD_NAME", "OS_ENDPOINT")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's machine without any cloud: home and working folder are the test's own."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("probes.cloud.files._SYSTEM", tmp_path / "etc")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path


def write(path: Path, text: str = LAB) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_none(home: Path) -> None:
    assert found_clouds() == ()


def test_the_places_in_their_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_file() is None
    for place in ("etc/clouds.yaml", "home/.config/openstack/clouds.yaml", "work/clouds.yaml"):
        assert default_file() != home / place
        file = write(home / place)
        assert default_file() == file
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(write(home / "mine.json", json.dumps({"clouds": {"x": {}}}))))
    assert found_clouds() == (Cloud("x", home / "mine.json"),)


def test_each_entry_and_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(home / "work/clouds.yaml")
    monkeypatch.setenv("OS_AUTH_URL", "http://10.0.0.2:5000/v3")
    assert found_clouds() == (Cloud("lab", file), Cloud("other", file), Cloud("envvars"))
    monkeypatch.setenv("OS_CLOUD_NAME", "mine")
    assert found_clouds()[-1] == Cloud("mine")


def test_names_that_no_command_could_hold_are_left_out(home: Path) -> None:
    write(home / "work/clouds.yaml", 'clouds: {"-rf": {}, "a b": {}, "$(x)": {}, good: {}}')
    assert [one.name for one in found_clouds()] == ["good"]


@pytest.mark.parametrize(
    "text", ["", "clouds:", "clouds: [a]", "clouds: 5", "{", "a: &a [*a]", "!!python/name:x {}", "[" * 99]
)
def test_a_file_that_is_none_is_kept_to_say_so(home: Path, text: str) -> None:
    file = write(home / "work/clouds.yaml", text)
    assert found_clouds() == (Cloud("clouds", file),)
    with pytest.raises(ConfigError) as caught:
        entries_in(text, str(file))
    assert str(file) in caught.value.message


SOME_WRONG = """\
clouds:
  empty:
  listed: [a]
  123: {auth: {auth_url: http://a/v3}}
  wrong:
    auth: hello
  twice: {auth: {}}
  good: &good {auth: {auth_url: http://a/v3}}
  twice: {auth: {}}
  like: {<<: *good, region_name: R}
"""


@pytest.mark.parametrize(
    ("name", "place", "words", "hint"),
    [
        ("empty", "f:2:3", "the cloud empty cannot be used: there are no settings below it", "`auth_url`"),
        ("listed", "f:3:3", "the cloud listed cannot be used: there are no settings below it", "`auth_url`"),
        ("123", "f:4:3", "the cloud 123 cannot be used: its name is not read as a word", "quotes"),
        ("wrong", "f:6:11", "the cloud wrong cannot be used: `auth` is not a mapping", "`key: value`"),
        ("twice", "f:9:3", "`twice` is given twice, first in line 7", "keep one"),
    ],
)
def test_one_wrong_cloud_is_said_with_its_line_and_leaves_the_others(
    name: str, place: str, words: str, hint: str
) -> None:
    entries = entries_in(SOME_WRONG, "f")
    with pytest.raises(ConfigError) as caught:
        entries[name].good()
    assert caught.value.message == f"{place}: {words}"
    assert hint in caught.value.hint
    korean = in_korean(caught.value.message)
    assert not any(word in korean for word in ("cannot", "there are", "name is", "given", "mapping")), korean
    assert entries["good"].good() == {"auth": {"auth_url": "http://a/v3"}}
    assert entries["like"].good()["region_name"] == "R"


async def test_what_the_cloud_that_is_tried_lacks(home: Path) -> None:
    """The SDK and requests name neither file nor line."""
    login = "auth_url: http://127.0.0.1:1/v3, username: u, password: p, project_name: x"
    file = write(
        home / "work/clouds.yaml",
        "clouds:\n"
        "  none:\n"
        "  nourl: {auth: {username: u, password: p}}\n"
        f"  ca: {{auth: {{{login}}}, cacert: /no/such/ca.pem}}\n"
        f"  good: {{auth: {{{login}}}}}\n",
    )
    clouds = found_clouds()
    assert [one.name for one in clouds] == ["none", "nourl", "ca", "good"]
    async with LiveToolbox(Site("test", clouds=clouds)) as toolbox:
        replies = [await (await toolbox.api(f"cloud:{one.name}")).get(OWN) for one in clouds]
    none, nourl, ca, good = replies
    assert none.message.startswith(f"{file}:2:3: the cloud none cannot be used: ")
    assert nourl.message == f"{file}:3:3: the cloud nourl cannot be used: its login lacks `auth_url`"
    assert (
        ca.message
        == f"{file}:4:3: the cloud ca cannot be used: its `cacert` /no/such/ca.pem is no file that can be read"
    )
    assert "password" not in nourl.hint + ca.hint
    assert [json.loads(one.stderr)["layer"] for one in replies] == ["config", "config", "config", "port"], good


def test_merges_are_read_and_those_that_multiply_are_refused() -> None:
    usual = "x: &x {region_name: R}\nclouds:\n  a: {<<: *x, auth: {}}\n  b: {<<: [*x, {verify: false}]}\n"
    assert entries_in(usual, "f")["a"].good() == {"region_name": "R", "auth": {}}
    lines = ["a0: &a0 {k: v}", *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9))]
    with pytest.raises(ConfigError):
        entries_in("\n".join([*lines, "clouds: {x: {<<: *a8}}"]), "f")
    with pytest.raises(ConfigError):
        entries_in("clouds: &a {x: {<<: *a}}", "f")


# ------------------------------------------------------------------ site.yaml


def site(folder: Path, clouds: str) -> tuple[Cloud, ...]:
    text = f"version: 1\nssh_config: []\nhosts: {{controller: {{}}}}\nclusters: {{}}\nclouds:\n{clouds}\n"
    return parse_site(text, folder / "site.yaml").clouds


def test_named_clouds(home: Path) -> None:
    file = write(home / "my.yaml")
    assert site(home, "  lab: {config: my.yaml}") == (Cloud("lab", file),)
    assert site(home, "  here: {config: my.yaml, cloud: lab}") == (Cloud("here", file, "lab"),)
    assert site(home, "  far: {host: controller}") == (Cloud("far", None, "", "controller"),)
    assert site(home, "  {}") == ()


def test_without_a_file_of_its_own_the_usual_one_is_taken(home: Path) -> None:
    file = write(home / "work/clouds.yaml")
    assert site(home, "  lab:") == (Cloud("lab", file),)


@pytest.mark.parametrize(
    ("clouds", "line", "words", "hint"),
    [
        ("  lab: {config: no.yaml}", 6, "no such file", "relative paths"),
        ("  lap: {config: my.yaml}", 6, "names no cloud", "did you mean `lab`?"),
        ("  x: {config: my.yaml, cloud: zzz}", 6, "names no cloud", "there are: lab, other"),
        ("  x: {host: nobody}", 6, "is no host of this site", "`hosts:`"),
        ("  x: {}", 6, "no clouds.yaml is known", "`config`"),
        ("  x: {password: y}", 6, "has no key", "known here: config, cloud, host"),
        ("  a b: {host: controller}", 6, "is no name of a cloud", "letters"),
        ("  x: {host: [a]}", 6, "a word is wanted", "quotes"),
        ("  x: {host: controller}\n  x: {host: controller}", 7, "given twice", "keep one"),
    ],
)
def test_mistakes(home: Path, clouds: str, line: int, words: str, hint: str) -> None:
    write(home / "my.yaml")
    with pytest.raises(SiteInvalid) as caught:
        site(home, clouds)
    problem = caught.value.problems[0]
    assert (problem.place.line, words in problem.message, hint in problem.hint) == (line, True, True), problem
    assert problem.place.column > 0


# ------------------------------------------------------------------ files of a control node


KOLLA = """\
# Ansible managed
# Clear any old environment that may conflict.
for key in $( set | awk '{FS="="}  /^OS_/ {print $1}' ); do unset $key ; done
export OS_PROJECT_DOMAIN_NAME='Default'
export OS_USER_DOMAIN_NAME='Default'
export OS_PROJECT_NAME='admin'
export OS_TENANT_NAME='admin'
export OS_USERNAME='admin'
export OS_PASSWORD='pa$$ "word"'
export OS_AUTH_URL='http://10.0.0.10:5000'
export OS_INTERFACE='internal'
export OS_ENDPOINT_TYPE='internalURL'
export OS_IDENTITY_API_VERSION='3'
export OS_REGION_NAME='RegionOne'
export OS_AUTH_PLUGIN='password'
"""
PACKSTACK = """\
unset OS_SERVICE_TOKEN
    export OS_USERNAME=admin
    export OS_PASSWORD='12ab'
    export OS_REGION_NAME=RegionOne
    export OS_AUTH_URL=http://192.168.1.5:5000/v3
    export PS1='[\\u@\\h \\W(keystone_admin)]\\$ '
export OS_PROJECT_NAME=admin   # a comment
"""


def test_kollas_admin_openrc() -> None:
    found = parse_openrc(KOLLA, Place("admin-openrc.sh"))
    assert found["password"] == 'pa$$ "word"'
    assert (found["auth_url"], found["project_name"]) == ("http://10.0.0.10:5000", "admin")
    assert (found["region_name"], found["auth_type"]) == ("RegionOne", "password")


def test_packstacks_keystonerc() -> None:
    found = parse_openrc(PACKSTACK, Place("keystonerc_admin"))
    assert (found["password"], found["project_name"], "ps1" in found) == ("12ab", "admin", False)


@pytest.mark.parametrize(
    "line",
    [
        "export OS_AUTH_URL=http://a OS_USERNAME=u OS_PASSWORD='a; b'",
        "export OS_AUTH_URL=http://a; export OS_USERNAME=u;export OS_PASSWORD=a\\;\\ b",
        'OS_AUTH_URL=http://a OS_USERNAME="u" OS_PASSWORD="a; b"',
        "declare -x OS_AUTH_URL=http://a && declare -x OS_USERNAME=u OS_PASSWORD='a; b' PS1=x",
        "unset OS_TOKEN; export OS_AUTH_URL=http://a OS_USERNAME=u OS_PASSWORD='a; b'  # OS_USERNAME=v",
    ],
)
def test_several_in_one_line(line: str) -> None:
    assert parse_openrc(line, Place("rc")) == {"auth_url": "http://a", "username": "u", "password": "a; b"}


def test_what_is_for_one_command_alone_is_no_setting() -> None:
    text = "export OS_AUTH_URL=http://a\nOS_USERNAME=u openstack token issue\nexport OS_PASSWORD='it''s' # don't\n"
    assert parse_openrc(text, Place("rc")) == {"auth_url": "http://a", "password": "its"}


@pytest.mark.parametrize("value", ["$(cat /x)", "`id`", '"$INPUT"', "a${B}", "'a'$B"])
def test_nothing_is_executed(value: str, tmp_path: Path) -> None:
    text = f"export OS_AUTH_URL=http://a\nexport OS_PASSWORD={value}\n"
    with pytest.raises(ConfigError) as caught:
        parse_openrc(text, Place("rc"))
    assert caught.value.message.startswith("rc:2: OS_PASSWORD is what a shell would make of it")


def test_no_login_in_it() -> None:
    with pytest.raises(ConfigError, match="has no line"):
        parse_openrc("export PATH=/bin\n", Place("rc"))
    with pytest.raises(ConfigError, match="rc:1: "):
        parse_openrc("OS_AUTH_URL='http://a\n", Place("rc"))

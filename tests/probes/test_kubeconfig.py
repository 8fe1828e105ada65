"""Kubeconfigs are read and merged as kubectl does; mistakes have their place; the site finds its clusters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from base.errors import ConfigError, Problem, UsageError
from base.korean import in_korean
from base.text import Text
from diagnosis.inputs import input_value, with_sole
from knowledge.model import Input
from probes.cluster.kubeconfig import Kubeconfig, login_of, parse_kubeconfig, read_kubeconfig
from probes.site import Cluster, Site
from probes.site_clusters import default_files, found_clusters, left_out
from probes.site_file import load_site, parse_site
from probes.site_programs import programs_of
from probes.yaml_tree import Mistakes
from tests.probes.pki import kubeconfig

TWO = """\
current-context: {current}
clusters:
- name: {name}
  cluster: {{server: "https://{address}:6443", certificate-authority: pki/ca.crt}}
contexts:
- name: {name}
  context: {{cluster: {name}, user: {name}, namespace: shop}}
- name: shared
  context: {{cluster: {name}, user: {name}}}
users:
- name: {name}
  user: {{tokenFile: token-{name}}}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr("probes.site_clusters.ADMIN_FILE", tmp_path / "admin.conf")
    return tmp_path


def two(folder: Path) -> tuple[Path, Path]:
    files = folder / "one" / "config", folder / "two" / "config"
    for file, name, address in zip(files, ("a", "b"), ("192.0.2.1", "192.0.2.2"), strict=True):
        file.parent.mkdir()
        file.write_text(TWO.format(name=name, current=name, address=address))
    return files


def test_merged_the_first_counts(home: Path) -> None:
    config = read_kubeconfig(two(home))
    assert (config.current, list(config.contexts)) == ("a", ["b", "shared", "a"])
    assert config.contexts["shared"].server == "a"
    assert login_of(config, "").server.url == "https://192.0.2.1:6443"
    assert login_of(config, "b").server.url == "https://192.0.2.2:6443"


def test_paths_start_at_their_file(home: Path) -> None:
    login = login_of(read_kubeconfig(two(home)), "b")
    assert login.server.ca.file == home / "two" / "pki" / "ca.crt"
    assert login.user.bearer_file == home / "two" / "token-b"


def test_plugins_beside_the_file_or_of_the_path(home: Path) -> None:
    for command, found in (("./x", str(home / "x")), ("x", "x"), ("/bin/x", "/bin/x")):
        user = {"exec": {"apiVersion": "v1", "command": command, "args": ["a b"]}}
        plugin = login_of(read_kubeconfig((kubeconfig(home / "c", "https://a:1", user=user),)), "lab").user.plugin
        assert plugin is not None
        assert plugin.argv == (found, "a b")


def problems_of(config: Kubeconfig) -> tuple[Problem, ...]:
    """Of all its entries; what is wrong with the file itself is raised before."""
    entries = (*config.servers.values(), *config.users.values(), *config.contexts.values())
    return tuple(problem for entry in entries for problem in entry.problems)


def test_one_bad_entry_takes_nothing_from_the_others(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "c"
    file.write_text(
        "clusters:\n"
        "- {name: good, cluster: {server: 'https://192.0.2.1:6443'}}\n"
        "- {name: bad, cluster: {server: 'https://192.0.2.2:6443', proxy-url: 'socks5://y'}}\n"
        "users:\n- {name: u, user: {token: t}}\n- {name: v, user: {client-key-data: '!'}}\n"
        "contexts:\n"
        "- {name: good, context: {cluster: good, user: u}}\n"
        "- {name: bad, context: {cluster: bad, user: u}}\n"
        "- {name: worse, context: {cluster: good, user: v}}\n"
    )
    monkeypatch.setenv("KUBECONFIG", str(file))
    assert [one.name for one in found_clusters()] == ["good", "bad", "worse"]
    config = read_kubeconfig((file,))
    assert login_of(config, "good").server.url == "https://192.0.2.1:6443"
    with pytest.raises(ConfigError, match=r"c:3:\d+: `socks5://y` is no HTTP proxy"):
        login_of(config, "bad")
    with pytest.raises(ConfigError, match=r"c:6:\d+: client-key-data is not base64"):
        login_of(config, "worse")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clusters: 5", "k:1:11: clusters is not a list"),
        ("clusters:\n- cluster: {}", "k:2:3: an entry of `clusters` has no name"),
        ("clusters:\n- {name: a, cluster: {server: 'ftp://x'}}", "k:2:31: `ftp://x` is no address of an API"),
        ("clusters:\n- {name: a, cluster: {server: 'https://u:p@x'}}", "is no address of an API"),
        ("clusters:\n- {name: a, cluster: {server: 'https://x', proxy-url: 'socks5://y'}}", "is no HTTP proxy"),
        (
            "clusters:\n- {name: a, cluster: {server: 'https://x', insecure-skip-tls-verify: maybe}}",
            "neither `true`",
        ),
        ("users:\n- {name: a, user: {client-key-data: '!'}}", "k:2:37: client-key-data is not base64"),
        ("users:\n- {name: a, user: {exec: {args: []}}}", "exec names no command"),
        ("users:\n- {name: a, user: {exec: {command: x, env: [{name: 'a=b'}]}}}", "no name of a variable"),
        ("current-context: [a]", "current-context: a word is wanted here"),
        ("a: [", "wrong YAML"),
        ("[" * 5000, "nested deeper"),
    ],
)
def test_mistakes_have_their_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        raise Mistakes(problems_of(parse_kubeconfig(text, Path("k"))))
    assert said in raised.value.message
    assert raised.value.message.startswith("k:")


def test_what_is_missing(home: Path) -> None:
    file = home / "c"
    file.write_text("contexts: [{name: a, context: {cluster: b, user: c}}]\nclusters: []\n")
    with pytest.raises(ConfigError, match="no context `x`") as raised:
        login_of(read_kubeconfig((file,)), "x")
    assert raised.value.hint == "contexts there: `a`"
    with pytest.raises(ConfigError, match="there is no cluster `b`"):
        login_of(read_kubeconfig((file,)), "a")


def test_nothing_of_a_login_is_in_its_words(home: Path) -> None:
    user = {"token": "s3cr3t", "username": "u", "password": "hunter2", "client-key-data": "aHVudGVyMg=="}
    login = login_of(read_kubeconfig((kubeconfig(home / "c", "https://a:1", user=user),)), "lab")
    for word in ("s3cr3t", "hunter2"):
        assert word not in repr(login)


# ------------------------------------------------------------------ the site


def test_what_is_left_out_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kubeconfig(home / "c", "https://a:1", name="x y")
    entries = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump(entries | {"current-context": "gone"}))
    monkeypatch.setenv("KUBECONFIG", f"/nope:{file}")
    said = [one.message for one in left_out(Site("s"))]
    assert said[0] == "KUBECONFIG names `/nope`, which is not there"
    assert said[1].startswith(f"{file}:")
    assert said[1].endswith(": the context `x y` is left out for its name")
    assert said[2] == "`current-context` names `gone`, which is no context of the kubeconfig"
    assert not any(in_korean(one) == one for one in said)
    with pytest.raises(UsageError, match="no cluster is known") as raised:
        input_value(Input("cluster", "cluster", Text("Which?", "어느?")), {}, load_site())
    assert raised.value.hint == said[0]
    own = Site("s", clusters=(Cluster("lab", (home / "d",)),))
    assert left_out(own) == (), "site.yaml names its own"


def test_nothing_is_said_of_a_kubeconfig_in_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert left_out(load_site()) == ()
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(home / "c", "https://a:1", name="x")))
    assert left_out(load_site()) == ()


def test_found_as_kubectl_does(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (default_files(), found_clusters()) == ((), ())
    kubeconfig(home / "admin.conf", "https://a:1", name="admin")
    assert found_clusters() == (Cluster("admin", (home / "admin.conf",)),)
    (home / ".kube").mkdir()
    own = kubeconfig(home / ".kube" / "config", "https://a:1", name="own")
    assert found_clusters() == (Cluster("own", (own,)),)
    files = two(home)
    monkeypatch.setenv("KUBECONFIG", f"{files[0]}:/no/such/file:{files[1]}")
    assert [one.name for one in found_clusters()] == ["b", "shared", "a"]
    assert found_clusters()[0].kubeconfig == files


def test_files_are_the_same_from_any_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that are shown name them, and are run elsewhere and undone later."""
    kubeconfig(home / "c", "https://a:1", name="x")
    monkeypatch.chdir(home)
    monkeypatch.setenv("KUBECONFIG", "c")
    assert found_clusters()[0].kubeconfig == (home / "c",)
    named = parse_site("version: 1\nclusters: {x: {kubeconfig: [c]}}", Path("site.yaml"))
    assert named.clusters[0].kubeconfig == (home / "c",)


def test_the_current_context_is_meant_where_none_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = Input("cluster", "cluster", Text("Which?", "어느?"))
    file = kubeconfig(home / "c", "https://a:1", name="a")
    other = kubeconfig(home / "d", "https://b:1", name="b")
    monkeypatch.setenv("KUBECONFIG", f"{file}:{other}")
    assert with_sole(spec, load_site()).default == "a", "the first file's counts"
    monkeypatch.setenv("KUBECONFIG", f"{other}:{file}")
    assert with_sole(spec, load_site()).default == "b"
    for one in (file, other):
        entries = yaml.safe_load(one.read_text())
        assert entries.pop("current-context")
        one.write_text(yaml.safe_dump(entries))
    assert len(load_site().clusters) == 2
    assert with_sole(spec, load_site()).default == "", "it is asked"
    monkeypatch.setenv("OS_CLOUD", "elsewhere")
    cloud = with_sole(replace(spec, kind="cloud"), load_site())
    with pytest.raises(UsageError, match="OS_CLOUD names `elsewhere`, but no cloud is known"):
        input_value(cloud, {}, load_site())


def test_one_that_cannot_be_read_is_still_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why when it is tried; machines over SSH are none the worse for it."""
    broken = home / "broken"
    broken.write_text("a: [")
    monkeypatch.setenv("KUBECONFIG", str(broken))
    assert found_clusters() == (Cluster("kubeconfig", (broken,)),)


def site(folder: Path, clusters: str) -> Site:
    return parse_site(f"version: 1\nhosts: {{master: {{}}}}\nclusters:{clusters}", folder / "site.yaml")


def test_named_in_the_site_file(home: Path) -> None:
    file = kubeconfig(home / "c", "https://a:1", name="admin@lab")
    found = site(home, " {lab: {kubeconfig: [c], context: admin@lab, host: master}, far: {host: master}}").clusters
    assert found == (Cluster("lab", (file,), "admin@lab", "master"), Cluster("far", (), "", "master"))
    assert site(home, " {}").clusters == ()
    looks = "look_image: 'registry.local:5000/busybox@sha256:ab', look_namespace: probe, look_pull_secret: pull"
    (entry,) = site(home, f" {{lab: {{host: master, {looks}}}}}").clusters
    found_looks = (entry.look_image, entry.look_namespace, entry.look_pull_secret)
    assert found_looks == ("registry.local:5000/busybox@sha256:ab", "probe", "pull")


@pytest.mark.parametrize(
    ("clusters", "said"),
    [
        (" {a: {}}", "site.yaml:3:12: `a`: no kubeconfig is known"),
        (" {a: {kubeconfig: no}}", "site.yaml:3:28: no such file"),
        (" {a: {host: b}}", "`b` is no host of this site"),
        (" {a: {hots: b}}", "`a` has no key `hots`"),
        (" {a b: {host: master}}", "`a b` is no name of a cluster"),
        (" {--kubeconfig=x: {host: master}}", "is no name of a cluster"),
        (" {a: {host: master, look_image: 'a b'}}", "site.yaml:3:42: look_image: 'a b' is not of the kind `name`"),
        (" {a: {host: master, look_namespace: -n}}", "look_namespace: '-n' is not of the kind `k8s-name`"),
        (" [a]", "clusters is not a mapping"),
    ],
)
def test_mistakes_in_the_site_file(home: Path, clusters: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        site(home, clusters)
    assert said in raised.value.message


def test_what_runs_is_listed(home: Path) -> None:
    """And what is left unchecked; a kubeconfig that cannot be read is said where its cluster is tried."""
    user = {"exec": {"apiVersion": "v1", "command": "touch", "args": [str(home / "ran")]}}
    more = {"insecure-skip-tls-verify": True}
    file = kubeconfig(home / "c", "https://a:1", user=user, **more)
    (home / "broken").write_text("a: [")
    clusters = (Cluster("lab", (file,)), Cluster("broken", (home / "broken",)))
    found = programs_of(Site("test", clusters=clusters))
    assert [(one.kind, one.run, one.under) for one in found] == [
        ("exec plugin", f"touch {home / 'ran'}", "lab"),
        ("insecure-skip-tls-verify", "https://a:1", "lab"),
    ]
    assert found[0].place.startswith(f"{file}:1:")
    assert not (home / "ran").exists()

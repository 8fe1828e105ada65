"""Values of YAML files change where they stand: everything else stays to the byte, and comes back to the byte."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml

from knowledge.file_edit import FileEdit, brief, edited_files, yaml
from knowledge.template import Template

SHELLS = ("dash", "bash", *(["busybox sh"] if shutil.which("busybox") else []))
AWKS = tuple(name for name in ("mawk", "gawk", "busybox") if shutil.which(name))
MANIFEST = """\
# written by kubeadm
apiVersion: v1
kind: Pod
metadata:
  annotations:
    note: |
      spec:
        hostNetwork: false
      - --v=9
  name: kube-controller-manager   # the name
spec:
  containers:
  - command:
    - kube-controller-manager
    # who allocates
    - --allocate-node-cidrs=false  # was true
    - "--cluster-cidr=10.244.0.0/24"
    - --v=2
    image: registry.k8s.io/kube-controller-manager:v1.35.4
    livenessProbe:
      failureThreshold: 8
  - name: second
    args:
      - --v=3

  hostNetwork: true
  "quoted key": 'single'
status: {}
"""


def changing(path: Path, place: str, value: str) -> dict[str, str]:
    rendered = {}
    for name, source in yaml("{{ path }}", place, "{{ value }}").items():
        template = Template(source)
        assert template.mistakes(sudo=True) == ()
        rendered[name] = template.render({"path": str(path), "value": value})
    return rendered


def run(command: str, shell: str = "dash", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"PATH": f"{folder}:{os.environ['PATH']}"} if folder else {})}
    words = shlex.split(command)
    return subprocess.run([*shell.split(), *words[1:]], capture_output=True, text=True, env=environment)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "it's $(x).yaml"
    path.write_text(MANIFEST)
    path.chmod(0o600)
    return path


@pytest.fixture(params=AWKS)
def awk(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder whose `awk` is that one."""
    folder = tmp_path / "awk"
    folder.mkdir()
    found = shutil.which(request.param)
    assert found
    (folder / "awk").symlink_to(found)
    return folder


def at(document: Any, place: str) -> Any:
    for part in place.split("/"):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


PLACES = [
    ("spec/hostNetwork", "false", "  hostNetwork: true\n", "  hostNetwork: false\n"),
    ("spec/containers/0/livenessProbe/failureThreshold", "24", "failureThreshold: 8\n", "failureThreshold: 24\n"),
    ("metadata/name", "other", "name: kube-controller-manager   # the", "name: other   # the"),
    ("spec/containers/1/name", "third", "- name: second\n", "- name: third\n"),
    (
        "spec/containers/0/image",
        "r:5000/k/k@sha256:00",
        "registry.k8s.io/kube-controller-manager:v1.35.4\n",
        "r:5000/k/k@sha256:00\n",
    ),
    ("spec/containers/0/command/--allocate-node-cidrs", "true", "=false  # was", "=true  # was"),
    (
        "spec/containers/0/command/--cluster-cidr",
        "10.244.0.0/16",
        '"--cluster-cidr=10.244.0.0/24"',
        "--cluster-cidr=10.244.0.0/16",
    ),
    ("spec/containers/1/args/--v", "7", "      - --v=3\n", "      - --v=7\n"),
    (
        "spec/containers/0/command/--feature-gates",
        "A=true",
        "    - kube-controller-manager\n",
        "    - kube-controller-manager\n    - --feature-gates=A=true\n",
    ),
]


@pytest.mark.parametrize(("place", "value", "was", "becomes"), PLACES)
@pytest.mark.parametrize("shell", SHELLS)
def test_one_value_changes_once_and_comes_back(
    file: Path, awk: Path, shell: str, place: str, value: str, was: str, becomes: str
) -> None:
    commands = changing(file, place, value)
    assert run(commands["unless"], shell, awk).returncode == 1
    done = run(commands["run"], shell, awk)
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text() == MANIFEST.replace(was, becomes, 1)
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(commands["unless"], shell, awk).returncode == 0

    assert run(commands["run"], shell, awk).returncode == 0
    assert file.read_text() == MANIFEST.replace(was, becomes, 1)

    undone = run(commands["undo"], shell, awk)
    assert (undone.returncode, undone.stderr) == (0, "")
    assert file.read_text() == MANIFEST
    assert {path.name for path in file.parent.iterdir()} == {"awk", file.name}


@pytest.mark.parametrize(("place", "value", "was", "becomes"), PLACES[:5])
def test_a_reader_of_yaml_sees_that_change_and_no_other(
    file: Path, place: str, value: str, was: str, becomes: str
) -> None:
    before = pyyaml.safe_load(MANIFEST)
    assert run(changing(file, place, value)["run"]).returncode == 0
    after = pyyaml.safe_load(file.read_text())
    assert str(at(after, place)).lower() == value.lower()
    *above, last = place.split("/")
    at(after, "/".join(above))[last] = at(before, place)
    assert after == before


def test_a_key_of_the_top_that_is_missing_is_added(file: Path) -> None:
    file.write_text("# kubelet\nkind: KubeletConfiguration\n")
    commands = changing(file, "failSwapOn", "false")
    assert run(commands["run"]).returncode == 0
    assert file.read_text() == "# kubelet\nkind: KubeletConfiguration\nfailSwapOn: false\n"
    assert run(commands["undo"]).returncode == 0
    assert file.read_text() == "# kubelet\nkind: KubeletConfiguration\n"


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        (MANIFEST, "spec/replicas", "spec/replicas is not in"),
        (MANIFEST, "spec/containers/0/args/--v", "is not in"),
        (MANIFEST, "status", "no plain value"),
        (MANIFEST, "metadata/annotations/note", "no plain value"),
        (MANIFEST, "spec", "no plain value"),
        ("a:\n  b: one\n    two\n", "a/b", "goes on in the next line"),
        ("a: 1\na: 2\n", "a", "more than once"),
        ("a: 1\n---\na: 2\n", "a", "more than one document"),
        ("a:\n\tb: 1\n", "a/b", "tabs"),
        ("a: 1\r\n", "a", "as on Windows"),
        ("a: *x\n", "a", "no plain value"),
        ("a: !!str 1\n", "a", "no plain value"),
        ("a: {b: 1}\n", "a/b", "is not in"),
    ],
)
def test_what_is_not_plain_is_refused_and_left_as_it_is(file: Path, text: str, place: str, why: str) -> None:
    file.write_bytes(text.encode())
    done = run(changing(file, place, "x")["run"])
    assert done.returncode == 1
    assert why in done.stderr
    assert file.read_bytes() == text.encode()
    assert [path for path in file.parent.iterdir() if path != file] == []


@pytest.mark.parametrize("value", ["a b", "{x}", "a: b", "x:", "-", "#x", "", "'", "a\nb", "*a", "::1"])
def test_a_value_that_is_not_plain_is_refused(file: Path, value: str) -> None:
    done = run(changing(file, "spec/hostNetwork", value)["run"])
    assert done.returncode == 1
    assert "the value is not plain" in done.stderr
    assert file.read_text() == MANIFEST


def test_an_undo_takes_back_nothing_of_others(file: Path) -> None:
    commands = changing(file, "spec/hostNetwork", "false")
    assert run(commands["run"]).returncode == 0
    file.write_text(file.read_text() + "# somebody was here\n")
    undone = run(commands["undo"])
    assert undone.returncode == 1
    assert "was changed since" in undone.stderr
    assert file.read_text().endswith("# somebody was here\n")


def test_its_copy_is_hidden_from_the_kubelet_and_known_to_the_state(file: Path) -> None:
    commands = changing(file, "spec/containers/0/command/--v", "4")
    assert run(commands["run"]).returncode == 0
    copies = [path for path in file.parent.iterdir() if path != file]
    assert [path.name[0] for path in copies] == ["."]
    assert list(edited_files(shlex.split(commands["run"]))) == [str(file), str(copies[0])]
    assert copies[0].read_text() == MANIFEST
    assert brief(commands["run"]).startswith("set-yaml ")
    assert brief(commands["undo"]).startswith("unset-yaml ")


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (FileEdit(yaml="/a", place="b/c", value="1"), ""),
        (FileEdit(yaml="/a", place="b/c", value="{{ x }}"), ""),
        (FileEdit(yaml="/a", place="b//c", value="1"), "`yaml` needs"),
        (FileEdit(yaml="/a", place="b"), "`yaml` needs"),
        (FileEdit(yaml="/a", place="b", value="x y"), "`yaml` needs"),
        (FileEdit(yaml="/a", place="b", value="1", key="c"), "`yaml` needs"),
        (FileEdit(yaml="a", place="b", value="1"), "begins with `/`"),
        (FileEdit(yaml="/a", ini="/b", place="b", value="1"), "either"),
    ],
)
def test_mistakes_of_authors(edit: FileEdit, why: str) -> None:
    assert why in edit.mistake() if why else edit.mistake() == ""

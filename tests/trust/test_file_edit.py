"""Files change whole, keep mode, owner and label, leave a copy, change once, and come back to the byte."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge.file_edit import brief, drop_in, edited_files, ini
from knowledge.template import Template
from tests.hostile.strings import SHORT as HOSTILE

SHELLS = ("dash", "bash", *(["busybox sh"] if shutil.which("busybox") else []))
LABEL = b"system_u:object_r:neutron_conf_t:s0\0"
TEXT = """\
# openvswitch_agent.ini of somebody who comments
[DEFAULT]
debug = false

[ovs]
# From neutron.openvswitch.agent
# bridge_mappings =
bridge_mappings = physnet1:br-ex,
    physnet2:br-two
local_ip=10.0.0.1
[agent]
; tunnel_types = gre
tunnel_types : vxlan


[securitygroup]
"""


@dataclass(frozen=True)
class Edit:
    """The three commands on one set of values, as a machine gets them."""

    commands: dict[str, str]
    shell: str = "dash"

    def run(self, which: str) -> subprocess.CompletedProcess[str]:
        words = shlex.split(self.commands[which])
        return subprocess.run([*self.shell.split(), *words[1:]], capture_output=True, text=True)

    def is_done(self) -> bool:
        return self.run("unless").returncode == 0


def setting(path: Path, section: str, key: str, value: str, shell: str = "dash") -> Edit:
    sources = ini("{{ path }}", section, key, "{{ value }}")
    rendered = {}
    for name, source in sources.items():
        template = Template(source)
        assert template.mistakes(sudo=True) == ()
        rendered[name] = template.render({"path": str(path), "value": value})
    return Edit(rendered, shell)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "it's $(x).ini"
    path.write_text(TEXT)
    path.chmod(0o640)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    return path


def read_as_ini(path: Path, section: str, key: str) -> str:
    parser = RawConfigParser(strict=False, interpolation=None, default_section="nothing")
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read(path)
    return parser[section][key]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("section", "key"),
    [("ovs", "bridge_mappings"), ("ovs", "local_ip"), ("agent", "tunnel_types"), ("agent", "l2_population"),
     ("DEFAULT", "debug"), ("securitygroup", "enable"), ("new_one", "key")],
)  # fmt: skip
def test_one_option_changes_and_nothing_else(file: Path, section: str, key: str, shell: str) -> None:
    edit = setting(file, section, key, "physnet1:br-new", shell)
    assert not edit.is_done()
    assert edit.run("run").returncode == 0
    assert edit.is_done()
    assert read_as_ini(file, section, key) == "physnet1:br-new"
    gone = set(TEXT.splitlines()) - set(file.read_text().splitlines())
    assert all(line.split("=")[0].split(":")[0].strip() == key or line.startswith("    ") for line in gone)
    come = [line for line in file.read_text().splitlines() if line not in TEXT.splitlines()]
    assert [line for line in come if line != f"[{section}]"] == [f"{key} = physnet1:br-new"]
    assert [line for line in file.read_text().splitlines() if line.startswith(("#", ";"))] == [
        line for line in TEXT.splitlines() if line.startswith(("#", ";"))
    ]


_SHIM = """\
#!/bin/sh
for last; do :; done
echo "$(basename "$0") $last $(cat "$last" 2>/dev/null | sha256sum)" >> {told}
exec {real} "$@"
"""


@pytest.mark.parametrize("which", ["run", "undo"])
def test_the_new_file_is_on_the_disk_before_it_takes_the_place_of_the_old_one(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """Renamed, never written over; and what is renamed was synced, with its folder after it."""
    edit = setting(file, "ovs", "bridge_mappings", "physnet1:br-new")
    if which == "undo":
        assert edit.run("run").returncode == 0
    told, shims, before = tmp_path / "told", tmp_path / "shims", file.stat().st_ino
    shims.mkdir()
    for name in ("sync", "mv"):
        (shims / name).write_text(_SHIM.format(told=told, real=shutil.which(name)))
        (shims / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{shims}:{os.environ['PATH']}")
    with file.open() as as_it_was:
        assert edit.run(which).returncode == 0
        assert as_it_was.read() != file.read_text(), "who has it open reads the old one to its end"
    assert file.stat().st_ino != before
    steps = [line.split()[0] for line in told.read_text().splitlines()]
    put = max(number for number, step in enumerate(steps) if step == "mv")
    assert "sync" in steps[:put], "it takes its place before it is on the disk"
    assert steps[put + 1 :] == ["sync"], "the folder is synced last"


@pytest.mark.parametrize("shell", SHELLS)
def test_it_comes_back_to_the_byte_with_mode_and_time(file: Path, shell: str) -> None:
    edit = setting(file, "ovs", "bridge_mappings", "physnet1:br-new", shell)
    edit.run("run")
    copy = Path(f"{file}.deadhop-ovs-bridge_mappings")
    assert copy.read_text() == TEXT
    assert [file.stat().st_mode & 0o7777, copy.stat().st_mode & 0o7777] == [0o640, 0o640]
    assert sorted(file.parent.iterdir()) == sorted([file, copy])
    assert edit.run("undo").returncode == 0
    assert file.read_text() == TEXT
    assert (file.stat().st_mode & 0o7777, int(file.stat().st_mtime)) == (0o640, 1_600_000_000)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.lab  # only root may label and give away
def test_owner_and_label_stay(file: Path) -> None:
    os.chown(file, 1, 4)
    os.setxattr(file, "security.selinux", LABEL)
    edit = setting(file, "ovs", "bridge_mappings", "physnet1:br-new")
    for step in ("run", "undo"):
        assert edit.run(step).returncode == 0
        assert (file.stat().st_uid, file.stat().st_gid) == (1, 4)
        assert os.getxattr(file, "security.selinux") == LABEL


def test_done_twice_is_done_once(file: Path) -> None:
    edit = setting(file, "ovs", "bridge_mappings", "physnet1:br-new")
    edit.run("run")
    once = file.read_bytes()
    assert edit.run("run").returncode == 0
    assert file.read_bytes() == once
    assert edit.run("undo").returncode == 0
    assert file.read_text() == TEXT


def test_what_is_so_already_is_done_already(file: Path) -> None:
    assert setting(file, "ovs", "local_ip", "10.0.0.1").is_done()
    assert setting(file, "agent", "tunnel_types", "vxlan").is_done()
    assert not setting(file, "ovs", "bridge_mappings", "physnet1:br-ex,").is_done(), "it goes on in the next line"


def test_two_edits_of_one_file_are_taken_back_last_first_and_in_no_other_order(file: Path) -> None:
    first, second = setting(file, "ovs", "local_ip", "10.0.0.9"), setting(file, "DEFAULT", "debug", "true")
    first.run("run")
    between = file.read_bytes()
    second.run("run")
    refused = first.run("undo")
    assert (refused.returncode, "was changed since: compare it with" in refused.stderr) == (1, True)
    assert second.run("undo").returncode == 0
    assert file.read_bytes() == between
    assert first.run("undo").returncode == 0
    assert file.read_text() == TEXT


def test_what_is_not_clear_is_refused_and_nothing_changes(file: Path, tmp_path: Path) -> None:
    file.write_text(TEXT + "[ovs]\nlocal_ip = 10.0.0.2\n")
    twice = file.read_bytes()
    refused = setting(file, "ovs", "local_ip", "10.0.0.3").run("run")
    assert refused.returncode == 1
    assert "local_ip is 2 times in [ovs]" in refused.stderr
    assert file.read_bytes() == twice
    assert list(tmp_path.iterdir()) == [file]
    gone = setting(tmp_path / "gone.ini", "a", "b", "c").run("run")
    assert (gone.returncode, "is not there" in gone.stderr) == (1, True)
    lost = setting(file, "agent", "tunnel_types", "geneve").run("undo")
    assert (lost.returncode, "the copy of before, is not there" in lost.stderr) == (1, True)


def test_a_copy_of_another_edit_is_never_overwritten(file: Path) -> None:
    setting(file, "ovs", "local_ip", "10.0.0.9").run("run")
    refused = setting(file, "ovs", "local_ip", "10.0.0.8").run("run")
    assert (refused.returncode, "undo that edit" in refused.stderr) == (1, True)
    assert Path(f"{file}.deadhop-ovs-local_ip").read_text() == TEXT


def test_a_linked_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ini"
    link.symlink_to(file.name)
    edit = setting(link, "ovs", "local_ip", "10.0.0.9")
    assert edit.run("run").returncode == 0
    assert link.is_symlink()
    assert "local_ip = 10.0.0.9" in file.read_text()
    assert edit.run("undo").returncode == 0
    assert (link.is_symlink(), file.read_text()) == (True, TEXT)


def test_killed_at_any_moment_the_file_is_the_old_one_or_the_new_one(file: Path) -> None:
    """By itself, never with half of it; and the way back is open."""
    file.write_text(TEXT + "# long\n" * 3000)
    whole = file.read_bytes()
    edit = setting(file, "ovs", "local_ip", "10.0.0.9")
    edit.run("run")
    done = file.read_bytes()
    edit.run("undo")
    chance = random.Random(7)
    for _ in range(25):
        words = shlex.split(edit.commands["run"])
        process = subprocess.Popen(["dash", *words[1:]], stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0, 0.15))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert file.read_bytes() in (whole, done)
        edit.run("undo")
        assert file.read_bytes() == whole
        for left in file.parent.glob("*.deadhop*"):
            left.unlink()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_hostile_value_is_a_value(file: Path, shell: str) -> None:
    values = [text for text in HOSTILE if "\n" not in text and text.isprintable() and text == text.strip() and text]
    for value in random.Random(3).sample(values, 25):
        edit = setting(file, "ovs", "local_ip", value, shell)
        assert edit.run("run").returncode == 0, value
        assert f"local_ip = {value}\n" in file.read_text()
        assert edit.is_done()
        assert edit.run("undo").returncode == 0
        assert file.read_text() == TEXT


# ------------------------------------------------------------------ files of their own


def of_its_own(path: Path, *lines: str, shell: str = "dash", folder: bool = False) -> Edit:
    sources = drop_in(str(path), lines, folder)
    return Edit({name: Template(source).render({}) for name, source in sources.items()}, shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_drop_in_is_written_once_and_removed(tmp_path: Path, shell: str) -> None:
    path = tmp_path / "ssh.service.d" / "90-deadhop.conf"
    edit = of_its_own(path, "[Service]", "Environment=A='b \\ $c'", shell=shell, folder=True)
    assert not edit.is_done()
    assert edit.run("run").returncode == 0
    assert path.read_text() == "[Service]\nEnvironment=A='b \\ $c'\n"
    assert (path.stat().st_mode & 0o7777, list(path.parent.iterdir())) == (0o644, [path])
    assert edit.is_done()
    assert edit.run("undo").returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_somebody_elses_file_is_neither_replaced_nor_removed(tmp_path: Path) -> None:
    path = tmp_path / "90-deadhop.conf"
    path.write_text("theirs\n")
    edit = of_its_own(path, "ours")
    refused = edit.run("run")
    assert refused.returncode != 0
    assert "File exists" in refused.stderr
    assert edit.run("undo").returncode == 0
    assert path.read_text() == "theirs\n"
    assert list(tmp_path.iterdir()) == [path]


# ------------------------------------------------------------------ what is read back of a command


def test_a_command_says_which_files_it_changes() -> None:
    sources = ini("/etc/x.ini", "a", "b", "c d")
    words = shlex.split(sources["run"])
    assert list(edited_files(words)) == ["/etc/x.ini", "/etc/x.ini.deadhop-a-b"]
    assert brief(sources["run"]) == "set /etc/x.ini a b 'c d'"
    assert brief(sources["undo"]) == "unset /etc/x.ini a b 'c d'"
    assert brief(drop_in("/etc/y", ("1",), False)["run"]) == "write /etc/y 1"
    assert brief("sh -c 'rm -rf \"$1\"' deadhop /etc") == "sh -c 'rm -rf \"$1\"' deadhop /etc"
    changed = sources["run"].replace("sync", "true", 1)
    assert list(edited_files(shlex.split(changed))) == [], "an edited command is no command of ours"

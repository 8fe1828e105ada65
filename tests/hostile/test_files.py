"""Whatever deadhop writes is its owner's alone, in a private folder, however careless the umask."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deadhop.conftest import closed_port
from tests.deadhop.desk import Desk, lay

assert closed_port


@pytest.fixture
def fresh(tmp_path: Path, closed_port: int) -> Desk:
    """A home with what a person wrote, and a folder for temporary files."""
    home = tmp_path / "home"
    home.mkdir(0o755)
    (tmp_path / "shared").mkdir(0o777)
    return lay(home, closed_port)


def run(desk: Desk, *words: str, code: tuple[int, ...] = (0, 1, 2), **more: str) -> None:
    shared = desk.home.parent / "shared"
    environment = {key: value for key, value in desk.environment.items() if key != "DEADHOP_STATE"}
    done = subprocess.run(
        [sys.executable, "-m", "deadhop", *words],
        capture_output=True,
        cwd=desk.home,
        env=environment | {"TMPDIR": str(shared), "XDG_STATE_HOME": str(desk.home / "share")} | more,
        timeout=120,
        preexec_fn=lambda: os.umask(0),
    )
    assert done.returncode in code, done.stderr.decode()


def made(desk: Desk, before: set[Path]) -> list[Path]:
    return sorted(path for path in desk.home.parent.rglob("*") if path not in before)


def test_everything_it_makes_is_private(fresh: Desk) -> None:
    before = set(fresh.home.parent.rglob("*"))
    site = ("--site", str(fresh.site))
    run(fresh, *fresh.marked)
    run(fresh, "fix", "latest", "--cause", "marker-was-removed", "--yes", *site)
    fresh.marker.unlink(missing_ok=True)  # the fix's own command makes it, as it would by hand
    run(fresh, "export", "latest", "--output", "report.md")
    run(fresh, "export", "latest", "--format", "json", "--output", "report.json")
    run(fresh, "fix", "latest", "--plan", *site)
    run(fresh, "site", "init", "new.yaml", "--ssh-config", str(fresh.home / "ssh_config"))
    run(fresh, "site", "init", "--ssh-config", str(fresh.home / "ssh_config"))
    run(fresh, "kb", "new", "my-symptom", "--folder", str(fresh.home / "a" / "b"))
    run(fresh, "sessions")
    run(fresh, "resume", "latest", *site)
    run(fresh, "demo", "--json", code=(0, 1, 2, 3))
    found = made(fresh, before)
    assert any(path.suffix == ".jsonl" for path in found)
    assert {"report.md", "report.json", "new.yaml", "site.yaml"} <= {path.name for path in found}
    for path in found:
        mode = path.lstat().st_mode
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode), f"{path} is neither a file nor a folder"
        assert stat.S_IMODE(mode) == (0o700 if stat.S_ISDIR(mode) else 0o600), f"{path}: {oct(mode)}"


def test_folders_above_are_private_too(fresh: Desk) -> None:
    fresh.site.rename(fresh.home / "other.yaml")
    for words in (("site", "init", "x/y/z/site.yaml"), ("kb", "new", "mine", "--folder", "k/l/m")):
        ssh = ("--ssh-config", "ssh_config") if words[0] == "site" else ()
        run(fresh, *words, *ssh)
    for path in (
        *(fresh.home / "x").rglob("*"),
        *(fresh.home / "k").rglob("*"),
        fresh.home / "x",
        fresh.home / "k",
    ):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_temporary_files_are_gone_and_were_never_beside_others(fresh: Desk) -> None:
    run(fresh, "demo", "--json", code=(0, 1, 2, 3))
    run(fresh, *fresh.marked)
    assert list((fresh.home.parent / "shared").iterdir()) == []


def test_an_inventory_is_read_in_a_private_folder_and_what_a_killed_one_left_goes(fresh: Desk) -> None:
    before = set(fresh.home.parent.rglob("*"))
    program, inventory = fresh.home / "bin" / "ansible-inventory", fresh.home / "hosts"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nset -e\nls -ld "$PWD" > "$HOME/seen"\npwd >> "$HOME/seen"\nkill -KILL $PPID\n')
    program.chmod(0o755)
    inventory.write_text("[all]\nweb1 ansible_host=192.0.2.1\n")
    before |= {program.parent, program, inventory, fresh.home / "seen"}
    words = ("site", "init", "new.yaml", "--inventory", str(inventory))
    run(fresh, *words, code=(-signal.SIGKILL,), PATH=f"{program.parent}:{os.environ['PATH']}")
    mode, folder = (fresh.home / "seen").read_text().splitlines()
    assert mode.startswith("drwx------")
    assert Path(folder).is_relative_to(fresh.home / "share" / "deadhop")
    assert list((fresh.home.parent / "shared").iterdir()) == []
    program.unlink()
    run(fresh, *words)
    assert not Path(folder).exists()
    assert list(Path(folder).parent.iterdir()) == []
    for path in made(fresh, before):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


@pytest.mark.parametrize("words", ["site show --site pipe", "site init new.yaml --inventory pipe"])
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_nobody_waits_for_what_is_no_file(fresh: Desk, words: str, kind: str) -> None:
    pipe = fresh.home / "pipe"
    if kind == "pipe":
        os.mkfifo(pipe)
    elif kind == "device":
        pipe.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(pipe))
    run(fresh, *words.split(), code=(3,))


def test_the_log_of_a_mistake_of_its_own(fresh: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from deadhop.failure import explain

    monkeypatch.setenv("DEADHOP_STATE", str(fresh.home / "state"))
    old = os.umask(0)
    try:
        explain(ZeroDivisionError("a bug"), ["--json"])
    finally:
        os.umask(old)
    log = fresh.home / "state" / "deadhop.log"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_an_export_goes_through_no_link(fresh: Desk) -> None:
    run(fresh, *fresh.marked)
    (fresh.home / "report.md").symlink_to(fresh.home / "elsewhere")
    run(fresh, "export", "latest", "--output", "report.md", code=(3,))
    assert not (fresh.home / "elsewhere").exists()

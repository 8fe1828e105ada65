"""A plan as a shell script: the commands as shown, in order; steps of a script run here for real."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from base.text import Lang, Text
from diagnosis.plan_script import plan_script
from diagnosis.session import Session
from diagnosis.views import ActionView, FixView
from knowledge.model import Risk
from tests.diagnosis.drilled import cause_of, walked

QUOTED = re.compile(r"^  (run|undo|unless)=(.*)$", re.MULTILINE)


async def script_of(drill: Session, *actions: ActionView, lang: Lang = Lang.EN, **changes: object) -> str:
    """The script of the drill's fix, with other actions when some are given."""
    cause = cause_of(await walked(drill))
    plan: FixView = cause.fixes[0]
    if actions:
        plan = replace(plan, actions=actions, persist=())
    return await plan_script(drill, cause, replace(plan, **changes), lang)  # type: ignore[arg-type]


def here(run: str, undo: str = "true", unless: str = "") -> ActionView:
    return ActionView("operator", run, undo, unless=unless)


class Script:
    def __init__(self, folder: Path, text: str) -> None:
        self.path = folder / "plan.sh"
        self.path.write_text(text, encoding="utf-8")
        self.folder = folder

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self.path), *words],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
        )


async def test_every_command_is_in_it_byte_for_byte(drill: Session) -> None:
    cause = cause_of(await walked(drill))
    plan = cause.fixes[0]
    text = await plan_script(drill, cause, plan, Lang.EN)
    written = [tuple(shlex.split(value)) for _, value in QUOTED.findall(text)]
    for action in (*plan.actions, *plan.persist):
        for command in (action.run, action.undo, action.unless):
            assert (command,) in written
    assert "ping -n -c 5" in text
    assert "verify.received == verify.sent" in text


HOSTILE = here("printf %s 'a'\"'\"'b $(id) `id` \\ 한글'", 'printf %s "x"')


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("hostile", [(), (HOSTILE,)], ids=["shipped", "hostile"])
async def test_it_is_posix_shell(
    drill: Session, tmp_path: Path, lang: Lang, hostile: tuple[ActionView, ...]
) -> None:
    script = Script(tmp_path, await script_of(drill, *hostile, lang=lang))
    for shell in filter(shutil.which, ("dash", "bash", "busybox")):
        words = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
        subprocess.run([*words, str(script.path)], check=True)


async def test_outside_text_stays_in_its_comment(drill: Session, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    evil = f"x\ntouch {mark}\r\ntouch {mark}\x0b\u2028touch {mark}"
    text = await script_of(
        drill, replace(here("true"), text=Text(evil, evil)), caution=Text(evil, evil), title=Text(evil, evil)
    )
    assert Script(tmp_path, text).run("check").returncode == 0
    assert not mark.exists()


async def test_apply_then_undo_last_first(drill: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    steps = [here(f"echo {n} >> {log}", f"echo undo {n} >> {log}") for n in (1, 2, 3)]
    script = Script(tmp_path, await script_of(drill, *steps))
    assert script.run("check").returncode == 0
    assert not log.exists()
    assert script.run("apply", "--yes").returncode == 0
    assert log.read_text() == "1\n2\n3\n"
    again = script.run("apply", "--yes")
    assert again.stdout.count("done already") >= 3
    assert script.run("undo", "--yes").returncode == 0
    assert log.read_text() == "1\n2\n3\nundo 3\nundo 2\nundo 1\n"
    assert script.run("undo", "--yes").returncode == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "plan.sh"]


async def test_it_stops_at_the_first_failure_and_says_how_to_undo(drill: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    steps = (
        here(f"echo 1 >> {log}", f"echo undo 1 >> {log}"),
        here("echo out; echo err >&2; exit 7", f"echo undo 2 >> {log}"),
        here(f"echo 3 >> {log}", f"echo undo 3 >> {log}"),
    )
    script = Script(tmp_path, await script_of(drill, *steps))
    stopped = script.run("apply", "--yes")
    assert (stopped.returncode, log.read_text()) == (4, "1\n")
    assert "(7)" in stopped.stderr
    assert f"sh {script.path} undo" in stopped.stderr
    assert "    | out\n    | err\n" in stopped.stdout
    refused = script.run("apply", "--yes")
    assert refused.returncode == 4
    assert script.run("undo", "--yes").returncode == 0
    assert log.read_text() == "1\nundo 2\nundo 1\n"


async def test_what_was_done_before_is_neither_done_nor_undone(drill: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = Script(tmp_path, await script_of(drill, here(f"echo x > {log}", f"rm {log}", unless=f"test -e {log}")))
    log.write_text("mine")
    assert "done already" in script.run("check").stdout
    assert script.run("apply", "--yes").returncode == 0
    assert script.run("undo", "--yes").returncode == 3
    assert log.read_text() == "mine"


async def test_nobody_to_ask_runs_nothing(drill: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = Script(tmp_path, await script_of(drill, here(f"touch {log}"), risk=Risk.DESTRUCTIVE))
    for words in (("apply",), ("apply", "--no"), ("appply",), ("persist", "--yes")):
        assert script.run(*words).returncode == 3
    assert not log.exists()
    assert script.run().returncode == 0


async def test_an_undo_that_fails_says_how_to_do_it_by_hand(drill: Session, tmp_path: Path) -> None:
    script = Script(tmp_path, await script_of(drill, here("true", "exit 9")))
    assert script.run("apply", "--yes").returncode == 0
    failed = script.run("undo", "--yes")
    assert failed.returncode == 4
    assert "by hand on operator: exit 9" in failed.stderr
    assert (tmp_path / "plan.sh.done").exists()


async def test_a_step_that_may_cut_the_way_is_armed_first(drill: Session, tmp_path: Path) -> None:
    """With a stand-in for `ssh` that runs what it is sent here: the order is what matters."""
    log, tools = tmp_path / "log", tmp_path / "bin"
    tools.mkdir()
    for name, body in {
        "ssh": f"echo ssh >> {log}; cat > {tmp_path}/sent; exec sh {tmp_path}/sent",
        "ip": f'echo ip "$@" >> {log}',
        "systemd-run": f"echo armed >> {log}",
        "systemctl": f"echo called off >> {log}",
        "setsid": "exit 0",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    action = ActionView("somewhere", "ip link set eth0 down", "ip link set eth0 up")
    script = Script(tmp_path, await script_of(drill, action))
    text = script.path.read_text()
    assert "cuts=yes" in text
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", str(script.path), "apply", "--yes"],
        capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert said.index("take it back by itself") < said.index("applied")
    assert "ip link set eth0 down" in log.read_text()


async def test_what_acts_on_a_terminal_is_not_shown(drill: Session, tmp_path: Path) -> None:
    script = Script(tmp_path, await script_of(drill, here("printf '\\033]0;x\\007한글'")))
    said = script.run("apply", "--yes").stdout
    assert "\x1b" not in said
    assert "]0;x한글" in said

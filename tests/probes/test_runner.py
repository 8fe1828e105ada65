"""The remote script in real shells, and the reading of what they say."""

import os
import subprocess
import time

import pytest

from probes.connection import Command
from probes.exchange import Reply
from probes.runner import (
    Far,
    Frames,
    Marker,
    Power,
    far_from,
    judged,
    launch,
    launch_in_own_session,
    script,
)

NONCE = "d1ce"


def run(shell: list[str], line: str, text: bytes) -> tuple[str, str]:
    with subprocess.Popen(
        [*shell, line],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write(text)
        child.stdin.flush()  # and left open: nothing may wait for its end
        return child.stdout.read().decode(), child.stderr.read().decode()


def without_clock(output: str) -> list[str]:
    return [line.rsplit(" ", 1)[0] if line.startswith(NONCE) else line for line in output.splitlines()]


HOSTILE = 'it\'s $HOME `id` $(id) !! \\ "q" é'


def check_shell(shell: list[str], line: str, text: bytes) -> None:
    stdout, stderr = run(shell, line, text)
    assert without_clock(stdout) == [
        f"{NONCE} p unknown:yes",
        f"{NONCE} 0 -",
        HOSTILE,
        f"{NONCE} 0 0",
        f"{NONCE} 1 -",
        "3",
        f"{NONCE} 1 4",
    ]
    assert f"{NONCE} 1 4" in stderr


COMMANDS = [Command(("echo", HOSTILE)), Command(script="echo $((1 + 2)); exit 4")]


@pytest.mark.parametrize("shell", [["sh", "-c"], ["bash", "-c"]])
@pytest.mark.parametrize("line", [launch, launch_in_own_session])
def test_one_line_starts_it_in_any_login_shell(shell: list[str], line: object) -> None:
    text = script(COMMANDS, NONCE, Far())
    check_shell(shell, line(len(text)), text)  # type: ignore[operator]


@pytest.mark.lab
@pytest.mark.parametrize("shell", [["dash", "-c"], ["fish", "-c"], ["tcsh", "-c"], ["zsh", "-c"]])
def test_one_line_starts_it_in_rarer_login_shells(shell: list[str]) -> None:
    text = script(COMMANDS, NONCE, Far())
    check_shell(shell, launch(len(text)), text)


def test_it_starts_with_a_script_larger_than_any_argument_list() -> None:
    big = "x" * 3_000_000
    text = script([Command(script=f"# {big}\necho done"), Command(("echo", "next"))], NONCE, Far())
    stdout, stderr = run(["sh", "-c"], launch(len(text)), text)
    assert "Argument list too long" in stderr  # the one command, not the exec
    assert "next\n" in stdout


def test_the_end_of_stdin_kills_the_whole_group_even_what_ignores_term() -> None:
    stubborn = Command(script="trap '' TERM; echo $$; while :; do sleep 0.2; done", timeout=60)
    text = script([stubborn], NONCE, Far())
    child = subprocess.Popen(
        ["sh", "-c", launch(len(text))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(text)
    child.stdin.flush()
    pid = next(int(line) for line in child.stdout if line.strip().isdigit())
    child.stdin.close()
    child.stdout.close()
    child.wait(timeout=5)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and alive(pid):
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# ------------------------------------------------------------------ frames


def framed(*pieces: bytes) -> list[object]:
    heard: list[object] = []
    frames = Frames(NONCE, heard.append, heard.append)
    for piece in pieces:
        frames.feed(piece)
    return heard


def test_output_without_a_line_end_stays_apart_from_its_marker() -> None:
    assert framed(b"d1ce 0 - 1.5\nabcd1ce 0 7 2.5\n") == [Marker("0", "-", 1.5), b"abc", Marker("0", "7", 2.5)]


def test_markers_cut_anywhere_are_put_together() -> None:
    whole = b"noise\nd1ce 0 - 1\nabc d1c d1cd1ce 0 0 2\n"
    for cut in range(len(whole)):
        heard = framed(whole[:cut], whole[cut:])
        assert b"".join(part for part in heard if isinstance(part, bytes)) == b"noise\nabc d1c d1c"
        assert [part for part in heard if isinstance(part, Marker)] == [Marker("0", "-", 1), Marker("0", "0", 2)]


def test_only_what_cannot_get_better_is_remembered_of_sudo() -> None:
    assert far_from(Marker("p", "root:yes", 0)) == Far(Power.ROOT, "yes")
    assert far_from(Marker("p", "some:no", 0)) == Far(Power.UNKNOWN, "no")


def test_words_of_the_shell_are_not_run_as_such() -> None:
    commands = [Command(("if",)), Command(("A=b", "x")), Command(("l", "1")), Command(("echo", "still here"))]
    text = script(commands, NONCE, Far())
    stdout, _ = run(["sh", "-c"], launch(len(text)), text)
    assert [f"{NONCE} {n} 127" in without_clock(stdout) for n in range(3)] == [True] * 3
    assert "still here" in stdout


def test_a_known_far_side_is_not_asked_again() -> None:
    first = script([Command(("true",), sudo=True)], NONCE, Far())
    later = script([Command(("true",), sudo=True)], NONCE, Far(Power.ROOT, "yes"))
    assert b"id -u" in first
    assert b"id -u" not in later
    assert b"sudo -n kill" not in later


# ------------------------------------------------------------------ what an exit status means


def test_a_missing_program() -> None:
    reply = judged(Command(("conntrack", "-S")), Reply(127, stderr="sh: 1: conntrack: not found"))
    assert (reply.failure, reply.status) == ("missing-command", 127)
    assert "conntrack" in reply.message


def test_a_program_sudo_does_not_find() -> None:
    reply = judged(Command(("nft",), sudo=True), Reply(1, stderr="sudo: nft: command not found\n"))
    assert reply.failure == "missing-command"


@pytest.mark.parametrize(
    "words",
    [
        "sudo: a password is required",
        "sudo: a terminal is required to read the password; either use the -S option",
        "sudo: interactive authentication is required",
        "sudo: not found",
        "plain is not in the sudoers file.",
        "Sorry, user plain is not allowed to execute '/usr/sbin/nft' as root on c1.",
        "sudo: I'm sorry plain. I'm afraid I can't do that",
    ],
)
def test_a_sudo_that_refuses(words: str) -> None:
    reply = judged(Command(("nft",), sudo=True), Reply(1, stderr=words + "\n"))
    assert reply.failure == "denied"
    assert reply.hint


def test_a_tool_that_says_no_is_no_refusal() -> None:
    said = Reply(1, stderr="sudo: unable to resolve host c1\niptables: Bad rule\n")
    assert judged(Command(("iptables",), sudo=True), said) == said


def test_status_124_is_a_timeout_only_at_the_time_limit() -> None:
    assert judged(Command(("x",), timeout=2), Reply(124, seconds=2.0)).failure == "timeout"
    assert judged(Command(("x",), timeout=2), Reply(124, seconds=0.1)).failure == ""


def test_the_status_of_a_script_is_its_own() -> None:
    assert judged(Command(script="nosuch"), Reply(127)).failure == ""

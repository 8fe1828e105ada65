"""Bad input: a clear message with a hint, nothing executed, nothing lost, no traceback."""

import resource
import subprocess

import pytest

from tests.deadhop.desk import Desk, Outcome

INJECTIONS = [
    "10.0.0.1; rm -rf /",
    "$(id)",
    "`id`",
    "a\nb",
    "-oProxyCommand=id",
    "../../etc",
    "\x1b[2Jx",
    "'; id '",
]


def refused(outcome: Outcome, code: int = 3) -> None:
    assert outcome.code == code, outcome
    assert "error: " in outcome.err
    assert "Traceback" not in outcome.err + outcome.out
    assert "\x1b" not in outcome.err + outcome.out
    assert "uid=" not in outcome.err + outcome.out


@pytest.mark.parametrize("value", INJECTIONS)
def test_values_that_are_no_hosts(desk: Desk, value: str) -> None:
    words = ("--site", str(desk.site), "--set", "file=/x", "--set", "seen=looked")
    refused(desk.run("diagnose", "marker-is-missing", *words, "--set", f"dead={value}"))


@pytest.mark.parametrize("value", ["/tmp/$(touch PWNED)", "/tmp/x; touch PWNED", "/tmp/'\"`touch PWNED`", "/a b"])
def test_paths_with_shell_in_them_stay_one_word(desk: Desk, value: str) -> None:
    words = ("--site", str(desk.site), "--set", "dead=dead", "--set", "seen=looked")
    outcome = desk.run("diagnose", "marker-is-missing", *words, "--set", f"file={value}")
    assert outcome.code == 1, outcome.err
    applied = desk.run("fix", "latest", "--cause", "marker-was-removed", "--yes", "--json")
    assert "Traceback" not in applied.err
    assert not list(desk.home.rglob("PWNED"))
    desk.run("fix", "latest", "--undo", "--yes")


@pytest.mark.parametrize("text", ["x" * 1_000_000, "ping\n" * 250_000])
def test_a_paste_of_a_megabyte(desk: Desk, text: str) -> None:
    refused(desk.run("diagnose", "-", stdin=text.encode()))
    refused(desk.run("kb", "search", "-", stdin=text.encode()))
    refused(desk.run(stdin=text.encode()))


def test_binary_on_stdin(desk: Desk) -> None:
    for data in (bytes(range(256)) * 64, b"\x7fELF\0\0\0"):
        refused(desk.run("diagnose", "-", stdin=data))
    outcome = desk.run("diagnose", "-", "--site", str(desk.site), stdin=bytes(range(128, 256)) * 64)
    assert outcome.code in (2, 3)
    assert "Traceback" not in outcome.err


def test_control_bytes_of_a_paste_are_inert(desk: Desk) -> None:
    text = "\x1b]0;owned\x07\x1b[31mping\x1b[0m 10.0.0.1 \u202eevil Destination Port Unreachable"
    outcome = desk.run("kb", "search", "-", stdin=text.encode())
    assert "\x1b" not in outcome.out + outcome.err
    assert "\u202e" not in outcome.out + outcome.err


def test_unknown_symptom(desk: Desk) -> None:
    outcome = desk.run("diagnose", "marker-is-mising", "--site", str(desk.site))
    refused(outcome)
    assert "marker-is-missing" in outcome.err


def test_unknown_host(desk: Desk) -> None:
    words = ("--site", str(desk.site), "--set", "file=/x", "--set", "seen=looked")
    outcome = desk.run("diagnose", "marker-is-missing", *words, "--set", "dead=nobody")
    refused(outcome)
    assert "deadhop site show" in outcome.err


def test_a_preset_nothing_asks_for(desk: Desk) -> None:
    outcome = desk.diagnose("--set", "sen=looked")
    refused(outcome)
    assert "seen" in outcome.err


def test_an_answer_that_is_none(desk: Desk) -> None:
    words = ("--site", str(desk.site), "--set", "dead=dead", "--set", "file=/x")
    refused(desk.run("diagnose", "marker-is-missing", *words, "--set", "seen=perhaps"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: 1\nhosts: [\n",
        "version: 1\nhosts: {}\n",
        "version: 1\nhots: {a: {}}\n",
        "version: 1\nhosts: {'a;b': {}}\n",
        "version: 9\nhosts: {a: {}}\n",
        "version: 1\nhosts: &a [*a]\n",
        "\x00\x01",
    ],
)
@pytest.mark.parametrize("verb", ["show", "check"])
def test_sites_that_cannot_be_used(desk: Desk, verb: str, text: str) -> None:
    desk.site.write_text(text)
    outcome = desk.run("site", verb, "--site", str(desk.site))
    refused(outcome)
    assert str(desk.site) in outcome.err


def test_no_site_file(desk: Desk) -> None:
    refused(desk.run("site", "show", "--site", str(desk.home / "nowhere.yaml")))
    refused(desk.run("diagnose", "marker-is-missing", "--site", str(desk.home)))


def test_unreadable_key(desk: Desk, closed_port: int) -> None:
    (desk.home / "key").write_text("no key at all\n")
    config = desk.home / "ssh_config"
    config.write_text(config.read_text() + f"  IdentityFile {desk.home}/key\n  IdentityFile {desk.home}/none\n")
    outcome = desk.run("site", "check", "--site", str(desk.site))
    assert outcome.code in (2, 3)
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("content", [b"", b"{}\n", b"\0" * 4096, b'{"deadhop_journal": 99}\n', b"[" * 100_000])
def test_journals_that_are_none(desk: Desk, content: bytes) -> None:
    path = desk.home / "x.jsonl"
    path.write_bytes(content)
    for words in (("export", str(path)), ("resume", str(path)), ("fix", str(path), "--plan")):
        refused(desk.run(*words, "--site", str(desk.site)))


# ------------------------------------------------------------------ folders and disks


def test_a_state_folder_that_cannot_be_made(desk: Desk) -> None:
    (desk.home / "file").write_text("in the way")
    for place in (str(desk.home / "file" / "state"), "/proc/nowhere/state"):
        outcome = subprocess.run(
            desk.command(*desk.marked),
            env=desk.environment | {"DEADHOP_STATE": place},
            cwd=desk.home,
            capture_output=True,
            text=True,
            timeout=60,
        )
        refused(Outcome(outcome.returncode, outcome.stdout, outcome.stderr))
        assert "DEADHOP_STATE" in outcome.stderr


@pytest.mark.parametrize("room", [0, 200, 2000, 6000])
def test_a_disk_that_fills_up(desk: Desk, room: int) -> None:
    """RLIMIT_FSIZE is what a full disk looks like to one process."""
    done = subprocess.run(
        desk.command(*desk.marked),
        env=desk.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        cwd=desk.home,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    refused(Outcome(done.returncode, done.stdout, done.stderr))
    assert "DEADHOP_STATE" in done.stderr
    assert desk.run("sessions").code == 0


def test_two_writers_of_one_journal(desk: Desk) -> None:
    from journal.store import open_for_append

    assert desk.diagnose().code == 1
    (path,) = (desk.home / "state" / "sessions").glob("*.jsonl")
    with open_for_append(path):
        refused(desk.run("fix", "latest", "--yes"))

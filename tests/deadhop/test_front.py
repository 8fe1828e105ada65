"""The words on the command line, the exit codes, and both languages."""

import subprocess

import pytest

from tests.deadhop.desk import Desk


def test_help_names_every_command(desk: Desk) -> None:
    outcome = desk.run("--help")
    assert outcome.code == 0
    for name in ("diagnose", "fix", "sessions", "resume", "export", "kb", "site", "demo"):
        assert f"\n  {name} " in outcome.out


@pytest.mark.parametrize("name", ["diagnose", "fix", "sessions", "resume", "export", "kb", "site", "demo"])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_command_explains_itself(desk: Desk, name: str, lang: str) -> None:
    outcome = desk.run(name, "--help", DEADHOP_LANG=lang)
    assert outcome.code == 0
    assert ("사용법" in outcome.out) == (lang == "ko")
    assert "--json" in outcome.out


def test_language_comes_from_the_option_before_the_environment(desk: Desk) -> None:
    assert "옵션" in desk.run("--lang", "ko", "--help").out
    assert "옵션" in desk.run("--help", LANG="ko_KR.UTF-8").out
    assert "options" in desk.run("--lang", "en", "--help", DEADHOP_LANG="ko").out


def test_misspelt_command_is_named(desk: Desk) -> None:
    outcome = desk.run("diagnos", "x")
    assert outcome.code == 3
    assert "hint: did you mean `deadhop diagnose`?" in outcome.err


@pytest.mark.parametrize(
    "words",
    [
        ("--no-such-option",),
        ("diagnose",),
        ("kb", "no-such-verb"),
        ("fix",),
        ("fix", "latest", "--plan", "--undo"),
        ("--set", "nothing", "kb", "list"),
        ("--lang", "xx"),
        ("export", "no-such-session"),
        ("kb", "show", "no-such-thing"),
        ("demo", "no-such-drill"),
    ],
)
def test_wrong_words_end_with_3_and_a_hint(desk: Desk, words: tuple[str, ...]) -> None:
    outcome = desk.run(*words)
    assert outcome.code == 3, outcome
    assert outcome.err.startswith("error: ")
    assert "\nhint: " in outcome.err
    assert "Traceback" not in outcome.err


def test_no_terminal_and_no_text_is_usage(desk: Desk) -> None:
    outcome = desk.run()
    assert outcome.code == 3
    assert "terminal" in outcome.err


def test_a_found_cause_ends_with_1_and_names_the_next_command(desk: Desk) -> None:
    outcome = desk.diagnose()
    assert outcome.code == 1, outcome.err
    assert "CAUSE FOUND: Somebody removed the marker" in outcome.out
    assert f"touch {desk.marker}" in outcome.out
    assert "--cause marker-was-removed" in outcome.out
    assert all(len(line) <= 80 for line in outcome.out.splitlines() if str(desk.home) not in line)


def test_a_question_nobody_answers_ends_with_2(desk: Desk) -> None:
    outcome = desk.run(
        "diagnose", "marker-is-missing", "--site", str(desk.site), "--set", "dead=dead", "--set", "file=/x"
    )
    assert outcome.code == 2
    assert "--set seen=looked|guessed" in outcome.err
    assert "COULD NOT TELL" in outcome.out


def test_missing_inputs_are_all_named(desk: Desk) -> None:
    outcome = desk.run("diagnose", "marker-is-missing", "--site", str(desk.site))
    assert outcome.code == 3
    assert "Which host is dead?" in outcome.err
    assert "--set dead=HOST --set file=PATH" in outcome.err


def test_text_without_a_command_is_diagnosed_where_there_is_no_terminal(desk: Desk) -> None:
    text = f"marker {desk.marker} is gone"
    words = ("--site", str(desk.site), "--set", "dead=dead", "--set", "seen=looked")
    assert desk.run(*words, text).code == 1
    assert desk.run(*words, stdin=text.encode()).code == 1


LOST = """PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.

--- 127.0.0.1 ping statistics ---
2 packets transmitted, 0 received, 100% packet loss, time 1028ms
"""


def test_a_ping_that_is_piped_in_was_sent_from_here(desk: Desk) -> None:
    outcome = desk.run("diagnose", "-", "--site", str(desk.site), "--json", stdin=LOST.encode())
    assert outcome.json["inputs"] == {"source": "operator", "target": "127.0.0.1"}
    assert "source: this machine" in outcome.err
    assert "--set source=HOST" in outcome.err


def test_a_ping_that_works_is_nothing_wrong(desk: Desk) -> None:
    """As in the README's first example, on a machine that is well."""
    works = LOST.replace("0 received, 100%", "2 received, 0%").encode()
    words = ("diagnose", "-", "--site", str(desk.site))
    said = desk.run(*words, "--lang", "en", stdin=works)
    assert (said.code, said.out.startswith("All 2 were answered"), said.err) == (0, True, "")
    assert "2 개 모두 응답이 왔다" in desk.run(*words, "--lang", "ko", stdin=works).out
    told = desk.run(*words, "--json", stdin=works).json
    assert (told["verdict"], told["session"], told["unknown"]) == ("nothing-found", None, [])
    assert desk.run("kb", "search", "-", stdin=works).code == 0


def test_a_ping_behind_the_prompt_of_an_unknown_machine_was_not(desk: Desk) -> None:
    outcome = desk.run("diagnose", "-", "--site", str(desk.site), stdin=f"root@web9:~# ping x\n{LOST}".encode())
    assert outcome.code == 3
    assert "Which machine sends the ping?" in outcome.err


def test_korean_report_is_korean(desk: Desk) -> None:
    outcome = desk.diagnose("--lang", "ko")
    assert "원인 찾음: 누군가 표시 파일을 지웠다" in outcome.out
    assert "되돌리기" in outcome.out


def test_a_terminal_of_another_encoding_breaks_nothing(desk: Desk) -> None:
    outcome = desk.diagnose("--lang", "ko")
    assert outcome.code == 1
    done = desk.run("kb", "list", "--lang", "ko", PYTHONIOENCODING="ascii")
    assert done.code == 0
    assert "\\u" in done.out


def test_a_reader_that_goes_away_is_quiet(desk: Desk) -> None:
    with subprocess.Popen(
        desk.command("kb", "list"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=desk.environment,
        cwd=desk.home,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0

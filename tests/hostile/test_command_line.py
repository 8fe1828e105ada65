"""The command line on hostile files, pastes and journals: what it prints does nothing, and nothing is run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from base.errors import ConfigError
from journal.store import Journal
from probes.site_file import load_site
from tests.deadhop.conftest import closed_port, desk
from tests.deadhop.desk import Desk, Outcome
from tests.hostile.records import hostile_entries
from tests.hostile.strings import (
    ALL,
    CANARY_FILE,
    CANARY_NAME,
    CANARY_VALUE,
    HOSTILE,
    INVALID_UTF8,
    SHORT,
    acting,
)

assert closed_port, desk

CANARY: Mapping[str, str] = {CANARY_NAME: CANARY_VALUE}
OUTCOMES = (0, 1, 2, 3)


def writable(texts: tuple[str, ...]) -> list[str]:
    """Those a file can hold: halves of pairs have no UTF-8."""
    return [text for text in texts if not re.search("[\ud800-\udfff]", text)]


@pytest.fixture
def harmless(desk: Desk) -> Iterator[Desk]:
    yield desk
    assert not list(desk.home.rglob(f"*{CANARY_FILE}*")), "a payload was run"


def run(desk: Desk, *words: str, stdin: bytes = b"") -> Outcome:
    outcome = desk.run(*words, stdin=stdin, **CANARY)
    for stream in (outcome.out, outcome.err):
        assert not acting(stream), acting(stream)
        assert CANARY_VALUE not in stream
        assert "Traceback" not in stream
    assert outcome.code in OUTCOMES, outcome
    return outcome


def both_ways(desk: Desk, *words: str, stdin: bytes = b"") -> tuple[Outcome, Outcome]:
    """For people, and as JSON that is JSON."""
    person, program = run(desk, *words, stdin=stdin), run(desk, *words, "--json", stdin=stdin)
    assert program.json["deadhop"] == 1
    assert person.code == program.code
    return person, program


def test_labels_and_consoles_of_a_site(harmless: Desk) -> None:
    texts = writable(SHORT)
    site = {"version": 1, "hosts": {"h1": {"labels": texts, "console": ["true", *texts]}}}
    harmless.site.write_text(yaml.safe_dump(site, allow_unicode=False), encoding="utf-8")
    person, program = both_ways(harmless, "site", "show", "--site", str(harmless.site))
    assert person.code == 0
    assert program.json["hosts"][0]["labels"] == [text for text in texts if text]


@pytest.mark.parametrize("category", HOSTILE)
def test_names_of_hosts_in_a_site_file(tmp_path: Path, category: str) -> None:
    """A name is a plain one or is refused with its place."""
    file = tmp_path / "site.yaml"
    for text in writable(HOSTILE[category]):
        file.write_text(yaml.safe_dump({"version": 1, "hosts": {text: {}}}), encoding="utf-8")
        try:
            names = [host.name for host in load_site(file).hosts]
        except ConfigError as error:
            said = error.message
            assert not acting(said, "\n\t"), ascii(said)
        else:
            assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name) for name in names)


def test_a_site_file_of_hostile_names(harmless: Desk) -> None:
    hosts = {text: {"addresses": [text]} for text in writable(SHORT)}
    harmless.site.write_text(yaml.safe_dump({"version": 1, "hosts": hosts}), encoding="utf-8")
    person, _ = both_ways(harmless, "site", "show", "--site", str(harmless.site))
    assert person.code == 3


def plain_names(config: Path) -> bool:
    """Whether the configuration was read; then its names are plain."""
    try:
        names = [host.name for host in load_site(config).hosts]
    except ConfigError as error:
        said = error.message
        assert not acting(said), ascii(said)
        return False
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name) for name in names)
    return True


def test_names_of_hosts_in_an_ssh_configuration(harmless: Desk) -> None:
    config = harmless.home / "hostile_config"
    good = []
    for text in writable(SHORT):
        lines = f"Host {text} plain\n  HostName {text}\n"
        config.write_text(lines, encoding="utf-8")
        good += [lines] if plain_names(config) else []
    assert len(good) > 300
    config.write_text("".join(good), encoding="utf-8")
    person, _ = both_ways(harmless, "site", "show", "--site", str(config))
    assert person.code == 0
    run(harmless, "site", "init", "made.yaml", "--ssh-config", str(config))


@pytest.mark.parametrize("data", INVALID_UTF8, ids=repr)
def test_files_that_are_no_text(tmp_path: Path, data: bytes) -> None:
    for name in ("site.yaml", "config"):
        file = tmp_path / name
        file.write_bytes(b"version: 1\nhosts: {'" + data + b"': {}}\n")
        with pytest.raises(ConfigError):
            load_site(file)


def test_pastes_one_by_one(harmless: Desk) -> None:
    batch = "".join(json.dumps(text) + "\n" for text in ALL)
    outcome = run(harmless, "kb", "search", "--batch", "-", "--json", stdin=batch.encode())
    answers = [json.loads(line) for line in outcome.out.splitlines()]
    assert len(answers) >= len(ALL)


def test_pastes_together(harmless: Desk) -> None:
    error = "From 10.10.10.1 icmp_seq=1 Destination Port Unreachable"
    paste = "\n".join([error, *writable(SHORT), *(f"{text} {error} {text}" for text in writable(SHORT))])
    both_ways(harmless, "kb", "search", "-", stdin=paste.encode())
    both_ways(harmless, "diagnose", "-", "--site", str(harmless.site), stdin=paste.encode())


def test_bytes_that_are_no_text(harmless: Desk) -> None:
    for data in INVALID_UTF8:
        run(harmless, "kb", "search", "-", stdin=data + b" Destination Port Unreachable")


def test_a_banner_of_words_on_the_command_line(harmless: Desk) -> None:
    for words in zip(*[iter(text for text in writable(SHORT) if text and "\0" not in text)] * 90, strict=False):
        run(harmless, "kb", "search", "--", " ".join(words))


def test_journals_that_hold_hostile_answers(harmless: Desk) -> None:
    folder = harmless.home / "state" / "sessions"
    with Journal.create(
        folder, {"argv": list(writable(SHORT)[:50]), "site": "\x1b]52;c;x\x07", "drill": False}
    ) as journal:
        for kind, data in hostile_entries(tuple(writable(SHORT))):
            journal.append(kind, data)
    both_ways(harmless, "sessions")
    both_ways(harmless, "export", "latest")
    both_ways(harmless, "export", "latest", "--format", "json")
    both_ways(harmless, "resume", "latest", "--site", str(harmless.site))
    both_ways(harmless, "fix", "latest", "--plan", "--site", str(harmless.site))

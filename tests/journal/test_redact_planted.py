"""Planted secrets of many kinds are gone from everything that is written or shown; ordinary output stays."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from base.text import Lang
from journal.export import to_json, to_markdown
from journal.redact import Redactor, redact, redact_text
from journal.store import Journal, open_for_append, read
from tests.journal.planted import ANSWERS, CLOUD_CONFIG, KUBECONFIG, PLANTED, SECRET_LIST, SECRET_YAML

RECORDINGS = Path(__file__).parents[1] / "probes" / "recordings"
CORPUS = Path(__file__).parent / "corpus"


def test_there_are_enough_kinds() -> None:
    assert len(PLANTED) + len(ANSWERS) >= 40
    print(f"{len(PLANTED) + len(ANSWERS)} kinds of secrets")


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_gone(kind: str) -> None:
    text, planted = PLANTED[kind]
    assert planted
    for around in ("{}", "one line\n{}\nlast line: ok", "x: y\n\n{}"):
        shown = redact_text(around.replace("{}", text))
        assert "‹secret:" in shown, kind
        for secret in planted:
            assert secret not in shown, shown
        assert redact_text(shown) == shown


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_answer_of_a_telling_command_is_gone(kind: str) -> None:
    command, answer = ANSWERS[kind]
    shown = redact({"request": {"text": command}, "reply": {"stdout": answer, "status": 0}})
    assert "‹secret:" in shown["reply"]["stdout"]
    for word in answer.split():
        assert word not in shown["reply"]["stdout"]
    assert shown["reply"]["stdout"].endswith("\n") == answer.endswith("\n")


def test_nothing_of_it_is_in_any_file_or_export(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "sessions", {"argv": ["x", "--os-password", "planted"]}) as journal:
        journal.append("search", {"text": "\n".join(text for text, _ in PLANTED.values()), "symptom": "s"})
        for number, (text, _) in enumerate(PLANTED.values()):
            request = {"target": "host:a", "text": text.partition("\n")[0], "sudo": False}
            reply = {"status": 0, "stdout": text + "\n" + "filler\n" * 12_000 * (number % 9 == 0), "stderr": text}
            journal.append("exchange", {"request": request, "reply": reply})
            commands = [{"target": "host:a", "text": text.partition("\n")[0]}]
            journal.append("evidence", {"id": f"e{number}", "facts": {"raw": text}, "commands": commands})
            journal.append("step", {"key": f"s{number}", "reason": text, "evidence": f"e{number}"})
            journal.append("intent", {"action": number, "run": text, "undo": text}, sync=True)
            journal.append("outcome", {"action": number, "output": text, "state": "done"}, sync=True)
    recording = read(journal.path)
    shown = "".join(
        [
            *(entry.data["reply"]["stdout"] for entry in recording.entries if entry.kind == "exchange"),
            *(path.read_bytes().decode("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()),
            to_markdown(recording, Lang.EN),
            json.dumps(to_json(recording), ensure_ascii=False),
        ]
    )
    left = {secret for _, planted in PLANTED.values() for secret in planted if len(secret) > 7 and secret in shown}
    assert left == set()


def test_equal_secrets_stay_equal_over_the_whole_session(tmp_path: Path) -> None:
    with Journal.create(tmp_path, {}) as journal:
        journal.append("note", {"text": "password=planted-one"})
    with open_for_append(journal.path) as again:
        again.append("note", {"text": "OS_PASSWORD: planted-one"})
        again.append("note", {"password": "planted-one"})
        again.append("note", {"text": "password=planted-two"})
    data = [entry.data for entry in read(journal.path).entries]
    one = data[0]["text"].partition("=")[2]
    assert data[1]["text"] == f"OS_PASSWORD: {one}"
    assert data[2]["password"] == one
    assert data[3]["text"] not in (data[0]["text"], "password=planted-two")
    assert (tmp_path / "redaction.key").stat().st_mode & 0o777 == 0o600
    other = Redactor(b"another key of another machine......").text("password=planted-one")
    assert other != data[0]["text"]


def test_structures_still_parse() -> None:
    shown = yaml.safe_load(redact_text(SECRET_YAML))
    assert shown["data"]["anything"].startswith("‹secret:")
    assert shown["metadata"]["name"] == "harbor"
    listed = json.loads(redact_text(json.dumps(SECRET_LIST)))
    assert listed["items"][0]["data"] == {"mtu": "1450"}
    assert yaml.safe_load(redact_text(KUBECONFIG))["users"][0]["name"] == "admin"
    assert yaml.safe_load(redact_text(CLOUD_CONFIG))["users"][0]["name"] == "ops"


# ------------------------------------------------------------------ what must stay

OUTPUTS = sorted(RECORDINGS.iterdir()) + sorted(CORPUS.iterdir())


@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.name)
def test_ordinary_output_stays(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    shown = redact_text(text)
    changed = [pair for pair in zip(text.split("\n"), shown.split("\n"), strict=True) if pair[0] != pair[1]]
    assert changed == []


def test_ordinary_output_needs_no_detector() -> None:
    ordinary = [path for path in OUTPUTS if "AKIA" not in path.read_text(encoding="utf-8")]
    assert len(ordinary) >= len(OUTPUTS) - 1
    program = (
        "import sys; from pathlib import Path; from journal.redact import redact_text\n"
        "for name in sys.argv[1:]: redact_text(Path(name).read_text())\n"
        "assert not [name for name in sys.modules if name.startswith(('detect_secrets', 'requests'))]"
    )
    subprocess.run([sys.executable, "-c", program, *map(str, ordinary)], check=True)


def test_a_megabyte_takes_no_time_to_speak_of() -> None:
    rules = "".join(
        f'-A KUBE-SEP-{number:016X} -s 10.244.{number % 256}.7/32 -m comment --comment "ns/token-svc:auth" -j X\n'
        for number in range(11_000)
    )
    urls = ["://a:" + "@b" * 4 + " ", "://:@", "://a:b,@c", "://" + "a1" * 200]
    named = ["password: |\n  ", "password:\n  a\n", " password: x", '"password": "\\', "db_pass=a;", "| token | a "]
    hostile = [*(part * (200_000 // len(part)) for part in (*urls, *named))]
    hostile += [
        "password=" * 110_000,
        "://:" * 250_000,
        '"auth": "' * 110_000,
        "a@b:c," * 170_000,
        "eyJ." * 250_000,
    ]
    for text in (
        rules,
        "x" * 1_000_000,
        "-----BEGIN PRIVATE KEY-----" * 37_000,
        "kind: Secret\n- " * 60_000,
        *hostile,
    ):
        begun = time.process_time()
        redact_text(text)
        assert time.process_time() - begun < 3, text[:20]

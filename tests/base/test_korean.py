"""Nothing an operator can meet is left in English."""

from __future__ import annotations

import re
import time

import pytest

from base.korean import Template, in_korean, pairs, spoken
from base.text import Lang
from tests.base.sentences import HOLE, Sentence, sentences

_HOLE = re.compile(r"\{(\w+)\}")
_HANGUL = re.compile(r"[가-힣]")


def _filled(sentence: Sentence) -> tuple[str, list[str]]:
    """With a value nobody would translate in every hole."""
    values = [f"val{number}" for number in range(sentence.shape.count(HOLE))]
    text = sentence.shape
    for value in values:
        text = text.replace(HOLE, value, 1)
    return text, values


def test_the_rooms_are_read() -> None:
    said = {sentence.shape for sentence in sentences()}
    assert len(said) > 180
    assert "{}: no such file" in said  # raised
    assert "{} on {}: no answer in {} s" in said  # a Failure
    assert "find another way in before you try this again" in said  # shown by a repair
    assert "skipped by the operator" in said  # a constant
    assert "load the key into the agent: `ssh-add`" in said  # of a table
    assert "{} is not an IP address" in said  # of a table, in a sentence
    assert "{} is locked by {}, for {} s" in said  # through a helper


@pytest.mark.parametrize("sentence", sentences(), ids=lambda one: f"{one.place} {one.shape}"[:90])
def test_every_sentence_has_korean(sentence: Sentence) -> None:
    text, values = _filled(sentence)
    korean = in_korean(text)
    assert _HANGUL.search(korean), f"{sentence.place}: {sentence.shape!r} has no Korean in base/korean/"
    assert all(value in korean for value in values), korean


@pytest.mark.parametrize(("english", "korean"), [*pairs()], ids=lambda text: text[:60])
def test_both_have_the_same_holes(english: str, korean: str) -> None:
    holes = _HOLE.findall(english)
    assert len(holes) == len(set(holes))
    assert set(_HOLE.findall(korean)) <= set(holes)
    assert _HANGUL.search(korean)


def test_no_english_is_there_twice() -> None:
    shapes = [_HOLE.sub(HOLE, english) for english, _ in pairs()]
    assert sorted(shapes) == sorted(set(shapes))


def test_messages_inside_messages() -> None:
    said = "vm1: through gate: no answer from 10.0.0.1 port 22 within 3 s"
    assert in_korean(said) == "vm1: gate 경유: 10.0.0.1 포트 22 에서 3초 안에 응답이 없다"
    assert in_korean("web1: Connection refused") == "web1: 연결이 거부되었다 (Connection refused)"
    assert in_korean("/a.yaml: cannot be read: Permission denied").startswith("/a.yaml: 읽을 수 없다: 권한이 없다")


def test_the_one_that_says_most_is_meant() -> None:
    assert in_korean("no answer from fe80::1 port 22 within 3 s") == "fe80::1 포트 22 에서 3초 안에 응답이 없다"
    assert in_korean("/x is empty") == "/x 은(는) 비어 있다"
    assert in_korean("nothing to do: addresses is empty") == "할 일이 없다: addresses 이(가) 비어 있다"


def test_output_of_machines_is_not_translated() -> None:
    said = in_korean("host:a: `cat /x` said 1: cat: /x: Permission denied")
    assert said == "host:a: `cat /x` 종료 코드 1: cat: /x: Permission denied"


def test_several_problems_in_one_message() -> None:
    said = in_korean("/s.yaml:2:1: `version` is missing\n/s.yaml:3:1: 'x' is no risk\n  hint: one of: a, b")
    assert (
        said
        == "/s.yaml:2:1: `version` 이 없다\n/s.yaml:3:1: 'x' 은(는) 위험 등급이 아니다\n  힌트: 다음 중 하나: a, b"
    )


@pytest.mark.parametrize(
    "text", ["", "x", "한국어 문장이다", "nobody wrote this", ": : : ", "a" * 10**6, "{host}: {0} %s"]
)
def test_what_nobody_translated_stays(text: str) -> None:
    assert in_korean(text) == text


def test_english_stays_english() -> None:
    assert spoken("there is nothing to undo", Lang.EN) == "there is nothing to undo"
    assert spoken("there is nothing to undo", Lang.KO) == "되돌릴 것이 없다"


def test_holes_are_values_not_templates() -> None:
    assert in_korean("there is no session '{session}'") == "'{session}' 라는 세션은 없다"
    assert Template.of("a {x} b {y}", "").values("a 1 b 2 b 3") == {"x": "1", "y": "2 b 3"}


def test_it_is_quick() -> None:
    """Also for what a hostile machine says: no sentence takes long."""
    texts = [_filled(sentence)[0] for sentence in sentences()] + ["a: " * 1300, "port " * 700, "`" * 3900]
    begun = time.perf_counter()
    for text in texts:
        in_korean.__wrapped__(text)
    assert time.perf_counter() - begun < 0.001 * len(texts)

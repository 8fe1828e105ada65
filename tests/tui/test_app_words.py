"""Both languages say everything, with the same things filled in."""

import re
from collections.abc import Iterator, Mapping

import pytest

from base.text import Lang
from diagnosis.views import Confidence
from knowledge.model import Risk, Verdict
from tui.words import Words, lang_of
from tui.words.en import EN
from tui.words.ko import KO

PLACEHOLDER = re.compile(r"\{\w+\}")
HANGUL = re.compile("[가-힣]")


def texts(words: Words) -> Iterator[tuple[str, str]]:
    for name, value in words._asdict().items():
        if isinstance(value, Lang):
            continue
        parts = (
            value.items() if isinstance(value, Mapping) else enumerate([value] if isinstance(value, str) else value)
        )
        yield from ((f"{name}[{key}]", text) for key, text in parts)


def test_languages_have_the_same_texts_and_placeholders() -> None:
    english, korean = dict(texts(EN)), dict(texts(KO))
    assert english.keys() == korean.keys()
    for name, text in english.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(korean[name])), name


def test_nothing_is_left_in_the_other_language() -> None:
    assert not [name for name, text in texts(EN) if HANGUL.search(text)]
    untranslated = [name for name, text in texts(KO) if not HANGUL.search(text)]
    assert untranslated == []


def test_every_state_has_words() -> None:
    assert set(EN.risk) == {str(risk) for risk in Risk}
    assert set(EN.verdict) == {str(verdict) for verdict in Verdict}
    assert set(EN.confidence) == {str(confidence) for confidence in Confidence}


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, Lang.EN),
        ({"LANG": "ko_KR.UTF-8"}, Lang.KO),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, Lang.EN),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR"}, Lang.KO),
        ({"LANG": "ko_KR.UTF-8", "DEADHOP_LANG": "en"}, Lang.EN),
        ({"LANG": "C", "DEADHOP_LANG": "KO"}, Lang.KO),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, Lang.KO),
    ],
)
def test_language_of_the_environment(environment: dict[str, str], lang: Lang) -> None:
    assert lang_of(environment) is lang

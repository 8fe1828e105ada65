"""The one place where outside text becomes text for a screen."""

from __future__ import annotations

import json
import sys
import time

import pytest

from base.text import inert
from deadhop.output import to_json
from tests.hostile.strings import ALL, HOSTILE, acting


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 500
    assert all(HOSTILE.values())


@pytest.mark.parametrize("category", HOSTILE)
def test_nothing_acts_any_more(category: str) -> None:
    for text in HOSTILE[category]:
        shown = inert(text)
        assert not acting(shown, "\n\t"), ascii(text[:80])
        assert inert(shown) == shown
        shown.encode()


def test_every_character_there_is() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert not acting(inert(everything), "\n\t")


def test_usual_text_is_left_as_it_is() -> None:
    for text in (
        "ping 10.0.0.1\n\t✓ ok",
        "응답이 없다",
        "naïve café",
        "日本語 ｶﾅ",
        "Ελληνικά",
        "עברית",
        "العربية",
        "ไทย้ำ",
        "😀",
    ):
        assert inert(text) == text


def test_what_is_shown_tells_what_was_there() -> None:
    assert inert("a\x1b]52;c;x\x07b\x00") == "a␛]52;c;x␇b␀"
    assert inert("user\u202egpj") == "user<U+202E>gpj"
    assert inert("\udc80\U000e0041") == "<U+DC80><U+E0041>"
    assert inert("a" + "\u0301" * 5) == "a\u0301\u0301\u0301<U+0301><U+0301>"


@pytest.mark.parametrize("category", HOSTILE)
def test_json_carries_it_unharmed_and_acts_on_no_terminal(category: str) -> None:
    for text in HOSTILE[category]:
        written = to_json({"text": text, text: [text]})
        assert not acting(written), ascii(text[:80])
        assert json.loads(written) == {"text": text, text: [text]}


def test_it_is_quick_on_whatever_it_gets() -> None:
    begun = time.perf_counter()
    for text in ("\x1b" * 10**6, "a\u0301" * 500_000, "\u0301" * 10**6, "x" * 10**6):
        inert(text)
    assert time.perf_counter() - begun < 10

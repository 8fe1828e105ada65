"""A value in a question to an API stays one segment or one value, whatever it holds."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from yarl import URL

from base.errors import UsageError
from probes.api import ApiRequest
from tests.hostile.strings import ALL


def test_hostile_segments_are_refused_or_one_segment() -> None:
    refused = 0
    for text in ALL:
        try:
            path = ApiRequest(("api", "v1", text, "pods")).path
        except UsageError:
            refused += 1
            continue
        parts = urlsplit(f"https://host{path}")
        assert (parts.netloc, parts.query, parts.fragment) == ("host", "", "")
        assert [unquote(part) for part in parts.path.split("/")] == ["", "api", "v1", text, "pods"]
        assert URL(f"https://host{path}", encoded=True).raw_path == path
    assert 0 < refused < len(ALL) / 2


def test_hostile_values_of_a_query_are_one_value() -> None:
    for text in ALL:
        text = text.encode("utf-8", "replace").decode()
        words = ApiRequest(("api",), (("fieldSelector", text), ("limit", "1"))).text.removeprefix("GET ")
        parts = urlsplit(f"https://host{words}")
        assert (parts.netloc, parts.path, parts.fragment) == ("host", "/api", "")
        assert parse_qsl(parts.query, keep_blank_values=True) == [("fieldSelector", text), ("limit", "1")]


@pytest.mark.parametrize("segment", ["", ".", "..", "a\nb", "\x00", "a\x7f", "\u202e"])
def test_segments_that_lead_elsewhere(segment: str) -> None:
    with pytest.raises(UsageError):
        ApiRequest(("api", segment))

"""`fixes:` of site.yaml: what it means, and what is said of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.site import FixPolicy, Site, Window
from probes.site_file import SiteInvalid, parse_site

HEAD = "version: 1\nhosts: {web: {}, db: {read_only: true}, lab-1: }\n"


def parsed(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("HOME", str(tmp_path))
    return parse_site(HEAD + text, tmp_path / "site.yaml")


def test_without_it_only_what_is_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("", "fixes:\n", "fixes: {}\n"):
        assert parsed(tmp_path, text, monkeypatch).fixes == FixPolicy(read_only_hosts=("db",))


def test_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
fixes:
  read_only: ["*", "!lab-*", operator]
  window: {days: [fri-mon, wed], from: 22:00, to: "6:30", timezone: Asia/Seoul}
  max_risk: disruptive
  second_person: true
"""
    window = Window((0, 2, 4, 5, 6), 22 * 60, 6 * 60 + 30, "Asia/Seoul")
    expected = FixPolicy(("*", "!lab-*", "operator"), ("db",), window, "disruptive", True)
    assert parsed(tmp_path, text, monkeypatch).fixes == expected


def test_only_negated_patterns_protect_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsed(tmp_path, "fixes: {read_only: ['!web']}\n", monkeypatch).fixes.read_only == ("*", "!web")


def test_every_day_when_no_day_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "fixes: {window: {from: '00:00', to: '24:00', timezone: UTC}}\n"
    assert parsed(tmp_path, text, monkeypatch).fixes.window == Window(tuple(range(7)), 0, 1440, "UTC")


WINDOW = "fixes: {window: {from: '22:00', to: '06:00', timezone: UTC%s}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fixes: []\n", (3, 8, "fixes is not a mapping")),
        ("fixes: {readonly: [web]}\n", (3, 9, "fixes has no key `readonly`")),
        ("fixes: {read_only: web}\n", (3, 20, "read_only is not a list")),
        ("fixes: {read_only: [wbe]}\n", (3, 21, "`wbe` matches nothing of the site")),
        ("fixes: {max_risk: high}\n", (3, 19, "`high` is no risk")),
        ("fixes: {max_risk: [reversible]}\n", (3, 19, "max_risk is no word")),
        ("fixes: {second_person: kim}\n", (3, 24, "second_person is neither `true` nor `false`")),
        ("fixes: {second_person: yes}\n", (3, 24, "second_person is neither `true` nor `false`")),
        ("fixes: {window: [22, 6]}\n", (3, 17, "window is not a mapping")),
        ("fixes: {window: {to: '06:00', timezone: UTC}}\n", (3, 17, "window has no `from`")),
        ("fixes: {window: {from: '22:00', to: '06:00'}}\n", (3, 17, "window has no `timezone`")),
        (WINDOW.replace("22:00", "25:00") % "", (3, 24, "from: `25:00` is no time of day")),
        (WINDOW.replace("22:00", "24:00") % "", (3, 24, "from: `24:00` is no time of day")),
        (WINDOW.replace("06:00", "6") % "", (3, 37, "to: `6` is no time of day")),
        (WINDOW.replace("06:00", "22:00") % "", (3, 37, "the window opens and closes at the same time")),
        (WINDOW.replace("UTC", "Asia/Soul") % "", (3, 56, "`Asia/Soul` is no time zone")),
        (WINDOW.replace("UTC", "../../etc/passwd") % "", (3, 56, "`../../etc/passwd` is no time zone")),
        (WINDOW.replace("UTC", "[UTC]") % "", (3, 56, "`` is no time zone")),
        (WINDOW % ", days: [funday]", (3, 68, "`funday` is no day")),
        (WINDOW % ", days: [mon-xyz]", (3, 68, "`mon-xyz` is no day")),
        (WINDOW % ", days: mon", (3, 67, "days is not a list")),
        ("hosts2: {}\n", (3, 1, "the site file has no key `hosts2`")),
    ],
)
def test_mistakes(
    tmp_path: Path, text: str, expected: tuple[int, int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SiteInvalid) as caught:
        parsed(tmp_path, text, monkeypatch)
    found = [(p.place.line, p.place.column, p.message) for p in caught.value.problems]
    assert expected in found
    assert all(problem.hint for problem in caught.value.problems)


def test_a_host_is_marked_with_true_or_false(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SiteInvalid, match="read_only is neither"):
        parse_site("version: 1\nhosts: {web: {read_only: maybe}}\n", tmp_path / "site.yaml")

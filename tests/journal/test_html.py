"""The page: complete in itself, inert whatever it holds, valid, readable on a phone."""

import base64
import json
import re
import shutil
import subprocess
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from base.text import Lang
from journal.export import prepared
from journal.html import to_html
from journal.reading import Recording
from journal.store import Journal, read
from tests.journal.test_export import HOSTILE, story

VOID = {"meta", "br", "hr", "img", "input", "link", "rect", "line"}
LOADING = {
    "script",
    "link",
    "img",
    "iframe",
    "object",
    "embed",
    "base",
    "form",
    "input",
    "button",
    "a",
    "audio",
    "video",
}


class Page(HTMLParser):
    """What a browser would make of it: every element, opened and closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def drill() -> Recording:
    with as_file(files("drills") / "libvirt-reject.jsonl") as path:
        return read(path)


def shape(page: Page) -> list[tuple[str, list[str]]]:
    return [(tag, sorted(attributes)) for tag, attributes in page.elements]


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("outside", HOSTILE)
def test_text_from_outside_changes_nothing_of_the_page(tmp_path: Path, outside: str, lang: Lang) -> None:
    text = to_html(story(tmp_path, outside), lang)
    page = Page(text)
    assert page.open == []
    assert shape(page) == shape(Page(to_html(story(tmp_path, "plain"), lang)))
    for forbidden in "\x1b\x07\u202e\u2028":
        assert forbidden not in text


@pytest.mark.parametrize("lang", Lang)
def test_it_loads_and_runs_nothing(lang: Lang) -> None:
    text = to_html(drill(), lang)
    page = Page(text)
    assert not {tag for tag, _ in page.elements} & LOADING
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "href")], tag
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text.replace(page.words, ""))
    assert ("viewport", "width=device-width, initial-scale=1") in [
        (a.get("name"), a.get("content")) for _, a in page.elements
    ]


def test_it_tells_what_was_seen_decided_by_whom_done_ruled_out_and_not_known() -> None:
    words = Page(to_html(drill(), Lang.EN)).words
    for part in (
        "libvirt's NAT network rejects new inbound flows",
        "Who refuses the ping?",
        "confirmed by recording",
        "iptables -I LIBVIRT_FWI 1 -s 10.10.10.0/24",
        "Ruled out",
        "Verified: the fault is gone",
        "$ ping -n -c 5",
        "5 packets transmitted, 0 received",
        "Timeline",
    ):
        assert part in words, part
    korean = Page(to_html(drill(), Lang.KO)).words
    assert "시간 순서" in korean
    assert "검증됨" in korean


def route_walk(reason: str = "forwarding-off") -> dict[str, object]:
    hop = {"in_interface": "", "out_interface": "enp1s0", "gateway": "10.10.10.1", "blocked_by": ""}
    return {
        "source": "master",
        "target": "192.168.100.101",
        "hops": [
            {**hop, "host": "master"},
            {**hop, "host": "<b>router</b>", "in_interface": "enp7s0", "blocked_by": reason},
        ],
        "arrived": False,
        "unseen": "compute",
        "left_site_at": "",
    }


def walked(tmp_path: Path) -> Recording:
    with Journal.create(tmp_path, {}) as journal:
        evidence = {"id": "e1", "probe": "path.route_walk", "target": "host:master", "failure": None}
        journal.append("evidence", {**evidence, "facts": route_walk(), "commands": []})
    return read(journal.path)


def test_the_way_is_a_picture(tmp_path: Path) -> None:
    page = Page(to_html(walked(tmp_path), Lang.EN))
    assert [tag for tag, _ in page.elements if tag in ("svg", "rect")] == ["svg", "rect", "rect", "rect"]
    assert [a.get("class") for tag, a in page.elements if tag == "g"] == ["passes", "dies", "unseen"]
    assert "✗ <b>router</b>" in page.words
    assert "dies here: forwarding-off" in page.words
    assert "svg" not in [tag for tag, _ in Page(to_html(drill(), Lang.EN)).elements]


def test_a_journal_of_nonsense_breaks_nothing(tmp_path: Path) -> None:
    for odd in (None, 7, "x", [1], {"a": None}):
        with Journal.create(tmp_path, {"created": odd, "site": odd}) as journal:
            for kind in (
                "search",
                "inputs",
                "step",
                "evidence",
                "diagnosis",
                "intent",
                "outcome",
                "verify",
                "note",
            ):
                keys = ("text", "title", "inputs", "facts", "failure", "commands", "causes", "unknown", "ruled_out")
                journal.append(kind, dict.fromkeys((*keys, "probe", "state", "output", "run", "verdict"), odd))
        assert Page(to_html(prepared(read(journal.path)), Lang.EN)).open == []


def test_an_anonymised_page_says_so() -> None:
    words = Page(to_html(prepared(drill(), anonymise=True), Lang.EN, anonymised=True)).words
    assert "Addresses and names were replaced" in words
    assert "openstack-host" not in words


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs a browser")
def test_a_browser_shows_it(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(to_html(walked(tmp_path / "sessions"), Lang.KO), encoding="utf-8")
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", profile, "--enable-logging=stderr"]
    done = subprocess.run([*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=60)
    assert "Refused to" not in done.stderr
    assert "<rect" in done.stdout
    assert json.dumps(done.stdout).count("forwarding-off") >= 1

"""The page on paper and on a phone: by its style sheet anywhere, and as a browser lays it out where one is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from base.text import Lang
from journal.html import to_html
from journal.store import Journal, read
from tests.journal.test_html import drill, route_walk

BROWSER = shutil.which("chromium")
READER = shutil.which("pdftotext")
DARK = "--blink-settings=preferredColorScheme=0"
LONG = "iptables -I FORWARD 1 " + " ".join(f"-s 10.0.{n}.0/24" for n in range(60)) + " --comment " + "x" * 300

Rules = dict[str, dict[str, str]]


def style() -> str:
    found = re.search(r"<style>(.*?)</style>", to_html(drill(), Lang.EN), re.DOTALL)
    assert found
    return found[1]


def block(sheet: str, head: str) -> str:
    """What stands between the braces of an at-rule."""
    start = sheet.index(head) + len(head)
    start = sheet.index("{", start) + 1
    depth, at = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(sheet[at], 0)
        at += 1
    return sheet[start : at - 1]


def rules(text: str) -> Rules:
    """Selector → its properties, later ones winning."""
    found: Rules = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
        properties = dict(re.findall(r"([\w-]+)\s*:\s*([^;]+)", body))
        for selector in selectors.split(","):
            found.setdefault(" ".join(selector.split()), {}).update(properties)
    return found


def test_paper_is_white_whatever_the_screen_was() -> None:
    """The rules for paper come last, for those for a dark screen hold there too."""
    sheet = style()
    assert sheet.index("@media print") > sheet.index("prefers-color-scheme: dark")
    root, dark = rules(block(sheet, "@media print"))[":root"], rules(block(sheet, "@media (prefers"))[":root"]
    assert root["color-scheme"] == "light"
    assert root["--paper"] == root["--soft"] == "#fff"
    assert root["--ink"] == "#000"
    assert set(dark) <= set(root), "a colour for dark screens would be printed"
    backgrounds = {body["background"] for body in rules(sheet).values() if "background" in body}
    assert backgrounds <= {"var(--paper)", "var(--soft)"}


def test_nothing_is_cut_on_paper() -> None:
    paper = rules(block(style(), "@media print"))
    assert paper["pre"]["white-space"] == "pre-wrap"
    assert paper["pre"]["overflow-wrap"] == "anywhere"
    assert paper["pre"]["overflow"] == "visible"
    assert "break-inside" not in paper["pre"], "an output is longer than a page"
    assert all(paper[row]["break-inside"] == "avoid" for row in ("svg", "dt", ".timeline li", "ul li"))
    assert re.fullmatch(r"2[0-4]\d mm|2[0-4]\dmm", paper["svg"]["max-height"]), "lower than a page"
    assert all(paper[title]["break-after"] == "avoid" for title in ("h1", "h2", "h3", "dt", "summary"))
    assert not any(body.get("display") == "none" for body in paper.values())


def test_a_phone_gets_one_column() -> None:
    narrow = rules(block(style(), "@media (max-width: 30rem)"))
    assert narrow["dl"]["grid-template-columns"] == "1fr"
    assert rules(style())["body"]["overflow-wrap"] == "anywhere"


# ------------------------------------------------------------------ in a browser


def chromium(folder: Path, *words: str) -> str:
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def page(folder: Path) -> Path:
    """A long way, a long command and a long output."""
    with Journal.create(folder / "sessions", {"site": "site.yaml"}) as journal:
        walk = route_walk()
        hops = walk["hops"]
        assert isinstance(hops, list)
        walk["hops"] = [{**hops[0], "host": f"router-{n}"} for n in range(20)] + hops[1:]
        evidence = {"id": "e1", "probe": "path.route_walk", "target": "host:master", "failure": None}
        journal.append("evidence", {**evidence, "facts": walk, "commands": []})
        intent = {"action": 0, "cause": "c", "fix": "f", "on": "master", "run": LONG, "confirmed_by": "dana"}
        journal.append("intent", intent)
        said = "\n".join(f"line {n} {'y' * 200}." for n in range(80))
        journal.append("outcome", {"action": 0, "state": "done", "output": said})
    target = folder / "page.html"
    target.write_text(to_html(read(journal.path), Lang.EN), encoding="utf-8")
    return target


@pytest.mark.skipif(not (BROWSER and READER), reason="needs a browser and a reader of PDF")
def test_printed_from_a_dark_screen(tmp_path: Path) -> None:
    pdf = tmp_path / "page.pdf"
    chromium(tmp_path, DARK, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", page(tmp_path).as_uri())
    words = subprocess.run([str(READER), str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    squeezed = "".join(words.split())
    assert "".join(LONG.split()) in squeezed, "the command stands whole on paper"
    assert all(f"line{n}{'y' * 200}." in squeezed for n in range(80))
    (way,) = [sheet for sheet in words.split("\f") if "The way of the packet" in sheet]
    assert "router-19" in way, "the picture is on one page"
    picture = tmp_path / "first"
    subprocess.run(["pdftoppm", "-r", "20", "-singlefile", str(pdf), str(picture)], check=True)
    pixels = picture.with_suffix(".ppm").read_bytes()[-3000:]
    assert set(pixels) == {255}, "the paper is white"


@pytest.mark.skipif(not BROWSER, reason="needs a browser")
def test_nothing_is_wider_than_a_phone(tmp_path: Path) -> None:
    """360 px: a frame of that width, for a window of the browser cannot be so narrow."""
    page(tmp_path)
    outer = tmp_path / "outer.html"
    outer.write_text(
        '<iframe id="phone" src="page.html" style="width:360px;height:800px;border:0"></iframe>'
        '<p id="widths"></p><script>onload = () => { const root = '
        'document.getElementById("phone").contentDocument.documentElement; '
        'document.getElementById("widths").textContent = root.scrollWidth + " of " + root.clientWidth; }</script>'
    )
    shown = chromium(tmp_path, "--allow-file-access-from-files", "--dump-dom", outer.as_uri())
    found = re.search(r"(\d+) of (\d+)", shown)
    assert found, shown
    assert 0 < int(found[1]) <= int(found[2]) <= 360

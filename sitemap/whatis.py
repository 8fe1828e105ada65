"""What an address or a name is: `10.244.1.7 = pod default/web-0 on worker-1 = server k8s-w1, port 3e6cb21a…`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from base.text import Text, without_ansi
from sitemap.lexicon import Lexicon, Thing
from sitemap.model import State, Strip, Way
from sitemap.sentences import short

MOST = 8
"""Things said of one text."""
_LONGEST = 65_536
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*[A-Za-z0-9]")
_ADDRESS = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])")
_AFTER_HOST = re.compile(r"[:/]")
_TELLING = re.compile(r"[0-9:./-]")
"""A name without any may be a word of a sentence."""
_CARD = re.compile(r"(?:tap|qvo|qvb|qbr|vhu)[0-9a-f]{8}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Known:
    text: str
    """As it stands in the paste."""
    means: Text
    sources: tuple[str, ...]

    @property
    def line(self) -> Text:
        return Text(f"{self.text} = {self.means.en}", f"{self.text} = {self.means.ko}")


def known_in(text: str, lexicon: Lexicon, most: int = MOST) -> tuple[Known, ...]:
    """What stands in a text and is known, in its order; each once."""
    found: list[Known] = []
    for token in dict.fromkeys(_tokens(without_ansi(text[:_LONGEST]))):
        found += filter(_says_more, what_is(token, lexicon))
        if len(found) >= most:
            break
    return tuple(found[:most])


def _says_more(known: Known) -> bool:
    """Than `test-vm = server test-vm`."""
    return known.means.en.partition(" ")[2] != known.text


def _tokens(text: str) -> Iterator[str]:
    """Words and what they hold: the address of `10.0.0.5:22`, `10.0.0.0/24`, `http://10.96.7.7:80/x` and tcpdump's
    `10.244.1.7.54321`, the pod of `web-0_default`."""
    for match in _TOKEN.finditer(text):
        if _TELLING.search(match[0]):
            yield from _spellings(match[0])


def _spellings(token: str) -> Iterator[str]:
    yield token
    _, behind, host = token.partition("://")
    token = host or token
    if behind:
        yield _AFTER_HOST.split(token, maxsplit=1)[0]
    elif "." in token and ":" in token:
        yield token.partition(":")[0]
    for mark in "/_":
        if mark in token:
            yield token.partition(mark)[0]
    yield from _ADDRESS.findall(token)
    if "." in token and token.count(":") > 1:  # tcpdump's port behind an IPv6 address
        yield token.rpartition(".")[0]


def what_is(token: str, lexicon: Lexicon) -> tuple[Known, ...]:
    """More than one where several have it."""
    key = token[3:] if _CARD.fullmatch(token) else token
    return tuple(Known(token, _said(thing), _sources(thing)) for thing in lexicon.find(key))


def _sources(thing: Thing) -> tuple[str, ...]:
    strip = thing.strip
    cells = (strip.node, strip.server) if strip else ()
    seen = [cell.source.target for cell in cells if cell.source and cell.state is State.SEEN]
    return tuple(dict.fromkeys((thing.source, *seen)))


def _said(thing: Thing) -> Text:
    strip = thing.strip
    if strip is None:
        return thing.what
    head = _head(thing, strip)
    server, down = _server(strip), _down(strip, thing.port)
    en = [head.en, f"server {server}" if server else ""]
    ko = [head.ko, f"서버 {server}" if server else ""]
    return Text(" = ".join(filter(None, en)) + down.en, " = ".join(filter(None, ko)) + down.ko)


def _head(thing: Thing, strip: Strip) -> Text:
    if thing.on_node is None or not strip.is_node:
        return thing.what
    node = strip.node.name
    return Text(thing.on_node.en.replace("{node}", node), thing.on_node.ko.replace("{node}", node))


def _server(strip: Strip) -> str:
    return strip.server.name or strip.server.id


def _down(strip: Strip, port: str) -> Text:
    """`, port 3e6cb21a… on compute`: of the port that is meant, else of the only one."""
    ways = [way for way in strip.ways if way.port.id and port in ("", way.port.id)]
    if len(ways) != 1:
        return Text("", "")
    return _of_way(ways[0])


def _of_way(way: Way) -> Text:
    port, host = short(way.port.id), way.host.name
    if not host:
        return Text(f", port {port}", f", 포트 {port}")
    return Text(f", port {port} on {host}", f", 포트 {port} ({host})")

"""frr.config: what runs beside the file it starts from."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from probes.frr.ask import CONFIG_COMMANDS, running_lines, saved_lines
from probes.frr.facts import BgpConfig
from probes.linux.fields import reading
from probes.probe import Toolbox, probe
from probes.site import target_of

Line = tuple[str, ...]
"""The headings it stands under, and itself."""
_UNICAST = "address-family ipv4 unicast"
_OF_THE_SESSION = ("remote-as", "interface", "shutdown", "peer-group")
"""Of a neighbour's lines those that stay above the address families; FRR files all others below them."""
_END = ("exit", "exit-address-family", "end")
_NETWORK = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}/\d{1,2}|[0-9a-fA-F:]+/\d{1,3}")


@probe("frr.config", commands=CONFIG_COMMANDS, timeout=15.0)
async def config(host: str, toolbox: Toolbox) -> BgpConfig:
    """Which lines that decide on sessions and routes bgpd's file has and bgpd itself does not, and the reverse."""
    connection = toolbox.connection(target_of(host))
    running, (file, saved) = await asyncio.gather(running_lines(connection), saved_lines(connection))
    return compared(host, file, parse_lines(running), parse_lines(saved))


@reading("show running-config")
def parse_lines(text: str) -> tuple[Line, ...]:
    """Lines below `router bgp`, each as FRR itself would write it."""
    return tuple(dict.fromkeys(_lines(text.splitlines())))


def _lines(lines: Iterable[str]) -> Iterator[Line]:
    heading, family = "", ""
    for words in (line.split() for line in lines):
        text = " ".join(words)
        if text.startswith("router "):
            heading, family = (text if words[1] == "bgp" else ""), ""
            yield from [(text,)] if heading else []
        elif text.startswith("route-map ") or (text == "exit" and not family):
            heading = ""
        elif text in _END:
            family = ""
        elif text.startswith("address-family "):
            family = text if len(words) > 2 else f"{text} unicast"
        elif heading and words and words[0] != "!":
            yield _placed(heading, family, words)


def _placed(heading: str, family: str, words: Sequence[str]) -> Line:
    """What belongs to the session stands above the families; what stands there besides is of IPv4 unicast."""
    text = " ".join(_network(word) for word in words)
    if words[0] in ("bgp", "no") or (words[0] == "neighbor" and words[2] in _OF_THE_SESSION):
        return (heading, text)
    return (heading, family or _UNICAST, text)


def _network(word: str) -> str:
    if not _NETWORK.fullmatch(word):
        return word
    return str(ipaddress.ip_network(word, strict=False))


def compared(host: str, file: str, running: Sequence[Line], saved: Sequence[Line]) -> BgpConfig:
    """Without a file there is nothing to compare with."""
    missing = [line for line in saved if line not in running] if file else []
    unsaved = [line for line in running if line not in saved] if file else []
    apply, take_back = _commands(missing, unsaved, running)
    return BgpConfig(host, file, _shown(missing), _shown(unsaved), apply, take_back)


def _shown(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(" / ".join(line) for line in lines)


def _commands(missing: Sequence[Line], unsaved: Sequence[Line], running: Sequence[Line]) -> tuple[Line, Line]:
    """None where an instance itself is missing: one whose AS is another must be removed first, with all it has; and
    none where a session that is up would end: `shutdown`, another AS."""
    headings = {line[0] for line in running}
    if not missing or any(line[0] not in headings or _ends_a_session(line, unsaved) for line in missing):
        return (), ()
    back = [_instead(line, unsaved) for line in reversed(missing)]
    return _words(missing), _words(back)


def _instead(line: Line, unsaved: Sequence[Line]) -> Line:
    """What stands there now, where a line replaces another; else that there is none."""
    now = next((one for one in unsaved if _replaces(one, line)), None)
    opposite = line[-1].removeprefix("no ") if line[-1].startswith("no ") else f"no {line[-1]}"
    return now or (*line[:-1], opposite)


def _ends_a_session(line: Line, unsaved: Sequence[Line]) -> bool:
    words = line[-1].split()
    return "shutdown" in words[2:] or ("remote-as" in words and any(_replaces(one, line) for one in unsaved))


def _replaces(one: Line, other: Line) -> bool:
    """`neighbor X remote-as`: one value each; `route-map … in` beside `… out` is another."""
    mine, theirs = one[-1].split(), other[-1].split()
    alike = one[:-1] == other[:-1] and mine[0] == "neighbor" and mine[:3] == theirs[:3] and len(mine) == len(theirs)
    return alike and (mine[-1] == theirs[-1] or not {mine[-1], theirs[-1]} & {"in", "out"})


def _words(lines: Sequence[Line]) -> Line:
    words = ["configure terminal"]
    for line in lines:
        words += [*line, *["exit"] * (len(line) - 1)]
    return tuple(word for said in words for word in ("-c", said))

"""Baselines on the disk: journals of their own, found by what the site is and not by where its file lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from base.errors import ConfigError
from base.files import opened
from base.paths import state_dir
from base.text import Text
from diagnosis.sweep.baseline import Baseline, Look
from journal.reading import FORMAT, loaded
from journal.redact import PLACEHOLDER, Redactor
from journal.store import Journal, read

if TYPE_CHECKING:
    from probes.site import Site

MARK = "deadhop_baseline"
_FIRST_LINE = 1 << 20
_HINT = Text("save another one: `deadhop sweep --save-baseline`", "다시 저장한다: `deadhop sweep --save-baseline`")
_DAMAGED = Text(
    "the baseline {} is damaged or was cut short, and is not used",
    "기준선 {} 이(가) 손상되었거나 잘려서 쓰지 않는다",
)
_OTHER = Text("the baseline {} is that of another site ({})", "기준선 {} 은(는) 다른 사이트({})의 것이다")
_NONE = Text("there is no baseline of this site in {}", "{} 에 이 사이트의 기준선이 없다")
Places = Mapping[str, Sequence[str]]
"""`host:NAME`, `cluster:NAME`, `cloud:NAME` → the addresses it is known by, if any."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whether a sweep is held against a baseline, and which."""

    use: bool = False
    file: Path | None = None
    """A baseline, or a folder of them; None for those of the state folder."""
    record: bool = False
    """All that a baseline holds is looked at, to be saved."""


@dataclass(frozen=True, slots=True)
class Known:
    baseline: Baseline | None = None
    refused: Text | None = None
    file: str = ""
    """Of the one that is refused."""


def folder() -> Path:
    return state_dir() / "baselines"


# ------------------------------------------------------------------ writing


def save(where: Path, site: Site, looks: Iterable[Look], causes: Sequence[str], session: str) -> Path:
    """A new baseline in the folder; JournalError when it cannot be kept."""
    header = {MARK: 1, "site": site.source, "session": session, "causes": list(causes), "places": places_of(site)}
    with Journal.create(where, header) as journal:
        for look in looks:
            journal.append("baseline", look_json(look))
        journal.append("end", {}, sync=True)
        return journal.path


def places_of(site: Site) -> dict[str, list[str]]:
    hosts = {f"host:{one.name}": sorted(one.addresses) for one in site.hosts}
    worlds = [*(f"cluster:{one.name}" for one in site.clusters), *(f"cloud:{one.name}" for one in site.clouds)]
    return {**hosts, **{name: [] for name in worlds}}


def look_json(look: Look) -> dict[str, object]:
    return {
        "place": look.place,
        "kinds": sorted(look.kinds),
        "settings": [[kind, name, list(lines)] for (kind, name), lines in look.settings.items()],
        "unread": [[kind, why.en] for kind, why in look.unread.items()],
        "failure": look.failure.en if look.failure else None,
    }


# ------------------------------------------------------------------ reading


def known(site: Site, wish: Wish) -> Known:
    """The newest baseline of this site. One that was named and cannot be used is a ConfigError."""
    where = wish.file or folder()
    try:
        if where.is_dir():
            found = _newest(where, site)
        elif wish.file is None:
            return Known()
        else:
            found = _one(where, site)
    except OSError as error:
        if wish.file is None:
            return Known(refused=_said(_DAMAGED, where), file=str(where))
        raise ConfigError(f"{where} cannot be read: {error.strerror}") from error
    if wish.file is not None and found.baseline is None:
        none = Text(_NONE.en.format(where), _NONE.ko.format(where))
        raise ConfigError(found.refused or none, hint=_HINT)
    return found


def _newest(where: Path, site: Site) -> Known:
    """Their names begin with when they were made. A damaged one is not passed over for an older one: what has
    changed since would be told as if nobody had known."""
    for path in sorted(where.glob("*.jsonl"), reverse=True):
        header = _header(path)
        if header is None:
            return Known(refused=_said(_DAMAGED, path), file=str(path))
        if header and same_site(_places(header), places_of(site)):
            return _read(path)
    return Known()


def _one(path: Path, site: Site) -> Known:
    header = _header(path)
    if not header:
        return Known(refused=_said(_DAMAGED, path), file=str(path))
    if not same_site(_places(header), places_of(site)):
        return Known(refused=_said(_OTHER, path, header.get("site", "")), file=str(path))
    return _read(path)


def _said(text: Text, *values: object) -> Text:
    return Text(text.en.format(*values), text.ko.format(*values))


def _header(path: Path) -> Mapping[str, Any] | None:
    """None where it cannot be read, empty for a journal that is no baseline."""
    with opened(path) as file:
        found = loaded(file.readline(_FIRST_LINE))
    if found is None or FORMAT not in found:
        return None
    return found if MARK in found else {}


def _places(header: Mapping[str, Any]) -> Places:
    found = header.get("places")
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(place): [str(one) for one in some] for place, some in pairs if isinstance(some, list)}


def same_site(then: Places, now: Places) -> bool:
    """At least half of the smaller one is in both, by name and, where both know one, by address: a site grows, and
    its file may lie anywhere."""
    both = [place for place in then if place in now and _may_be_one(then[place], now[place])]
    return bool(both) and 2 * len(both) >= min(len(then), len(now))


def _may_be_one(then: Sequence[str], now: Sequence[str]) -> bool:
    return not then or not now or not set(then).isdisjoint(now)


def _read(path: Path) -> Known:
    """Whole, or not at all: what is missing in a damaged one would look as if it had come since."""
    try:
        recording = read(path, deep=True)
        if recording.damage or not recording.entries or recording.entries[-1].kind != "end":
            return Known(refused=_said(_DAMAGED, path), file=str(path))
        looks = [_look(entry.data) for entry in recording.entries if entry.kind == "baseline"]
    except (ConfigError, KeyError, TypeError, ValueError, AttributeError):
        return Known(refused=_said(_DAMAGED, path), file=str(path))
    header = recording.header
    causes = tuple(str(one) for one in header.get("causes") or ())
    return Known(Baseline(str(header.get("created", "")), str(path), causes, {one.place: one for one in looks}))


def _look(data: Mapping[str, Any]) -> Look:
    settings = {(str(kind), str(name)): tuple(map(_line, lines)) for kind, name, lines in data["settings"]}
    unread = {str(kind): Text(str(why), str(why)) for kind, why in data["unread"]}
    failure = data["failure"]
    why = None if failure is None else Text(str(failure), str(failure))
    return Look(str(data["place"]), settings, frozenset(map(str, data["kinds"])), unread, why)


def as_kept(lines: tuple[str, ...]) -> tuple[str, ...]:
    """As they would be read from a baseline: secrets are blacked out, and one compares like another."""
    return tuple(_line(_BLACKING.text(line)) for line in lines)


_BLACKING = Redactor(b"nobody ever reads these marks: see _line")


def _line(text: object) -> str:
    """Marks differ from folder to folder."""
    return PLACEHOLDER.sub("‹secret›", str(text))

"""How a target (`host:NAME`, `cluster:NAME`, `cloud:NAME`, `console:NAME`, `operator`) is called to an operator."""

from __future__ import annotations

from base.text import Text

_KINDS = {
    "host": Text("{name}", "{name}"),
    "console": Text("console of {name}", "{name} 콘솔"),
    "cluster": Text("cluster {name}", "{name} 클러스터"),
    "cloud": Text("cloud {name}", "{name} 클라우드"),
}


def name_of(target: str) -> str:
    """The name alone; `operator`, and what has no kind, as it is."""
    kind, _, name = target.partition(":")
    return name if kind in _KINDS else target


def called(target: str) -> Text:
    """In words: a host by its name, everything else with its kind."""
    kind, _, name = target.partition(":")
    words = _KINDS.get(kind)
    return Text(words.en.format(name=name), words.ko.format(name=name)) if words else Text(target, target)

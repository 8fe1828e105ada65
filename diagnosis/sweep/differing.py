"""Differences from the baseline in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from base.text import Lang, Text
from diagnosis.sweep.baseline import Comparison, Difference, NotCompared, of_interface
from probes.standing.settings import FOLLOWS
from probes.target import called

MOST_LINES = 4
"""Of one setting; JSON holds all."""
_LABELS = {
    "route": Text("route {}", "라우트 {}"),
    "learned-route": Text("learned route {}", "받아 온 라우트 {}"),
    "policy-rule": Text("ip rule {}", "ip rule {}"),
    "firewall": Text("chain {}", "체인 {}"),
    "link": Text("interface {}", "인터페이스 {}"),
    "address": Text("addresses of {}", "{} 의 주소"),
    "package": Text("package {}", "패키지 {}"),
    "unit": Text("{}", "{}"),
    "bridge": Text("OVS bridge {}", "OVS 브리지 {}"),
    "swap": Text("swap", "스왑"),
    "kernel": Text("kernel", "커널"),
    "node": Text("node {}", "노드 {}"),
    "security-group": Text("security group {}", "보안 그룹 {}"),
}
KINDS = {
    "sysctl": Text("sysctls", "sysctl"),
    "route": Text("routes", "라우트"),
    "learned-route": Text("learned routes", "받아 온 라우트"),
    "policy-rule": Text("ip rules", "ip rule"),
    "firewall": Text("firewall", "방화벽"),
    "link": Text("interfaces", "인터페이스"),
    "address": Text("addresses", "주소"),
    "package": Text("packages", "패키지"),
    "unit": Text("units", "유닛"),
    "bridge": Text("OVS bridges", "OVS 브리지"),
    "swap": Text("swap", "스왑"),
    "kernel": Text("kernel", "커널"),
    "node": Text("nodes", "노드"),
    "security-group": Text("security groups", "보안 그룹"),
}
_NOTHING = Text("none", "없음")
_ORDER = Text("the same in another order", "내용은 같고 순서만 다름")
_MORE = Text("{} more", "외 {}건")
_ON = Text("{name} on {interface}", "{interface} 의 {name}")
_FOLLOWS = Text(FOLLOWS, "net.ipv4.ip_forward 를 따름")
_SINCE = Text("the baseline of {}", "{} 의 기준선")


def since(comparison: Comparison) -> Text:
    """`the baseline of 2026-11-17 14:02`, by the operator's clock. When between then and now nobody saw."""
    at = taken_at(comparison.taken)
    return Text(_SINCE.en.format(at), _SINCE.ko.format(at))


def taken_at(taken: str) -> str:
    try:
        return datetime.fromisoformat(taken).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return taken


def differs(one: Difference) -> Text:
    """`net.ipv4.ip_forward 1 → 0`, without its place."""
    return Text(_differs(one, Lang.EN), _differs(one, Lang.KO))


def thing(one: Difference) -> Text:
    """What it is that differs."""
    return Text(_label(one, Lang.EN), _label(one, Lang.KO))


def placed(one: Difference) -> Text:
    """The same with its place in front."""
    place, text = called(one.place), differs(one)
    return Text(f"{place.en}: {text.en}", f"{place.ko}: {text.ko}")


def _differs(one: Difference, lang: Lang) -> str:
    label, what = _label(one, lang), _change(one, lang)
    plain = one.kind == "sysctl" and not of_interface(one.kind, one.name)
    return f"{label} {what}" if plain else f"{label}: {what}"


def _label(one: Difference, lang: Lang) -> str:
    if own := of_interface(one.kind, one.name):
        return _ON[lang].format(interface=own[0], name=own[1])
    return _LABELS.get(one.kind, _LABELS["unit"])[lang].format(one.name)


def _change(one: Difference, lang: Lang) -> str:
    gone, new = one.gone, one.new
    if not gone and not new:
        return _ORDER[lang]
    if _reads_on(one):
        return f"{_words(gone, lang)} → {_words(new, lang)}"
    lines = [*(f"− {line}" for line in gone), *(f"+ {line}" for line in new)]
    more = [_MORE[lang].format(len(lines) - MOST_LINES)] if len(lines) > MOST_LINES else []
    return "; ".join([*lines[:MOST_LINES], *more])


def _reads_on(one: Difference) -> bool:
    """One line became another one, or the whole thing came or went."""
    pair = len(one.gone) == len(one.new) == 1
    return pair or (len(one.was) <= 1 and len(one.now) <= 1)


def _words(lines: Sequence[str], lang: Lang) -> str:
    line = lines[0] if lines else _NOTHING[lang]
    return _FOLLOWS[lang] if line == FOLLOWS else line


def missing(one: NotCompared, lang: Lang) -> str:
    """Place and kind that were not compared."""
    kind = KINDS.get(one.kind, Text(one.kind, one.kind))[lang] if one.kind else ""
    return f"{called(one.place)[lang]} ({kind})" if kind else called(one.place)[lang]

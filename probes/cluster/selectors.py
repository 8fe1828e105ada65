"""Whom a selector of Calico or Cilium means: yes, no, or None where these words are not read here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from probes.cluster import shapes

_KEY = r"(?P<key>[\w./-]+)"
_VALUE = r"(?:\"(?P<value>[^\"]*)\"|'(?P<other>[^']*)')"
_EQUAL = re.compile(rf"{_KEY}\s*(?P<not>[!=])=\s*{_VALUE}")
_HAS = re.compile(rf"(?P<not>!?)\s*has\(\s*{_KEY}\s*\)")
_IN = re.compile(rf"{_KEY}\s+(?P<not>not\s+)?in\s*\{{(?P<values>[^{{}}]*)\}}")
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_NOT_TERMS = re.compile(r"\|\||(?<!\bhas)(?<!\ball)\(")
_NAMESPACE = ("projectcalico.org/namespace", "io.kubernetes.pod.namespace")
_ELSEWHERE = ("projectcalico.org/", "pcns.", "pcsa.", "io.cilium", "io.kubernetes.")
"""Labels that these programs give by themselves, from namespaces and accounts."""


def by_expression(selector: str, pod: shapes.Meta) -> bool | None:
    """Calico's: `all()`, `app == "web" && !has(x)`. No more than terms that all must hold."""
    if _NOT_TERMS.search(selector):
        return None
    terms = [one.strip() for one in selector.split("&&")] if selector.strip() else []
    return _all([_term(one, pod) for one in terms])


def _term(term: str, pod: shapes.Meta) -> bool | None:
    if term == "all()":
        return True
    if found := _EQUAL.fullmatch(term):
        wanted = found["value"] if found["value"] is not None else found["other"]
        return _turned(_among(found["key"], [wanted], pod), found["not"] == "!")
    if found := _IN.fullmatch(term):
        values = [one or other for one, other in _QUOTED.findall(found["values"])]
        return _turned(_among(found["key"], values, pod), bool(found["not"]))
    if found := _HAS.fullmatch(term):
        return _turned(_among(found["key"], None, pod), found["not"] == "!")
    return None


def by_labels(selector: Mapping[str, Any], pod: shapes.Meta) -> bool | None:
    """Cilium's: as Kubernetes', with where a label comes from before its key."""
    labels, expressions = selector.get("matchLabels") or {}, selector.get("matchExpressions") or []
    if not isinstance(labels, Mapping) or not isinstance(expressions, list):
        return None
    equal = [_among(str(key), [str(value)], pod) for key, value in labels.items()]
    return _all([*equal, *(_expression(one, pod) for one in expressions)])


def _expression(one: object, pod: shapes.Meta) -> bool | None:
    if not isinstance(one, Mapping) or not isinstance(one.get("values") or [], list):
        return None
    key, values = str(one.get("key", "")), [str(value) for value in one.get("values") or []]
    match one.get("operator"):
        case "In" | "NotIn":
            return _turned(_among(key, values, pod), one["operator"] == "NotIn")
        case "Exists" | "DoesNotExist":
            return _turned(_among(key, None, pod), one["operator"] == "DoesNotExist")
    return None


def _among(key: str, values: list[str] | None, pod: shapes.Meta) -> bool | None:
    """`values` None: any."""
    source, _, plain = key.rpartition(":")
    if source not in ("", "k8s", "any"):
        return None
    if plain in _NAMESPACE:
        return values is None or pod.namespace in values
    if plain.startswith(_ELSEWHERE):
        return None
    held = (pod.labels or {}).get(plain)
    return held is not None if values is None else held in values


def _turned(holds: bool | None, turned: bool) -> bool | None:
    return None if holds is None else holds != turned


def _all(terms: list[bool | None]) -> bool | None:
    if False in terms:
        return False
    return None if None in terms else True

"""Secrets that only the structure around them tells: Secret objects and cloud-init, as YAML or JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from journal.secret_names import SECRET_KEY

Span = tuple[int, int]

_SECRET = re.compile(r"kind\\*[\"']?\s*:\s*\\*[\"']?Secret\b")
_CLOUD = re.compile(r"^#cloud-config|\bchpasswd:|\bwrite_files:|\\n\\*[\"']?chpasswd", re.MULTILINE)
_JSON_BLOCK = re.compile(r"\\*\"(?:data|stringData)\\*\"\s*:\s*\{(?P<body>[^{}]{0,1048576})\}")
_JSON_PAIR = re.compile(r"\\*\"[^\"\\]+\\*\"\s*:\s*\\*\"(?P<secret>[^\"\\‹]+)")
_YAML_BLOCK = re.compile(
    r"^(?P<indent>[ -]*)(?:data|stringData):[ \t]*\n(?P<body>(?:(?P=indent)[ ]+\S.*\n?|[ \t]*\n)*)", re.M
)
_YAML_PAIR = re.compile(r"^[ ]+[\w.-]+:[ \t]*(?P<secret>[^\s‹|>].*)$|^[ ]+(?P<more>[^\s:‹]+)$", re.MULTILINE)

_CHPASSWD = re.compile(r"^(?P<indent>[ -]*)list:[ \t]*\|[-+]?\n(?P<body>(?:(?P=indent)[ ]+\S.*\n?)*)", re.MULTILINE)
_USER_LINE = re.compile(r"^[ ]+[^\s:]+:(?P<secret>[^\s‹]+)$", re.MULTILINE)
_CONTENT = re.compile(r"^[ ]+content:[ \t]*(?P<secret>[^\s‹|>]+)$", re.MULTILINE)


def spans(text: str) -> list[Span]:
    """Where the secrets of structures lie, in order and apart."""
    if not (_SECRET.search(text) or _CLOUD.search(text)):
        return []
    found = sorted(set(_spans(text)))
    return [span for before, span in zip([(0, 0), *found], found, strict=False) if span[0] >= before[1]]


def _spans(text: str) -> Iterator[Span]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for document in list(yaml.compose_all(text, Loader=loader)):
            yield from _node(document, text)
    except (yaml.YAMLError, RecursionError, ValueError):
        yield from _by_lines(text)  # cut off, or among other output


def _node(node: Any, text: str) -> Iterator[Span]:
    """Iterative: documents may be deep."""
    left = [node] if node is not None else []
    seen: set[int] = set()
    while left:
        node = left.pop()
        if id(node) in seen or node.id == "scalar":
            continue
        seen.add(id(node))
        if node.id == "sequence":
            left += node.value
            continue
        named = {key.value: value for key, value in node.value if key.id == "scalar"}
        yield from _mapping(named, text)
        for value in named.values():
            if value.id == "scalar" and _SECRET.search(value.value):
                yield from _json_blocks(text, value.start_mark.index, value.end_mark.index)
        left += named.values()


def _mapping(named: dict[str, Any], text: str) -> Iterator[Span]:
    kind = named.get("kind")
    if kind is not None and kind.value == "Secret":
        for key in ("data", "stringData"):
            yield from _scalars(named.get(key), text)
    if "encoding" in named and "content" in named:
        yield from _scalars(named["content"], text)
    yield from _scalars(_under(named.get("chpasswd"), "list"), text)
    for key, value in named.items():
        if SECRET_KEY.fullmatch(key) and value.id == "scalar" and value.value not in ("", "true", "false", "null"):
            yield from _scalars(value, text)


def _under(node: Any, name: str) -> Any:
    if node is None or node.id != "mapping":
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _scalars(node: Any, text: str) -> Iterator[Span]:
    """Spans of all values under a node, without their quotes and block marks."""
    if node is None:
        return
    if node.id == "scalar":
        yield from _scalar(node, text)
    for inner in node.value if node.id != "scalar" else ():
        yield from _scalars(inner[1] if isinstance(inner, tuple) else inner, text)


def _scalar(node: Any, text: str) -> Iterator[Span]:
    start, end = node.start_mark.index, node.end_mark.index
    raw = text[start:end]
    if raw[:1] in "\"'" and raw:
        start, end = start + 1, end - 1
    else:
        end -= len(raw) - len(raw.rstrip())
    if end > start and "‹secret:" not in raw:
        yield start, end


# ------------------------------------------------------------------ where it does not parse


def _by_lines(text: str) -> Iterator[Span]:
    yield from _json_blocks(text, 0, len(text))
    for block in _YAML_BLOCK.finditer(text):
        for pair in _YAML_PAIR.finditer(text, *block.span("body")):
            yield pair.span("secret" if pair["secret"] else "more")

    for listed in _CHPASSWD.finditer(text):
        for line in _USER_LINE.finditer(text, *listed.span("body")):
            yield line.span("secret")
    if "encoding:" in text:
        for content in _CONTENT.finditer(text):
            yield content.span("secret")


def _json_blocks(text: str, start: int, end: int) -> Iterator[Span]:
    for block in _JSON_BLOCK.finditer(text, start, end):
        for pair in _JSON_PAIR.finditer(text, *block.span("body")):
            yield pair.span("secret")

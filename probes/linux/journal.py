"""What a program complained of, out of its log's last lines."""

from __future__ import annotations

import re

_MOST = 8
_LONGEST = 600
_KLOG = re.compile(r"^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ \S+\] (.*)$")
_CRI = re.compile(r"^\d{4}-\d\d-\d\dT\S+ std(?:out|err) [FP] (.*)$")
_OSLO = re.compile(
    r"^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ )?\d+ (TRACE|ERROR|CRITICAL|WARNING|INFO|DEBUG) (\S+) ?(.*)$"
)
_ETCD = re.compile(r'^\{"level":"(?P<level>\w+)".*?"msg":"(?P<msg>(?:[^"\\]|\\.)*)"(?P<rest>.*)\}$')
_PLAIN = re.compile(r"\b(?:error|fatal|panic|failed|cannot|refused|denied|no such file)\b", re.IGNORECASE)


def complaints(text: str) -> tuple[str, ...]:
    """Messages of the levels error and worse, oldest first, each once, the last eight. Knows klog (Kubernetes),
    oslo.log (OpenStack), zap (etcd), and the wrapping of container logs; of others those with a
    telling word."""
    found: dict[str, None] = {}
    for line in text.splitlines():
        message = _complaint(line)
        if message:
            found.pop(message[:_LONGEST], None)
            found[message[:_LONGEST]] = None
    return tuple(found)[-_MOST:]


def _complaint(line: str) -> str:
    if wrapped := _CRI.match(line):
        line = wrapped[1]
    if klog := _KLOG.match(line):
        return klog[2] if klog[1] in "EF" else ""
    if zap := _ETCD.match(line):
        return zap["msg"] + zap["rest"] if zap["level"] in ("error", "fatal", "panic") else ""
    if oslo := _OSLO.match(line):
        return f"{oslo[2]}: {_without_request(oslo[3])}" if oslo[1] in ("ERROR", "CRITICAL") else ""
    return line.strip() if _PLAIN.search(line) else ""


def _without_request(text: str) -> str:
    """Without `[None req-… …]`, which makes equal messages differ."""
    return re.sub(r"^\[[^]]*\] ", "", text)

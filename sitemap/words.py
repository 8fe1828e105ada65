"""The map in words, for the command line and the screen alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from base.text import Lang, Text
from probes.cluster.places import PodPlace
from sitemap.model import By, Cell, Kind, ServiceHere, Source, State

KINDS: Mapping[Kind, Text] = {
    Kind.NODE: Text("node", "노드"),
    Kind.SERVER: Text("server", "서버"),
    Kind.PORT: Text("port", "포트"),
    Kind.HOST: Text("host", "호스트"),
    Kind.TAP: Text("tap", "탭"),
    Kind.BRIDGE: Text("bridge", "브리지"),
    Kind.PODS: Text("pods", "파드"),
    Kind.SERVICES: Text("services", "서비스"),
}
DETAILS: Mapping[str, Text] = {
    "address": Text("address", "주소"),
    "agent": Text("agent", "에이전트"),
    "allowed": Text("allowed", "허용 주소"),
    "between": Text("through", "경유"),
    "binding": Text("binding", "바인딩"),
    "by": Text("joined by", "연결 근거"),
    "error": Text("error", "오류"),
    "fixed": Text("fixed", "고정 IP"),
    "floating": Text("floating", "플로팅 IP"),
    "groups": Text("groups", "보안 그룹"),
    "id": Text("id", "id"),
    "link": Text("link", "링크"),
    "mac": Text("mac", "mac"),
    "machine": Text("ssh", "ssh"),
    "pod-cidr": Text("pods", "파드 대역"),
    "port-security": Text("port security", "포트 보안"),
    "provider-id": Text("providerID", "providerID"),
    "ready": Text("ready", "Ready"),
    "status": Text("status", "상태"),
    "tag": Text("tag", "tag"),
}
BY: Mapping[By, Text] = {
    By.PROVIDER_ID: Text("providerID", "providerID"),
    By.ADDRESS: Text("address", "주소"),
    By.NAME: Text("name alone", "이름만"),
}
_IN_JSON = ("provider-id",)
"""What the server's cell says in fewer words."""
HOST_NETWORK = Text("(host's network)", "(호스트 네트워크)")
HERE = Text("{here} of {all} here", "{all} 개 중 {here} 개가 여기")
SYMBOLS = {State.SEEN: "", State.NONE: "· ", State.UNKNOWN: "? "}
_UNITS = ((86400, "d", "일"), (3600, "h", "시간"), (60, "min", "분"))


def says(cell: Cell, lang: Lang) -> str:
    """What a cell says, without its source."""
    values = [
        f"{DETAILS[word][lang]} {_value(word, value, lang)}" for word, value in cell.details if word not in _IN_JSON
    ]
    parts = [part for part in (cell.name, *values) if part]
    if cell.why is not None:
        parts.append(cell.why[lang])
    return SYMBOLS[cell.state] + " · ".join(parts)


def _value(word: str, value: str, lang: Lang) -> str:
    return BY[By(value)][lang] if word == "by" else value


def pods_line(pods: Sequence[PodPlace], most: int, lang: Lang) -> str:
    """`6: default/web-0 10.244.1.7, … (+3)`; those with addresses of their own first."""
    own = sorted(pods, key=lambda pod: pod.host_network)
    shown = [f"{pod.namespace}/{pod.name} {_pod_address(pod, lang)}" for pod in own[:most]]
    return _counted(len(pods), shown)


def _pod_address(pod: PodPlace, lang: Lang) -> str:
    if pod.host_network:
        return HOST_NETWORK[lang]
    return ", ".join(pod.addresses) or pod.phase or "-"


def services_line(services: Sequence[ServiceHere], most: int, lang: Lang) -> str:
    """`2: default/web 10.99.32.69 80/TCP (1 of 2 endpoints here)`."""
    shown = [
        " ".join(filter(None, (f"{one.namespace}/{one.name}", *one.addresses, *one.ports)))
        + f" ({HERE[lang].format(here=one.here, all=one.all)})"
        for one in services[:most]
    ]
    return _counted(len(services), shown)


def _counted(count: int, shown: Sequence[str]) -> str:
    more = f" (+{count - len(shown)})" if count > len(shown) else ""
    return f"{count}: {', '.join(shown)}{more}" if count else "0"


def age(at: datetime, now: datetime, lang: Lang) -> str:
    """`3s`, `2min`, `5h`."""
    seconds = max(int((now - at).total_seconds()), 0)
    for size, en, ko in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds // size}{en if lang is Lang.EN else ko}"
    return f"{seconds}{'s' if lang is Lang.EN else '초'}"


def source(of: Source | None, now: datetime, lang: Lang) -> str:
    """`cluster:lab 3s`."""
    return f"{of.target} {age(of.at, now, lang)}" if of else ""

"""Clouds and clusters of a site, tried: clusters in words and for programs (clouds: `deadhop.clouds`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from base.korean import in_korean
from base.tasks import end_all
from base.text import Text
from probes.probe import Failure
from probes.site import Cluster, Site
from probes.site_clusters import left_out

if TYPE_CHECKING:
    from deadhop.front import Front
    from probes.cluster.facts import ClusterReach
    from probes.probe import Toolbox

_STOPPED: Mapping[str, Text] = {
    "kubeconfig": Text("its kubeconfig cannot be used", "kubeconfig 를 쓸 수 없음"),
    "host": Text("its control node does not answer", "제어 노드가 응답하지 않음"),
    "plugin": Text(
        "nobody asked: its exec plugin gives no login", "exec 플러그인이 로그인 정보를 주지 않아 묻지 못함"
    ),
    "login": Text("the API refused the login", "API 가 로그인을 거절함"),
    "name": Text("its name is not known", "이름을 찾을 수 없음"),
    "route": Text("there is no route to it", "가는 경로가 없음"),
    "port": Text("its port does not answer", "포트가 응답하지 않음"),
    "proxy": Text("the proxy before it does not answer", "앞의 프록시가 응답하지 않음"),
    "tls": Text("TLS does not come about", "TLS 연결이 되지 않음"),
    "http": Text("it does not answer as an API server", "API 서버로서 응답하지 않음"),
    "ready": Text("it answers, but is not ready", "응답하지만 준비되지 않음"),
}
_SLOW = 3.0
_INSECURE = Text("nobody's certificate is checked", "인증서를 확인하지 않음")


def described(cluster: Cluster) -> tuple[str, ...]:
    """Words after its name in `site show`."""
    files = [f"{cluster.context}@{file}" if cluster.context else str(file) for file in cluster.kubeconfig]
    return (*files, *((f"host:{cluster.host}",) if cluster.host else ()))


def warn_of_clusters(front: Front, site: Site) -> None:
    """What the kubeconfigs of this machine name, and is no cluster here."""
    for lacking in left_out(site):
        front.out.talk(f"{front.told(lacking.message)}\n  {front.say('hint', '힌트')}: {front.told(lacking.hint)}")


async def try_clusters(toolbox: Toolbox) -> AsyncIterator[tuple[str, ClusterReach | Failure]]:
    """Every cluster of the site, all tried at the same time, in their order."""
    if not toolbox.site.clusters:
        return
    import probes.cluster.reach  # noqa: F401  (registers the probe)

    async for name, answer in tried("k8s.reach", [one.name for one in toolbox.site.clusters], toolbox):
        yield name, answer if isinstance(answer, Failure) else cast("ClusterReach", answer)


async def tried(probe: str, names: Sequence[str], toolbox: Toolbox) -> AsyncIterator[tuple[str, object]]:
    """The probe put to each of them, all at the same time: facts or a Failure, in their order."""
    from probes.probe import checked_call, observe

    calls = [checked_call(probe, name, {}) for name in names]
    tasks = [asyncio.create_task(observe(call, toolbox, call.host)) for call in calls]
    try:
        for call, task in zip(calls, tasks, strict=True):
            evidence = await task
            yield call.host, evidence.failure or evidence.facts
    finally:
        await end_all(tasks)


def cluster_reached(answer: ClusterReach | Failure) -> bool:
    return not isinstance(answer, Failure) and not answer.stopped_at


def cluster_reason(answer: ClusterReach | Failure) -> Text:
    if isinstance(answer, Failure):
        return Text(answer.message, in_korean(answer.message))
    if not answer.stopped_at:
        more = (f", {_INSECURE.en}", f", {_INSECURE.ko}") if answer.insecure else ("", "")
        version = f" ({answer.version})" if answer.version else ""
        slow = slowly(answer.seconds)
        return Text(f"reached{slow.en}{version}{more[0]}", f"접속됨{slow.ko}{version}{more[1]}")
    words = _STOPPED[answer.stopped_at]
    return Text(f"{words.en} ({answer.error})", f"{words.ko}: {in_korean(answer.error)}")


def slowly(seconds: float) -> Text:
    """What is to be said of an API that takes so long for an answer; mostly nothing."""
    if seconds < _SLOW:
        return Text("", "")
    return Text(f", but slowly: {seconds:.0f} s for an answer", f", 그러나 느림: 답 하나에 {seconds:.0f}초")


def cluster_hint(answer: ClusterReach | Failure) -> Text:
    return Text(answer.hint, in_korean(answer.hint))


def cluster_json(cluster: Cluster, answer: ClusterReach | Failure | None) -> dict[str, object]:
    """`reachable` is null where nobody has tried."""
    version = "" if answer is None or isinstance(answer, Failure) else answer.version
    return {
        "name": cluster.name,
        "kubeconfig": [str(file) for file in cluster.kubeconfig],
        "context": cluster.context or cluster.name,
        "host": cluster.host,
        "version": version,
        "reachable": None if answer is None else cluster_reached(answer),
        "reason": "" if answer is None else cluster_reason(answer).en,
        "hint": "" if answer is None else cluster_hint(answer).en,
    }

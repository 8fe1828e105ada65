"""Clouds of a site, listed and tried: in words and for programs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, cast

from base.korean import in_korean
from base.text import Text
from deadhop.worlds import slowly, tried
from probes.probe import Failure
from probes.site import Cloud, Site
from probes.site_clouds import missing_cloud

if TYPE_CHECKING:
    from deadhop.front import Front
    from probes.cloud.facts import CloudReach
    from probes.probe import Toolbox

_STOPPED: Mapping[str, Text] = {
    "config": Text("its login is not usable", "로그인 정보를 쓸 수 없음"),
    "name": Text("its name is not known", "이름을 찾을 수 없음"),
    "route": Text("there is no route to it", "가는 경로가 없음"),
    "port": Text("its port does not answer", "포트가 응답하지 않음"),
    "proxy": Text("the proxy before it does not answer", "앞의 프록시가 응답하지 않음"),
    "tls": Text("TLS does not come about", "TLS 연결이 되지 않음"),
    "answer": Text("Keystone does not answer as it should", "Keystone 이 제대로 응답하지 않음"),
    "login": Text("Keystone lets nobody in with this login", "이 로그인으로는 Keystone 에 들어갈 수 없음"),
    "catalogue": Text("its catalogue leads nowhere", "서비스 카탈로그를 쓸 수 없음"),
    "service": Text(
        "Keystone answers, but other services do not", "Keystone 은 응답하지만 응답하지 않는 서비스가 있음"
    ),
}


def described(cloud: Cloud) -> tuple[str, ...]:
    """Words after its name in `site show`."""
    file = f"{cloud.entry}@{cloud.config}" if cloud.entry else str(cloud.config)
    files = (file,) if cloud.config else ()
    hosts = (f"host:{cloud.host}",) if cloud.host else ()
    return (*files, *hosts) or ("OS_*",)


def warn_of_cloud(front: Front, site: Site) -> None:
    """OS_CLOUD is wrong, and what is asked for does not hang on it."""
    lacking = missing_cloud(site)
    if lacking is not None:
        front.out.talk(f"{front.told(lacking.message)}\n  {front.say('hint', '힌트')}: {front.told(lacking.hint)}")


async def try_clouds(toolbox: Toolbox) -> AsyncIterator[tuple[str, CloudReach | Failure]]:
    """Every cloud of the site, all tried at the same time, in their order."""
    if not toolbox.site.clouds:
        return
    import probes.cloud.reach  # noqa: F401  (registers the probe)

    async for name, answer in tried("cloud.reach", [one.name for one in toolbox.site.clouds], toolbox):
        yield name, answer if isinstance(answer, Failure) else cast("CloudReach", answer)


def cloud_reached(answer: CloudReach | Failure) -> bool:
    return not isinstance(answer, Failure) and not answer.stopped_at


def cloud_reason(answer: CloudReach | Failure) -> Text:
    if isinstance(answer, Failure):
        return Text(answer.message, in_korean(answer.message))
    if not answer.stopped_at:
        roles, slow = ", ".join(answer.roles), slowly(answer.seconds)
        return Text(
            f"reached as {answer.user} of {answer.project or '-'} ({roles}){slow.en}",
            f"접속됨: {answer.user}, 프로젝트 {answer.project or '-'} ({roles}){slow.ko}",
        )
    words = _STOPPED.get(answer.stopped_at, Text(answer.stopped_at, answer.stopped_at))
    silent = f": {', '.join(answer.silent)}" if answer.silent else ""
    return Text(f"{words.en}{silent} ({answer.error})", f"{words.ko}{silent}: {in_korean(answer.error)}")


def cloud_hint(answer: CloudReach | Failure) -> Text:
    return Text(answer.hint, in_korean(answer.hint))


def cloud_json(cloud: Cloud, answer: CloudReach | Failure | None) -> dict[str, object]:
    """`reachable` is null where nobody has tried."""
    facts = None if answer is None or isinstance(answer, Failure) else answer
    return {
        "name": cloud.name,
        "config": str(cloud.config or ""),
        "cloud": cloud.entry or cloud.name,
        "host": cloud.host,
        "silent": list(facts.silent) if facts else [],
        "reachable": None if answer is None else cloud_reached(answer),
        "reason": "" if answer is None else cloud_reason(answer).en,
        "hint": "" if answer is None else cloud_hint(answer).en,
    }

"""deadhop site: the machines that may be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.text import Text
from deadhop.clouds import cloud_hint, cloud_json, cloud_reached, cloud_reason, try_clouds, warn_of_cloud
from deadhop.clouds import described as described_cloud
from deadhop.front import Front
from deadhop.output import columns
from deadhop.parsing import Parser
from deadhop.reaching import hint, reached, reason
from deadhop.showing import RISKS as RISK_WORDS
from deadhop.worlds import (
    cluster_hint,
    cluster_json,
    cluster_reached,
    cluster_reason,
    described,
    try_clusters,
    warn_of_clusters,
)
from diagnosis.policy import clock, hours, is_read_only
from journal.redact import redact, redact_text
from probes.fix_rules import DAYS, RISKS
from probes.site import FixPolicy, Host, Site

if TYPE_CHECKING:
    from probes.cloud.facts import CloudReach
    from probes.cluster.facts import ClusterReach
    from probes.facts import Reach
    from probes.probe import Failure
    from probes.site_programs import Program
    from probes.toolbox import LiveToolbox


def arguments(parser: Parser) -> None:
    say = parser.say
    verbs = parser.verbs()
    init = verbs.add(
        "init", say("write a site.yaml from your SSH configuration", "SSH 설정으로 site.yaml 을 만든다")
    )
    init.add_argument(
        "file", nargs="?", metavar="FILE", help=say("default: your configuration folder", "기본: 내 설정 폴더")
    )
    init.add_argument(
        "--inventory",
        metavar="FILE",
        help=say(
            "machines of an Ansible inventory (kolla-ansible, kubespray)",
            "Ansible 인벤토리(kolla-ansible, kubespray)에 있는 호스트로 만든다",
        ),
    )
    init.add_argument(
        "--ssh-config", metavar="FILE", help=say("instead of ~/.ssh/config", "~/.ssh/config 대신 쓸 파일")
    )
    verbs.add(
        "check",
        say(
            "try the way to every host, cloud and cluster", "모든 호스트, 클라우드, 클러스터까지 가는 길을 확인한다"
        ),
    )
    show = verbs.add(
        "show",
        say(
            "list hosts, clouds and clusters, and how they are reached",
            "호스트, 클라우드, 클러스터와 접속 방법을 보여 준다",
        ),
    )
    _map_arguments(show)


def _map_arguments(show: Parser) -> None:
    say = show.say
    show.add_argument(
        "what",
        nargs="?",
        metavar="ADDRESS",
        help=say(
            "with --map: what this address or name is, and what it is on",
            "--map 과 함께: 이 주소나 이름이 무엇이고 어디에 있는지",
        ),
    )
    show.add_argument(
        "--map",
        action="store_true",
        help=say(
            "look, and join node, server, port, hypervisor, tap and bridge",
            "노드, 서버, 포트, 하이퍼바이저, 탭, 브리지를 살펴 하나로 잇는다",
        ),
    )
    show.add_argument("--node", metavar="NAME", help=say("with --map: this node alone", "--map 과 함께: 이 노드만"))


async def run(front: Front) -> int:
    verbs = {"init": _init, "check": _check, "show": _show}
    return await verbs[front.arguments.verb](front)


async def _init(front: Front) -> int:
    from deadhop.beginning import write

    found = write(front)
    if front.out.json:
        front.out.object("site", _site_json(found))
    return 0


async def _show(front: Front) -> int:
    from probes.site_file import load_site

    site = load_site(front.site)
    warn_of_cloud(front, site)
    warn_of_clusters(front, site)
    if front.arguments.map:
        from deadhop.mapping import show_map

        return await show_map(front, site, _site_json(site))
    if front.arguments.what or front.arguments.node:
        raise UsageError(front.say("this needs --map", "--map 이 필요하다"), hint="deadhop site show --map …")
    if front.out.json:
        front.out.object("site", _site_json(site))
        return 0
    front.out.line(f"{site.source}")
    wide = max((columns(host.name) for host in site.hosts), default=0)
    for host in site.hosts:
        more = [f"({front.say('read only', '읽기 전용')})"] if is_read_only(site.fixes, host.name) else []
        more += [*host.addresses, *(f"[{label}]" for label in host.labels)]
        console = front.say("console", "콘솔")
        more += [f"{console}: {' '.join(host.console)}"] if host.console else []
        front.out.line(f"  {host.name:{wide}}  {'  '.join(more)}".rstrip())
    for cloud in site.clouds:
        front.out.line(f"  {front.say('cloud', '클라우드')} {'  '.join((cloud.name, *described_cloud(cloud)))}")
    for cluster in site.clusters:
        front.out.line(f"  {front.say('cluster', '클러스터')} {'  '.join((cluster.name, *described(cluster)))}")
    for line in _policy_lines(front, site.fixes):
        front.out.line(line)
    if not (site.hosts or site.clouds or site.clusters):
        front.out.talk(_no_hosts(front))
    return 0


async def _check(front: Front) -> int:
    from probes.reach import check_site
    from probes.site_file import load_site
    from probes.site_programs import programs_of
    from probes.toolbox import LiveToolbox

    site = load_site(front.site)
    warn_of_cloud(front, site)
    warn_of_clusters(front, site)
    programs = tuple(replace(one, run=redact_text(one.run)) for one in programs_of(site))
    if not front.out.json:
        _say_programs(front, programs)
    answers: dict[str, Reach | Failure] = {}
    async with LiveToolbox(site) as toolbox:
        async for host, answer in check_site(toolbox):
            answers[host] = answer
            if not front.out.json:
                _say_reach(front, host, answer)
        clouds = await _check_clouds(front, toolbox)
        clusters = await _check_clusters(front, toolbox)
    if front.out.json:
        found = _site_json(site, answers, clusters, clouds)
        front.out.object("site", redact(found | {"programs": [asdict(program) for program in programs]}))
    elif not (site.hosts or site.clouds or site.clusters):
        front.out.talk(_no_hosts(front))
    worlds = all(map(cloud_reached, clouds.values())) and all(map(cluster_reached, clusters.values()))
    return 0 if worlds and all(map(reached, answers.values())) else 2


async def _check_clouds(front: Front, toolbox: LiveToolbox) -> dict[str, CloudReach | Failure]:
    answers = {}
    async for name, answer in try_clouds(toolbox):
        answers[name] = answer
        if not front.out.json:
            _say_way(front, f"cloud {name}", cloud_reached(answer), cloud_reason(answer), cloud_hint(answer))
    return answers


async def _check_clusters(front: Front, toolbox: LiveToolbox) -> dict[str, ClusterReach | Failure]:
    answers = {}
    async for name, answer in try_clusters(toolbox):
        answers[name] = answer
        if not front.out.json:
            _say_way(
                front, f"cluster {name}", cluster_reached(answer), cluster_reason(answer), cluster_hint(answer)
            )
    return answers


def _say_programs(front: Front, programs: tuple[Program, ...]) -> None:
    """Before anything is tried: trying runs them."""
    for program in programs:
        unchecked = program.kind == "insecure-skip-tls-verify"
        word = front.say("checks nothing", "확인 안 함") if unchecked else front.say("runs", "실행함")
        front.out.line(f"{word}: {program.kind}: {program.run}\n    {program.under} ({program.place})")


def _say_reach(front: Front, host: str, answer: Reach | Failure) -> None:
    _say_way(front, host, reached(answer), reason(answer), hint(answer))


def _say_way(front: Front, who: str, good: bool, why: Text, step: Text) -> None:
    front.out.line(f"{'✓' if good else '✗'} {who}: {redact_text(front.text(why))}")
    if step.en and not good:
        front.out.line(f"    {front.say('hint', '힌트')}: {redact_text(front.text(step))}")


def _site_json(
    site: Site,
    answers: Mapping[str, Reach | Failure] = MappingProxyType({}),
    of_clusters: Mapping[str, ClusterReach | Failure] = MappingProxyType({}),
    of_clouds: Mapping[str, CloudReach | Failure] = MappingProxyType({}),
) -> dict[str, object]:
    hosts = [_host_json(host, site.fixes, answers.get(host.name)) for host in site.hosts]
    clouds = [cloud_json(cloud, of_clouds.get(cloud.name)) for cloud in site.clouds]
    clusters = [cluster_json(cluster, of_clusters.get(cluster.name)) for cluster in site.clusters]
    fixes = _policy_json(site.fixes)
    return {"file": site.source, "hosts": hosts, "clouds": clouds, "clusters": clusters, "maps": [], "fixes": fixes}


def _policy_json(policy: FixPolicy) -> dict[str, object]:
    window = policy.window
    return {
        "read_only": [*policy.read_only, *policy.read_only_hosts],
        "window": window
        and {
            "days": [DAYS[day] for day in window.days],
            "from": clock(window.opens),
            "to": clock(window.closes),
            "timezone": window.timezone,
        },
        "max_risk": policy.max_risk,
        "second_person": policy.second_person,
    }


def _policy_lines(front: Front, policy: FixPolicy) -> Iterator[str]:
    """The rules that are set, in words."""
    say = front.say
    if policy.window:
        yield f"{say('fixes are applied', '조치를 적용하는 시간')}: {front.text(hours(policy.window))}"
    if policy.max_risk != RISKS[-1]:
        yield f"{say('riskiest fix', '허용하는 조치 위험')}: {front.text(RISK_WORDS[policy.max_risk])}"
    if policy.second_person:
        yield say("fixes need a second person", "조치하려면 두 사람의 확인이 필요하다")


def _host_json(host: Host, policy: FixPolicy, answer: Reach | Failure | None) -> dict[str, object]:
    """`reachable` is null where nobody has tried."""
    return {
        "name": host.name,
        "addresses": list(host.addresses),
        "labels": list(host.labels),
        "console": list(host.console),
        "read_only": is_read_only(policy, host.name),
        "reachable": None if answer is None else reached(answer),
        "reason": "" if answer is None else reason(answer).en,
        "hint": "" if answer is None else hint(answer).en,
    }


def _no_hosts(front: Front) -> str:
    return front.say(
        "no hosts yet: `deadhop site init` writes a site.yaml from your SSH configuration",
        "아직 호스트가 없다: `deadhop site init` 이 SSH 설정으로 site.yaml 을 만든다",
    )

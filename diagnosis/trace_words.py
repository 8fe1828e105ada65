"""What a trace comes to, in one sentence with the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from base.korean import in_korean
from base.text import Text
from diagnosis import trace_sizes
from probes.probe import Evidence
from probes.trace.facts import Branch, DeadHop, Trace

VERDICTS = {
    "arrives": Text("ARRIVES", "도착한다"),
    "refused": Text("ARRIVES, AND NOBODY LISTENS", "도착하지만 듣는 곳이 없다"),
    "dies": Text("DIES", "중간에서 사라진다"),
    "some-lost": Text("SOME ARE LOST", "일부만 도착한다"),
    "ambiguous": Text("AMBIGUOUS", "가릴 수 없다"),
    "unseen": Text("NO ANSWER, AND NOT ALL COULD BE SEEN", "답이 없고, 다 볼 수는 없었다"),
    "sizes-lost": Text("ARRIVES, AND LARGER PACKETS VANISH", "도착하지만 큰 패킷은 사라진다"),
    "too-large": Text("TOO LARGE TO PASS UNCUT", "너무 커서 나누지 않고는 못 간다"),
    "failed": Text("COULD NOT BE TRIED", "확인하지 못했다"),
    "here": Text("← they end here", "← 여기서 끝난다"),
}
DIRECTIONS = {"there": Text("there", "가는 길"), "back": Text("back", "오는 길")}
CIRCLE = Text("the routing tables lead in a circle", "라우팅이 순환한다(루프)")
GAPS = {
    "unseen": Text("could not look at", "확인하지 못한 곳"),
    "unread": Text("the rules of its firewall could not be read", "방화벽 규칙을 읽지 못한 곳"),
    "uncounted": Text(
        "drops without counting (nft rules lack `counter`)",
        "세지 않고 버리는 규칙이 있음 (nft 규칙에 `counter` 가 없다)",
    ),
    "six": Text(
        "what kernels drop of IPv6 by themselves is not counted, only what rules and interfaces do",
        "커널이 스스로 버리는 IPv6 패킷은 세지 않는다. 규칙과 인터페이스만 센다",
    ),
}
BECOMES = Text("{host}: the target's address becomes {to}", "{host}: 대상 주소가 {to} 로 바뀐다")
BEHIND = Text("behind it", "그 뒤")
ONE_WAY = Text(
    "the other way could not be tried: nothing can be sent from there",
    "반대 방향은 확인할 수 없다: 그쪽에서 보낼 수 없다",
)
_REASONS = {
    "rule": Text("{packets} on a rule in {chain}", "{chain} 의 규칙이 {packets} 개를 셌다"),
    "policy": Text("{packets} on the policy of {chain}", "{chain} 의 기본 정책이 {packets} 개를 셌다"),
    "flow": Text(
        "{packets} on a flow of Open vSwitch in {at} that drops",
        "{at} 의 Open vSwitch 플로가 {packets} 개를 버렸다",
    ),
    "no-flow": Text(
        "no flow in table {number} of {at} takes them ({packets} came to it)",
        "{at} 의 {number} 번 테이블에 이것을 받는 플로가 없다 ({packets} 개가 거기까지 왔다)",
    ),
    "dead-end": Text(
        "{packets} on a flow of Open vSwitch in {at} that sends them nowhere",
        "{at} 의 Open vSwitch 플로가 {packets} 개를 받았지만 아무 데로도 보내지 않는다",
    ),
    "no-bridge": Text("its Open vSwitch lacks the bridge {at}", "그곳의 Open vSwitch 에 브리지 {at} 이(가) 없다"),
    "no-tunnel": Text(
        "its Open vSwitch has no tunnel to {at}", "그곳의 Open vSwitch 에 {at} (으)로 가는 터널이 없다"
    ),
    "no-plug": Text(
        "its Open vSwitch has no port for Neutron's {at}",
        "그곳의 Open vSwitch 에 Neutron 포트 {at} 이(가) 꽂혀 있지 않다",
    ),
    "port": Text(
        "port {at} of Open vSwitch dropped {packets}, or found them broken",
        "Open vSwitch 의 포트 {at} 이(가) {packets} 개를 버렸거나 깨졌다고 셌다",
    ),
    "rp-filter": Text(
        "the reverse path filter on {at} counted {packets}", "{at} 의 rp_filter 가 {packets} 개를 셌다"
    ),
    "forwarding-off": Text(
        "it does not forward, and counted {packets} as not its own",
        "포워딩이 꺼져 있어 {packets} 개를 남의 것으로 셌다",
    ),
    "conntrack": Text("its connection tracking dropped {packets}", "연결 추적(conntrack)이 {packets} 개를 버렸다"),
    "no-route": Text("it has no route for them", "보낼 라우트가 없다"),
    "prohibited": Text("a route there forbids it", "그곳의 라우트가 막는다"),
    "neighbour": Text("nobody answers {arp} on {at}", "{at} 에서 {arp} 에 답하는 곳이 없다"),
    "listen": Text("its listen queue is full: {packets} dropped", "접속 대기열이 가득 차 {packets} 개를 버렸다"),
    "queue": Text("the queue of {at} dropped {packets}", "{at} 의 큐가 {packets} 개를 버렸다"),
    "link": Text("{at} counted {packets} dropped or broken", "{at} 가 {packets} 개를 버렸거나 깨졌다고 셌다"),
    "discarded": Text("its kernel discarded {packets}", "커널이 {packets} 개를 버렸다"),
}
_ERRORS = {
    "port-unreachable": "Destination Port Unreachable",
    "net-unreachable": "Destination Net Unreachable",
    "host-unreachable": "Destination Host Unreachable",
    "prohibited": "Packet filtered",
    "frag-needed": "Fragmentation needed",
    "ttl-exceeded": "Time to live exceeded",
    "no-route": "Network is unreachable",
}


TITLE = Text("The hop where packets die", "패킷이 사라지는 홉")


def concluded(traced: Sequence[Evidence]) -> tuple[str, Text]:
    """Verdict of a diagnosis, and what several traces say, one after the other."""
    told = [_told(one) for one in traced]
    verdicts = [verdict for verdict, _ in told]
    worst = next(one for one in ("cause", "unknown", "nothing-found") if one in verdicts)
    return worst, Text(". ".join(text.en for _, text in told), ". ".join(text.ko for _, text in told))


def _told(evidence: Evidence) -> tuple[str, Text]:
    trace = evidence.facts
    if not isinstance(trace, Trace):
        message = evidence.failure.message if evidence.failure else ""
        failed = VERDICTS["failed"]
        return "unknown", Text(f"{failed.en}: {message}", f"{failed.ko}: {in_korean(message)}")
    named = trace.dead or trace.verdict == "sizes-lost"
    verdict = "cause" if named else "nothing-found" if trace.verdict in ("arrives", "refused") else "unknown"
    said, text = VERDICTS[trace.verdict], sentence(trace)
    ends = f"{trace.source} → {trace.target}"
    return verdict, Text(f"{ends}: {said.en}: {text.en}", f"{ends}: {said.ko}: {text.ko}")


def sentence(trace: Trace) -> Text:
    return _joined(_said(trace), _behind(trace))


def bad_branches(trace: Trace) -> tuple[Branch, ...]:
    """Endpoints that do not serve by their own address: a refusal is no answer that a Service is for. By UDP
    silence says nothing, unless another one answers what was asked: syslog answers nobody."""
    speak = trace.protocol != "udp" or any(one.received > one.refused for one in trace.branches)
    return tuple(one for one in trace.branches if one.received == one.refused and (speak or one.refused))


def _behind(trace: Trace) -> Text:
    """Of a Service, where its endpoints say something that its address does not."""
    bad, number = bad_branches(trace), len(trace.branches)
    if bad:
        said = [(f"{one.address}:{one.port}", one.received) for one in bad]
        english = ", ".join(f"{name} {'refuses' if refused else 'does not answer'}" for name, refused in said)
        korean = ", ".join(f"{name} 은(는) {'거절한다' if refused else '답이 없다'}" for name, refused in said)
        return Text(f"of {number} endpoints behind it {english}", f"뒤에 있는 엔드포인트 {number} 개 중 {korean}")
    if trace.received < trace.sent and number and all(one.received > one.refused for one in trace.branches):
        return Text(
            f"each of the {number} endpoints behind it answers by its own address",
            f"뒤에 있는 엔드포인트 {number} 개는 각자의 주소로는 모두 답한다",
        )
    return Text("", "")


def _said(trace: Trace) -> Text:
    if trace.verdict == "too-large":
        return trace_sizes.too_large(trace.sizes[0])
    if trace.own_sizes:
        return _joined(_without_sizes(trace), trace_sizes.own(trace.own_sizes[0], trace.sizes))
    if trace.verdict == "sizes-lost":
        return _joined(_answered(trace), trace_sizes.lost(trace.sizes[0]))
    return _without_sizes(trace)


def _without_sizes(trace: Trace) -> Text:
    if trace.verdict == "sizes-lost":
        return _answered(trace)
    if trace.verdict == "arrives" and not trace.received:
        return Text(
            f"{trace.sent} sent, and the target's own interface saw them",
            f"{trace.sent} 개를 보냈고 대상의 인터페이스가 보았다",
        )
    if trace.verdict in ("arrives", "refused"):
        return _answered(trace)
    return _joined(_lost(trace), _heard(trace))


def _answered(trace: Trace) -> Text:
    return Text(f"{trace.received} of {trace.sent} answered", f"{trace.sent} 개 중 {trace.received} 개에 답이 왔다")


def in_a_walk(trace: Trace) -> Text:
    """For a step of a tree that asked for it: the sentence, and the rule as the host prints it."""
    said = sentence(trace)
    rule = f" ({rule_of(trace)})" if rule_of(trace) else ""
    return Text(said.en + rule, said.ko + rule)


def rule_of(trace: Trace) -> str:
    """The rule that takes them, or what should be said of their size; empty where no rule does."""
    if trace.verdict == "sizes-lost":
        taken = [one.hits for one in trace.own_sizes] + [one.hits for one in trace.sizes]
        return next((hit.text for hits in taken for hit in hits), "")
    return trace.dead[0].rule if trace.dead else ""


def _lost(trace: Trace) -> Text:
    answered = Text(
        f"{trace.received} of {trace.sent} answered; ", f"{trace.sent} 개 중 {trace.received} 개에만 답이 왔다. "
    )
    lead = answered if trace.received else Text("", "")
    if trace.dead:
        dead = _dead(trace.dead[0], six=":" in trace.target)
        again = _AGAIN if _is_sent_again(trace) else Text("", "")
        return Text(lead.en + dead.en + again.en, lead.ko + dead.ko + again.ko)
    if trace.loop:
        hosts = " → ".join(dict.fromkeys(hop.host for hop in trace.hops if hop.direction == "there"))
        return Text(f"{lead.en}{CIRCLE.en}: {hosts} → …", f"{lead.ko}{CIRCLE.ko}: {hosts} → …")
    if trace.changed:
        hosts = ", ".join(trace.changed)
        return Text(
            f"{lead.en}the firewall rules of {hosts} were changed or reset while these packets were sent, and "
            "nothing else counts them: try again",
            f"{lead.ko}패킷을 보내는 동안 {hosts} 의 방화벽 규칙이 바뀌거나 카운터가 초기화됐고, 다른 곳에서 "
            "세는 것은 없다. 다시 확인한다",
        )
    if trace.verdict == "ambiguous":
        return Text(
            lead.en + "others' packets on the way hide ours in the counters; try again with --count 100",
            lead.ko + "다른 패킷이 많아 카운터에서 우리 것을 가려낼 수 없다. --count 100 으로 다시 확인한다",
        )
    return Text(lead.en + _between(trace).en, lead.ko + _between(trace).ko)


_AGAIN = Text(" (TCP sends each again)", " (TCP 재전송 포함)")


def _is_sent_again(trace: Trace) -> bool:
    return trace.protocol == "tcp" and trace.dead[0].packets > trace.sent


def _between(trace: Trace) -> Text:
    if not trace.next_unseen:
        return Text(
            f"last seen at {trace.last_seen}, and nothing there counts them",
            f"{trace.last_seen} 에서 마지막으로 보였고, 그곳에서 세는 것은 없다",
        )
    if trace.next_unseen == trace.last_seen:
        return Text(
            f"inside {trace.last_seen}: they enter it, none leaves it, and nothing there counts them",
            f"{trace.last_seen} 안에서 사라진다. 들어오는 것은 보이고 나가는 것은 없는데, 그곳에서 세는 것이 없다",
        )
    return Text(
        f"between {trace.last_seen} and {trace.next_unseen}",
        f"{trace.last_seen} 와(과) {trace.next_unseen} 사이",
    )


def _dead(dead: DeadHop, *, six: bool) -> Text:
    """`20 entered enp7s0 on openstack-host, 0 left it, 20 on a rule in LIBVIRT_FWI`."""
    told = _REASONS[dead.reason]
    number = dead.flows[-1].table if dead.flows else 0
    arp = "NDP" if six else "ARP"
    values = {"packets": dead.packets, "chain": dead.chain, "at": dead.at, "number": number, "arp": arp}
    reason = Text(told.en.format(**values), told.ko.format(**values))
    by_way = _by_way_of(dead)
    way = Text(" (on the way back)", " (오는 길)") if dead.direction == "back" else Text("", "")
    seen = _seen(dead)
    unsure = Text(
        "; by its tables, no packet proves it yet", " (테이블에 따르면 그렇고, 패킷으로 확인되지는 않았다)"
    )
    tail = Text("", "") if dead.confirmed else unsure
    return Text(
        f"on {dead.host}{way.en}: {seen.en}{reason.en}{by_way.en}{tail.en}",
        f"{dead.host}{way.ko}: {seen.ko}{reason.ko}{by_way.ko}{tail.ko}",
    )


def _by_way_of(dead: DeadHop) -> Text:
    """What Open vSwitch says of a flow that leads nowhere; or the flow that sends them to where all that is left is
    dropped, which says nothing of ours."""
    if dead.reason == "dead-end" and dead.flows and dead.flows[-1].remark:
        return Text(*[f" ({dead.flows[-1].remark})"] * 2)
    if len(dead.flows) < 2 or dead.flows[-1].match:
        return Text("", "")
    last = dead.flows[-2]
    flow = f"table={last.table} priority={last.priority}{',' if last.match else ''}{last.match}"
    return Text(f"; {flow} sends them there", f". {flow} 이(가) 그리로 보낸다")


def _seen(dead: DeadHop) -> Text:
    if dead.entered < 0 or not dead.in_interface:
        return Text("", "")
    entered = Text(
        f"{dead.entered} entered {dead.in_interface}, ", f"{dead.in_interface} 로 들어온 것 {dead.entered}, "
    )
    if dead.left < 0 or not dead.out_interface:
        return entered
    left = Text(f"{dead.left} left {dead.out_interface}, ", f"{dead.out_interface} 로 나간 것 {dead.left}, ")
    return Text(entered.en + left.en, entered.ko + left.ko)


def _heard(trace: Trace) -> Text:
    if not trace.error:
        return Text("", "")
    words = _ERRORS.get(trace.error, trace.error)
    if not trace.error_from:
        return Text(f"the sender itself says: {words}", f"보내는 쪽 스스로 답했다: {words}")
    return Text(f"{trace.error_from} answered: {words}", f"{trace.error_from} 의 답: {words}")


def _joined(one: Text, other: Text) -> Text:
    return Text(f"{one.en}; {other.en}", f"{one.ko}. {other.ko}") if other.en else one

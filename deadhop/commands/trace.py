"""deadhop trace: the hop where packets die, and what counts them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from base.values import up_to
from deadhop.front import Front
from deadhop.parsing import Parser

if TYPE_CHECKING:
    from diagnosis.session import Session
    from diagnosis.tracing import Wanted


def arguments(parser: Parser) -> None:
    say, add = parser.say, parser.add_argument
    ends = say(
        "a host, an address, NAMESPACE/POD, NAMESPACE/SERVICE, or a server (pod/…, svc/…, server/… if unclear)",
        "호스트, 주소, 네임스페이스/파드, 네임스페이스/서비스, 서버 (헷갈리면 pod/…, svc/…, server/…)",
    )
    add("source", metavar="SOURCE", help=ends)
    add("target", metavar="TARGET", help=ends)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--icmp", action="store_true", help=say("echo requests (the default)", "에코 요청 (기본)"))
    kinds.add_argument("--tcp", metavar="PORT", help=say("TCP connections to this port", "이 포트에 TCP 연결"))
    kinds.add_argument("--udp", metavar="PORT", help=say("questions by UDP to this port", "이 포트에 UDP 질의"))
    add(
        "--size",
        metavar="BYTES",
        help=say(
            "payload, uncut (DF); --tcp sends HTTP's `OPTIONS *`, --udp a DNS question of this size and smaller",
            "데이터 크기 (DF 를 켠다). --tcp 는 이 크기까지의 HTTP `OPTIONS *` 를, --udp 는 DNS 질의를 보낸다",
        ),
    )
    add("--count", metavar="N", help=say("packets (default: 20, at most 100)", "패킷 수 (기본 20, 최대 100)"))
    add("--both", action="store_true", help=say("the other way as well", "반대 방향도 확인한다"))
    add(
        "--no-capture",
        action="store_true",
        help=say("counters alone, no tcpdump anywhere", "카운터만 쓴다. tcpdump 는 실행하지 않는다"),
    )


async def run(front: Front) -> int:
    from diagnosis.session import open_session

    wanted = _wanted(front)
    session = open_session(front.site, argv=front.argv)
    try:
        return await _trace(front, session, wanted)
    finally:
        await session.close()


async def _trace(front: Front, session: Session, wanted: Wanted) -> int:
    from deadhop.tracing import announce, exit_code, report

    given = front.arguments
    async for view in session.trace(given.source, given.target, wanted, both=given.both):
        if view.running is not None:
            announce(front, view.running)
    report(front, session.id, view.traced, one_way=view.one_way)
    return exit_code([evidence for _, evidence in view.traced])


def _wanted(front: Front) -> Wanted:
    from diagnosis.tracing import LARGEST, MOST, Wanted

    given = front.arguments
    port = _number("--tcp", given.tcp, 65_535) or _number("--udp", given.udp, 65_535)
    protocol = "icmp" if given.icmp else "" if not port else "udp" if given.tcp is None else "tcp"
    return Wanted(
        protocol,
        port,
        _number("--size", given.size, LARGEST),
        _number("--count", given.count, MOST) or 20,
        captures=not given.no_capture,
    )


def _number(option: str, text: str | None, most: int) -> int:
    """0 where it was not given."""
    return 0 if text is None else up_to(most, text, name=option)

"""What traces say."""

from __future__ import annotations

from collections.abc import Mapping

TRACES: Mapping[str, str] = {
    "{file} holds a line of another form": "{file} 에 형식이 다른 줄이 있다",
    "nothing of the site is called {word}": "사이트에서 {word} 를 찾을 수 없다",
    "a host, an address, NAMESPACE/POD, NAMESPACE/SERVICE or a server": "호스트, 주소, 네임스페이스/파드, "
    "네임스페이스/서비스, 서버 가운데 하나를 쓴다",
    "nothing can be sent from {name}: no host of the site is it or has it": "{name} 에서는 보낼 수 없다. "
    "사이트의 호스트도 아니고 그런 호스트에 있지도 않다",
    "give a host that deadhop can log in to: `deadhop site show`": "deadhop 이 로그인할 수 있는 호스트를 쓴다: "
    "`deadhop site show`",
    "the Service {name} has no port": "서비스 {name} 에는 포트가 없다",
    "the Service {name} has no {kind} port {port}": "서비스 {name} 에는 {kind} 포트 {port} 이(가) 없다",
    "it has {ports}": "있는 포트: {ports}",
    "the way to {target} has more than {most} hops": "{target} 까지의 경로가 {most} 홉을 넘는다",
    "begin nearer to it": "더 가까운 장비에서 시작한다",
    "{address} is the address of no single machine": "{address} 는 장비 하나의 주소가 아니다",
    "{address} is another machine's on each network": "{address} 는 네트워크마다 다른 장비의 주소다",
    "the host has no address that it could send there from": "그 호스트에는 그곳으로 보낼 때 쓸 주소가 없다",
    "give one that a machine has": "장비에 있는 주소를 쓴다",
    "the Service {name} is headless: it has no address": "서비스 {name} 은(는) 헤드리스라 주소가 없다",
    "{word} may be several: {kinds}": "{word} 은(는) 여럿일 수 있다: {kinds}",
    "pod/…, svc/… or server/… tells which": "pod/…, svc/…, server/… 를 붙여 구별한다",
    "{target}: nothing could be sent from there": "{target}: 그곳에서 아무것도 보낼 수 없었다",
    "bash is needed there": "그곳에 bash 가 필요하다",
    "has it an IPv6 address? `ip -6 addr`": "그곳에 IPv6 주소가 있는가? `ip -6 addr`",
    "is IPv6 off there?": "그곳의 IPv6 가 꺼져 있는가?",
    "give one that is routed": "라우팅되는 주소를 쓴다",
    "trace to one of its pods": "그 파드 하나를 대상으로 한다",
}

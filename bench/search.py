"""Time of a search at every key, with 10,000 symptoms in English and Korean: `python bench/search.py [--json]`.

The yardstick of the same run is a plain `rapidfuzz.process.extract` (WRatio) over the same titles and phrases.
Times are those of the thread, so that other work on the machine does not count; `wall` is the clock on the wall."""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator

from rapidfuzz import process, utils

from base.errors import Place
from base.text import Text
from knowledge.model import Input, Symptom
from knowledge.search import Index

SYMPTOMS = 10_000
SUBJECTS = """
instance|인스턴스 port|포트 router|라우터 subnet|서브넷 pod|파드 node|노드 service|서비스
endpoint|엔드포인트 agent|에이전트 hypervisor|하이퍼바이저 bridge|브리지 tunnel|터널 route|경로
neighbour|이웃 interface|인터페이스 volume|볼륨 snapshot|스냅샷 image|이미지 ingress|인그레스
certificate|인증서 token|토큰 queue|큐 database|데이터베이스 scheduler|스케줄러 conductor|컨덕터
kubelet|쿠벨렛 proxy|프록시 resolver|리졸버 firewall|방화벽 gateway|게이트웨이 session|세션
peer|피어 lease|임대 quota|쿼터 keypair|키페어 floating_ip|유동_아이피 security_group|보안_그룹"""
FAULTS = """
does not answer|응답하지 않는다; is refused|거절된다; times out|시간이 초과된다;
stays down|내려가 있다; cannot be created|만들어지지 않는다; is not found|찾을 수 없다;
loses packets|패킷을 잃는다; is stuck|멈춰 있다; restarts again and again|계속 재시작한다;
has no address|주소가 없다; is out of space|공간이 부족하다;
uses the wrong network|잘못된 네트워크를 쓴다; was deleted by hand|수동으로 삭제되었다;
is not synchronised|동기화되지 않았다; answers too slowly|응답이 너무 느리다;
is rejected by policy|정책에 의해 거부된다; drops large frames|큰 프레임을 버린다"""
PLACES = """
on the compute host|컴퓨트 호스트에서; after a reboot|재부팅 뒤에; from another node|다른 노드에서;
behind nat|NAT 뒤에서; over the overlay|오버레이에서; in one direction|한쪽 방향으로만;
during an upgrade|업그레이드 중에; inside a namespace|네임스페이스 안에서;
with jumbo frames|점보 프레임으로; through the tunnel|터널을 지나면;
for one tenant only|한 테넌트에서만; when the cluster is full|클러스터가 가득 찼을 때; at night|밤에;
under load|부하가 걸리면"""
TYPED = (
    "instance does not answer from another node",
    "destination port unreachable behind nat",
    "kubelet restarts again and again after a reboot",
    "the tunel drops large framse",
    "ping from master to 192.168.100.101 fails",
    "router has no adress under load",
    "인스턴스가 재부팅 뒤에 응답하지 않는다",
    "다른 노드에서 파드가 응답이없음",
    "방화벽이 큰 프레임을 버린다",
    "유동 아이피로 접속이 안 돼요",
    "kubelet 이 업그레이드 중에 계속 재시작한다",
    "브릿지 터널 시간 초과",
)


def pairs(text: str, separator: str | None = ";") -> list[tuple[str, str]]:
    parts = text.split(separator)
    return [(en.strip(), ko.strip()) for en, _, ko in (part.partition("|") for part in parts)]


def symptoms(count: int) -> Iterator[Symptom]:
    chance = random.Random(3)
    subjects = [(en.replace("_", " "), ko.replace("_", " ")) for en, ko in pairs(SUBJECTS, None)]
    faults, places = pairs(FAULTS), pairs(PLACES)
    for number in range(count):
        (s, s_ko), (other, other_ko) = chance.choice(subjects), chance.choice(subjects)
        (f, f_ko), (p, p_ko) = chance.choice(faults), chance.choice(places)
        code = f"{chance.choice(subjects)[0].replace(' ', '-')}-{number}"
        title = Text(f"The {s} of a {other} {f} {p}", f"{other_ko}의 {s_ko}이(가) {p_ko} {f_ko}")
        signature = re.compile(rf"{code}\[\d+\]: (?P<address>\S+): {f} \(error {number}\)")
        phrases = (f"{s} {f}", f"{other} {code} {p}"), (f"{s_ko} {f_ko}", f"{p_ko} {other_ko} {f_ko}")
        wanted = Input("address", "address", Text("Which?", "어느?"))
        yield Symptom(code, "bench", title, *phrases, (signature,), {"address": wanted}, {}, {}, Place("bench"))


def keystrokes() -> list[str]:
    return [text[: end + 1] for text in TYPED for end in range(len(text))]


def timed(search: Callable[[str], object], texts: list[str], clock: Callable[[], float]) -> list[float]:
    """Milliseconds of each search."""
    took = []
    for text in texts:
        start = clock()
        search(text)
        took.append((clock() - start) * 1000)
    return took


def figures(took: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=100)
    return {"p50_ms": round(cuts[49], 2), "p95_ms": round(cuts[94], 2), "max_ms": round(max(took), 2)}


def measure(count: int) -> dict[str, object]:
    known = list(symptoms(count))
    start = time.thread_time()
    index = Index(known)
    built = time.thread_time() - start
    strings = [text for s in known for text in (s.title.en, s.title.ko, *s.phrases_en, *s.phrases_ko)]
    prepared = [utils.default_process(text) for text in strings]
    texts, hosts = keystrokes(), tuple(f"host-{number}" for number in range(1000))
    thread, wall = time.thread_time, time.perf_counter
    ours = figures(timed(lambda text: index.search(text, hosts=hosts), texts, thread))
    on_the_wall = figures(timed(lambda text: index.search(text, hosts=hosts), texts, wall))
    plain = figures(timed(lambda text: process.extract(text, prepared, limit=8), texts[::12], thread))
    log = "\n".join(f"Feb 20 02:35:34 h u[1]: line {number} of a log" for number in range(20_000))
    paste = f"{log}\n{known[77].id}[1]: 10.0.0.1: {known[77].phrases_en[0]}"
    return {
        "symptoms": count,
        "strings": len(strings),
        "keys": len(texts),
        "build_s": round(built, 2),
        "search": ours,
        "wall": on_the_wall,
        "paste_1mb": figures(timed(index.search, [paste] * 5, thread)),
        "plain_rapidfuzz": plain,
        "ratio_p95": round(ours["p95_ms"] / plain["p95_ms"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--symptoms", type=int, default=SYMPTOMS)
    arguments = parser.parse_args()
    found = measure(arguments.symptoms)
    if arguments.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:16} {value}")


if __name__ == "__main__":
    main()

"""The shipped symptoms found by what operators type: terse, misspelt, without spaces, in two languages at once."""

from __future__ import annotations

import pytest

from diagnosis.catalog import catalog
from knowledge.load import load, shipped
from knowledge.search import Index

HOSTS = ("master", "controller", "compute", "compute2", "openstack-host", "kubernetes-host")

ENGLISH = {
    "bgp-session-down": (
        "bgp down",
        "bgp session not established",
        "bgp neighbor idle",
        "bgp peer stuck in active",
        "bgp neigbor down",
        "bgp routes missing",
        "bgp summary shows (Policy)",
        "no prefixes received from bgp peer",
        "frr bgpd not running",
        "OPEN Message Error/Bad Peer AS",
        "wrong remote-as",
        "running config differs from frr.conf",
    ),
    "no-answer-to-ping": (
        "ping no reply",
        "ping doesnt work",
        "can't ping vm",
        "100% packet loss",
        "packets are lost on the way",
        "request timed out",
        "ping gets no answr",
        "destination host unreachable",
        "network unreachable",
        "vm not reachable",
        "no response from server ping",
        "can not ping 10.0.0.5 from master",
        "pinging the instance fails",
        "server does not answer pings",
        "no connectivity between hosts",
    ),
    "destination-port-unreachable": (
        "destination port unreachable",
        "destinaton port unreachble",
        "dest port unreachable",
        "ping says port unreachable",
        "ping rejected",
        "libvirt nat blocks inbound",
        "hypervisor answers port unreachable",
        "icmp rejected by libvirt",
    ),
    "large-packets-vanish": (
        "mtu problem",
        "mtu mismatch",
        "small packets ok, large packets lost",
        "curl hangs after connect",
        "ssh hangs at key exchange but ping works",
        "kubectl logs hangs",
        "scp stalls",
        "path mtu blackhole",
    ),
    "tunnel-loses-large-packets": (
        "vxlan mtu too big",
        "flannel mtu wrong",
        "pods hang with large responses",
    ),
    "one-direction-only": (
        "one way ping",
        "only one direction works",
        "a pings b, b does not ping a",
        "ping works from a to b but not from b to a",
        "asymetric routing",
        "replies never come back",
        "reverse direction fails",
        "works outbound not inbound",
    ),
    "host-does-not-answer-ssh": (
        "ssh refused",
        "ssh conection refussed",
        "ssh timeout",
        "ssh hangs forever",
        "ssh just hangs",
        "sshd not running",
        "port 22 closed",
        "server down",
        "cannot ssh into server",
        "can't login to the box",
        "SSH to compute2 hangs",
        "server not responding to ssh",
        "unable to ssh",
    ),
    "host-key-changed": (
        "host key changed",
        "hostkey chnaged",
        "host key verification failed",
        "known_hosts mismatch",
        "offending key in known_hosts",
        "ssh fingerprint mismatch",
        "got a man-in-the-middle warning",
        "wrong host key",
        "ssh key changed after reinstall",
    ),
    "node-not-ready": (
        "node NotReady",
        "node not ready",
        "k8s worker notready",
        "kubelet stopped posting node status",
        "kubelet wont start",
        "kubelet keeps restarting",
        "containerd is down",
        "cni plugin not initialized",
        "kubelet swap error",
        "node has disk pressure",
        "no space left on device",
        "cp: error writing '/var/lib/x': No space left on device",
        "disk enlarged but df is the same",
    ),
    "pod-does-not-start": (
        "pod pending",
        "kubernetes pod pending",
        "pod stuck ContainerCreating",
        "CrashLoopBackOff",
        "crashloopbackoff pod",
        "imagepullbackoff",
        "cannot pull image",
        "pod keeps crashing",
        "failed to create pod sandbox",
        "flannel subnet.env missing",
        "pvc pending",
        "pod not scheduled",
        'Failed to pull image "nginx": write /var/lib/containerd/x: no space left on device',
        "web-6c5d8 0/1 CrashLoopBackOff 3 2m",
    ),
    "node-without-pod-cidr": (
        "pod cidr not assigned",
        "node has no podcidr",
        "flannel lease fails",
        "no CIDR left",
    ),
    "kubernetes-api-does-not-answer": (
        "kubectl connection refused",
        "kubectl not working",
        "unable to connect to the server",
        "k8s api down",
        "apiserver crash",
        "kubectl certificate expired",
        "etcd down",
        "6443 refused",
        'Get "https://172.20.112.101:6443/api/v1/nodes?limit=500": net/http: TLS handshake timeout - error from a '
        "previous attempt: read tcp 172.20.112.101:48432->172.20.112.101:6443: read: connection reset by peer",
        'Error from server: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while '
        'dialing: dial tcp 127.0.0.1:2379: connect: connection refused"',
        "logging.go:55] [core] [Channel #4]grpc: addrConn.createTransport failed to connect to {Addr: "
        '"127.0.0.1:2379", ServerName: "127.0.0.1:2379"}. Err: connection error: desc = "transport: Error"',
    ),
    "node-cannot-join": (
        "kubeadm join fails",
        "join token expired",
        "worker wont join cluster",
        "could not find a JWS signature",
        "[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: "
        "/proc/sys/net/ipv4/ip_forward contents are not set to 1",
        "[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: "
        "/proc/sys/net/bridge/bridge-nf-call-iptables does not exist",
    ),
    "hypervisor-without-tunnels": (
        "error: \"No usable peer 'patch-int' exists in 'system' datapath.\"",
        "ovs-vsctl: no bridge named br-tun",
    ),
    "server-gets-no-address-or-metadata": (
        "2026-01-01 10:00:00,123 - url_helper.py[WARNING]: Calling "
        "'http://169.254.169.254/2009-04-04/meta-data/instance-id' failed [50/240s]: request error",
        "Calling 'http://[fe80::a9fe:a9fe%25eth0]/openstack' failed [0/-1s]: request error",
    ),
    "server-does-not-start": (
        "PermissionError: [Errno 13] Permission denied: '/var/lib/nova/instances'",
        "bridge_mappings not applied after kolla-ansible reconfigure",
    ),
    "agents-or-services-down": (
        "Bridge br-ex for physical network physnet1 does not exist. Agent terminated!",
        "nova-compute down, clock off",
    ),
    "harbor-does-not-start": (
        "harbor-jobservice CrashLoopBackOff … dial tcp 10.96.1.2:80: connect: connection refused",
        "harbor-jobservice-6c5d8 0/1 CrashLoopBackOff 3 2m",
        "harbor-core CrashLoopBackOff",
    ),
}

KOREAN = {
    "bgp-session-down": (
        "bgp 세션이 안붙음",
        "BGP 네이버 다운",
        "bgp 피어가 Idle 이에요",
        "bgp 가 Active 에서 안 넘어감",
        "BGP 라우트가 안 들어와요",
        "bgp 로 받던 라우트가 없어졌어요",
        "frr 이 죽었어요",
        "bgpd 가 안떠요",
        "remote-as 잘못 넣음",
        "running-config 랑 frr.conf 가 달라요",
    ),
    "no-answer-to-ping": (
        "핑이 안됨",
        "핑안감",
        "핑이나가질않아요",
        "ping 응답없음",
        "ping이 안들어가요",
        "핑 타임아웃 떠요",
        "패킷 100% 손실",
        "패킷이 다 유실돼요",
        "인스턴스에 핑이 안 가요",
        "vm ping 안됨",
        "서버가 핑에 응답 안함",
        "다른 대역으로 통신이 안됨",
        "서버끼리 통신이 안돼요",
        "통신불가",
        "호스트 언리처블",
    ),
    "destination-port-unreachable": (
        "포트 언리처블",
        "포트언리처블",
        "핑하면 port unreachable 떠요",
        "Destination Port Unreachable 뜸",
        "데스티네이션 포트 언리처블",
        "libvirt가 막음",
        "한 VM은 되는데 다른 VM은 port unreachable",
        "방화벽이 핑 거절",
    ),
    "large-packets-vanish": (
        "mtu 문제",
        "mtu 불일치",
        "핑은 되는데 ssh 가 키교환에서 멈춤",
        "큰 패킷만 유실",
        "연결은 되는데 멈춰요",
        "큰 파일만 전송이 안돼요",
    ),
    "tunnel-loses-large-packets": (
        "vxlan mtu 너무 큼",
        "파드끼리 큰 요청만 멈춤",
    ),
    "one-direction-only": (
        "단방향 통신",
        "한쪽만 핑됨",
        "한쪽방향만통신",
        "한방향 통신만 가능",
        "반대로는 핑이 안됨",
        "a에서 b는 되는데 b에서 a는 안됨",
        "응답이 안 돌아옴",
        "비대칭라우팅",
        "나가는건 되는데 들어오는게 안됨",
    ),
    "host-does-not-answer-ssh": (
        "ssh 안됨",
        "ssh접속안됨",
        "ssh가 안붙어요",
        "ssh 타임아웃",
        "ssh 연결 거부됨",
        "ssh 먹통",
        "ssh 응답없음",
        "에스에스에이치 안돼요",
        "sshd 죽음",
        "22번 포트 안열림",
        "서버 접속이 안돼요",
        "서버에 못 들어가요",
        "서버가 죽었어요",
    ),
    "host-key-changed": (
        "호스트키 바뀜",
        "호스트키바뀌었다고떠요",
        "호스트 키 변경",
        "호스트키가 안맞아요",
        "키 검증 실패",
        "지문이 달라요",
        "핑거프린트가 다름",
        "known_hosts 충돌",
        "재설치했더니 ssh 경고",
        "중간자 공격 경고",
    ),
    "node-not-ready": (
        "노드 NotReady",
        "노드가 낫레디예요",
        "쿠버네티스 노드가 안 올라와요",
        "워커노드 죽음",
        "kubelet 안뜸",
        "큐블릿이 죽었어요",
        "containerd 죽음",
        "cni 초기화 안됨",
        "swap 켜져서 kubelet 안됨",
        "디스크를 늘렸는데 df 에는 그대로예요 파티션이 안 늘어남",
    ),
    "pod-does-not-start": (
        "파드가 안떠요",
        "파드 Pending",
        "팟이 안올라와요",
        "파드가 계속 재시작돼요",
        "이미지를 못 가져와요",
        "PVC 바인딩 안됨",
        "파드 스케줄링이 안돼요",
    ),
    "node-without-pod-cidr": (
        "pod cidr not assigned 떠요",
        "노드에 podCIDR 없음",
        "파드 대역 할당 안됨",
    ),
    "kubernetes-api-does-not-answer": (
        "kubectl 안됨",
        "API 서버 죽음",
        "apiserver가 응답없음",
        "쿠버네티스 API 접속이 안돼요",
        "etcd 죽었어요",
    ),
    "node-cannot-join": (
        "kubeadm join 실패",
        "조인 토큰 만료됨",
        "워커노드 조인이 안돼요",
        "kubeadm preflight 에서 ip_forward 오류나요",
    ),
    "hypervisor-without-tunnels": (
        "br-tun 브리지가 없어요",
        "ovs 패치 포트 상대가 없대요",
    ),
    "server-does-not-start": (
        "kolla-ansible reconfigure 했는데 bridge_mappings가 컴퓨트 노드에 적용이 안 돼요",
        "nova 인스턴스 디렉터리 쓰기 권한 없음",
    ),
    "agents-or-services-down": (
        "nova-compute 가 down 상태입니다 시간이 안 맞는 것 같아요",
        "브리지가 없어서 에이전트가 죽었어요",
    ),
    "harbor-does-not-start": ("harbor-jobservice 가 CrashLoopBackOff 예요",),
}

UNRELATED = (
    "disk full",
    "how to bake bread",
    "mysql replication lag",
    "nginx 502 bad gateway",
    "certificate expired",
    "license key changed",
    "git push rejected",
    "key to success",
    "port of spain",
    "디스크가 꽉 찼어요",
    "오늘 점심 뭐 먹지",
    "인증서 만료",
    "키보드가 고장났다",
    "프린터가 안돼요",
    "메일이 안 보내짐",
    "asdfgh qwerty",
    "ㅁㄴㅇㄹ",
)

TOO_LITTLE = ("ping", "host", "server", "port", "vm", "network", "키", "서버", "방화벽", "안 된다", "cannot")
"""Words that several symptoms share, or that say nothing: a guess may be listed, not taken."""

KUBEADM = "\n".join(
    (
        "[root@master ~]# kubeadm init",
        "[kubelet-check] The kubelet is not healthy after 4m0.002528672s",
        "The HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: "
        'Get "http://127.0.0.1:10248/healthz": dial tcp 127.0.0.1:10248: connect: connection refused',
    )
)
SWAP = """[root@compute ~]# kubeadm join 10.0.0.10:6443
[preflight] Some fatal errors occurred:
\t[ERROR Swap]: running with swap on is not supported. Please disable swap
"""

TYPED = [(text, symptom) for language in (ENGLISH, KOREAN) for symptom, texts in language.items() for text in texts]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(load((shipped(),), catalog()).knowledge.symptoms.values())


@pytest.mark.parametrize(("text", "symptom"), TYPED)
def test_what_is_typed_finds_its_symptom_first(index: Index, text: str, symptom: str) -> None:
    found = index.search(text, hosts=HOSTS).matches
    assert [match.symptom for match in found[:1]] == [symptom]


@pytest.mark.parametrize("text", [*UNRELATED, *TOO_LITTLE])
def test_nothing_is_taken_for_granted_on_other_words(index: Index, text: str) -> None:
    assert not index.search(text, hosts=HOSTS).confident


def test_titles_and_phrases_find_their_own_symptom(index: Index) -> None:
    for symptom in load((shipped(),), catalog()).knowledge.symptoms.values():
        texts = (symptom.title.en, symptom.title.ko, *symptom.phrases_en, *symptom.phrases_ko)
        lost = [text for text in texts if index.search(text).matches[0].symptom != symptom.id]
        assert lost == []


def test_half_a_word_already_points_the_way(index: Index) -> None:
    for text, symptom in (
        ("destination po", "destination-port-unreachable"),
        ("ssh conn", "host-does-not-answer-ssh"),
    ):
        assert index.search(text).matches[0].symptom == symptom


@pytest.mark.parametrize(("text", "node"), [(KUBEADM, "master"), (SWAP, "compute")], ids=["kubelet-check", "swap"])
def test_a_kubelet_that_does_not_start_is_no_service_that_does_not_answer(
    index: Index, text: str, node: str
) -> None:
    found = index.search(text, hosts=HOSTS)
    assert found.confident
    assert (found.matches[0].symptom, dict(found.matches[0].inputs)) == ("node-not-ready", {"node": node})

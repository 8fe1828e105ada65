"""Symptoms for tests of the search: the outages that operators wrote up, as titles, phrases and signatures."""

from __future__ import annotations

import re

from base.errors import Place
from base.text import Text
from knowledge.model import Input, Symptom

_PLACE = Place("samples.yaml")
_SOURCE = Input("source", "host", Text("Which machine?", "어느 장비?"), paste="prompt-host")
_TARGET = Input("target", "address", Text("Which address?", "어느 주소?"))
_HOST = Input("host", "host", Text("Which host?", "어느 호스트?"))
_NODE = Input("node", "host", Text("Which node?", "어느 노드?"), paste="prompt-host")


def symptom(
    name: str,
    title: tuple[str, str],
    phrases: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
    signatures: tuple[str, ...] = (),
    inputs: tuple[Input, ...] = (),
) -> Symptom:
    patterns = tuple(map(re.compile, signatures))
    by_name = {wanted.name: wanted for wanted in inputs}
    return Symptom(name, "host", Text(*title), *phrases, patterns, by_name, {}, {}, _PLACE)


SYMPTOMS = (
    symptom(
        "destination-port-unreachable",
        (
            'Ping to an instance answers "Destination Port Unreachable"',
            '인스턴스로 ping 하면 "Destination Port Unreachable" 이 돌아온다',
        ),
        (
            ("vm behind libvirt nat not reachable from another host", "one vm answers and the other does not"),
            ("다른 호스트에서 VM 으로 ping 이 거절된다",),
        ),
        (r"From (?P<rejecter>\S+) icmp_seq=\d+ Destination Port Unreachable",),
        (_SOURCE, _TARGET),
    ),
    symptom(
        "no-answer-to-ping",
        ("Ping gets no answer at all", "ping 에 아무 응답이 없다"),
        (
            ("100% packet loss", "packets disappear silently", "host does not answer ping"),
            ("패킷이 전부 유실된다", "핑이 안 나간다"),
        ),
        (r"\d+ packets transmitted, 0 received, (?:\+\d+ errors, )?100% packet loss",),
        (_SOURCE, _TARGET),
    ),
    symptom(
        "one-direction-only",
        ("Traffic works in one direction only", "한쪽 방향으로만 통신이 된다"),
        (("the reply never comes back", "asymmetric route"), ("응답 패킷이 돌아오지 않는다", "단방향 통신만 된다")),
        (),
        (_SOURCE, _TARGET),
    ),
    symptom(
        "host-does-not-answer-ssh",
        ("A host does not answer SSH", "호스트에 SSH 접속이 안 된다"),
        (
            ("ssh hangs without a prompt", "ssh connection refused", "ssh connection timed out"),
            ("ssh 접속이 멈춰 있다", "ssh 연결이 거부된다"),
        ),
        (
            r"ssh: connect to host (?P<host>\S+) port \d+: (?:Connection refused|Connection timed out)",
            r"kex_exchange_identification: ",
        ),
        (_HOST,),
    ),
    symptom(
        "host-key-changed",
        ("SSH says the host key has changed", "SSH 호스트 키가 바뀌었다고 한다"),
        (("remote host identification has changed",), ("known_hosts 키 충돌이 난다",)),
        (
            r"WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!",
            r"Host key for (?P<address>\S+) has changed and you have requested strict checking",
        ),
        (Input("address", "address", Text("Which address?", "어느 주소?")),),
    ),
    symptom(
        "kubelet-swap-on",
        ("kubelet does not start: swap is on", "swap 이 켜져 있어 kubelet 이 시작되지 않는다"),
        (("kubeadm init fails because of swap",), ("kubelet 이 안 뜬다",)),
        (r"running with swap on is not supported",),
        (_NODE,),
    ),
    symptom(
        "kubelet-unhealthy",
        ("kubeadm says the kubelet is not healthy", "kubeadm init 중 kubelet 이 정상이 아니라고 한다"),
        ((), ()),
        (r"The kubelet is not healthy",),
        (_NODE,),
    ),
    symptom(
        "flannel-subnet-env-missing",
        (
            "Pods stay in ContainerCreating: subnet.env is missing",
            "subnet.env 가 없어 파드가 ContainerCreating 에 멈춘다",
        ),
        ((), ()),
        (r"loadFlannelSubnetEnv failed: open (?P<path>\S+): no such file or directory",),
        (Input("path", "path", Text("Which file?", "어느 파일?")),),
    ),
    symptom(
        "pod-sandbox-fails",
        ("A pod's sandbox cannot be created", "파드 샌드박스를 만들지 못한다"),
        ((), ()),
        (r"Failed to create pod sandbox",),
    ),
    symptom(
        "flannel-crash-loop",
        ("flannel is in CrashLoopBackOff", "flannel 이 CrashLoopBackOff 상태다"),
        ((), ()),
        (r"CrashLoopBackOff", r"node \"(?P<node>\S+)\" pod cidr not assigned"),
        (_NODE,),
    ),
    symptom(
        "max-retries-exceeded",
        ("Instance creation ends in MaxRetriesExceeded", "인스턴스 생성 시 MaxRetriesExceeded 가 발생한다"),
        ((), ()),
        (r"Exceeded maximum number of retries\.",),
    ),
    symptom(
        "port-binding-failed",
        ("Binding failed for a Neutron port", "Neutron 포트 바인딩에 실패한다"),
        (("bridge_mappings missing on the compute node",), ("컴퓨트 노드에 bridge_mappings 가 없다",)),
        (r"Binding failed for port (?P<port>[0-9a-f-]{36})",),
        (Input("port", "name", Text("Which port?", "어느 포트?")),),
    ),
    symptom(
        "patch-port-without-peer",
        ("OVS: no usable peer for a patch port", "OVS 패치 포트의 상대가 없다"),
        (("br-tun is missing",), ("br-tun 브리지가 없다",)),
        (r"No usable peer '(?P<peer>[\w-]+)' exists in '\w+' datapath",),
        (_NODE,),
    ),
    symptom(
        "node-ip-not-local",
        ("kubelet refuses its node IP", "kubelet 이 node IP 를 거부한다"),
        ((), ()),
        (r'failed to validate nodeIP: node IP: \\?"(?P<address>[^"\\]+)\\?" not found',),
        (Input("address", "address", Text("Which address?", "어느 주소?")), _NODE),
    ),
    symptom(
        "floating-ip-not-reachable",
        ("A floating IP cannot be reached", "유동 IP(Floating IP)에 접근할 수 없다"),
        (("external network is not reachable from subnet",), ("플로팅 아이피 할당이 안 된다",)),
    ),
    symptom(
        "pods-cross-node",
        ("Pods on different nodes cannot talk", "서로 다른 노드의 파드끼리 통신이 안 된다"),
        (
            ("same node pods talk but cross node pods do not",),
            ("같은 노드의 파드끼리는 되는데 다른 노드는 안 된다",),
        ),
    ),
    symptom(
        "pod-dns-times-out",
        ("DNS inside pods times out", "파드 안에서 DNS 조회가 타임아웃된다"),
        (("nslookup kubernetes.default times out",), ("nslookup 타임아웃",)),
    ),
    symptom(
        "bgp-not-established",
        ("A BGP session is not Established", "BGP 세션이 Established 가 되지 않는다"),
        (("frr neighbor stuck in Active",), ("frr 피어링이 맺어지지 않는다",)),
    ),
)

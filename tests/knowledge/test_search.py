"""Search by what operators really paste and type."""

import threading

import pytest

from knowledge.search import Index, Match, Results
from tests.knowledge.samples import SYMPTOMS, symptom

HOSTS = ("master", "compute", "compute2", "controller", "k8s-worker-1", "kubernetes-host", "openstack-host")

PING = """[root@controller ~]# ping 172.20.112.101
PING 172.20.112.101 (172.20.112.101) 56(84) bytes of data.
64 bytes from 172.20.112.101: icmp_seq=1 ttl=62 time=2.47 ms
[root@master ~]# ping 192.168.100.101
PING 192.168.100.101 (192.168.100.101) 56(84) bytes of data.
From 10.10.10.1 icmp_seq=1 Destination Port Unreachable
From 10.10.10.1 icmp_seq=2 Destination Port Unreachable
[root@master ~]# ping 192.168.100.102
PING 192.168.100.102 (192.168.100.102) 56(84) bytes of data.
64 bytes from 192.168.100.102: icmp_seq=1 ttl=62 time=2.08 ms
"""
REFUSED = """[root@master ~]# ping -c 2 192.168.100.101
PING 192.168.100.101 (192.168.100.101) 56(84) bytes of data.
From 10.10.10.1 icmp_seq=1 Destination Port Unreachable

--- 192.168.100.101 ping statistics ---
2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1002ms
"""
SILENT = """$ ping -c 2 10.0.0.9
PING 10.0.0.9 (10.0.0.9) 56(84) bytes of data.

--- 10.0.0.9 ping statistics ---
2 packets transmitted, 0 received, 100% packet loss, time 1002ms
"""
KEY_CHANGED = """$ ssh -i mykey.pem rocky@192.168.100.29
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Offending ECDSA key in /root/.ssh/known_hosts:3
Host key for 192.168.100.29 has changed and you have requested strict checking.
Host key verification failed.
"""
KUBELET = """$ journalctl -u kubelet --no-pager -n 50
Feb 20 02:35:34 master systemd[1]: Started kubelet: The Kubernetes Node Agent.
Feb 20 02:35:34 master kubelet[7974]: I0220 02:35:34.079829 7974 swap_util.go:115] "Swap is on" contents=<
Feb 20 02:35:34 master kubelet[7974]: >
Feb 20 02:35:34 master kubelet[7974]: E0220 02:35:34.079864 7974 run.go:72] "command failed" err="failed \
to run Kubelet: running with swap on is not supported, please disable swap or set --fail-swap-on flag to false"
Feb 20 02:35:34 master systemd[1]: kubelet.service: Main process exited, code=exited, status=1/FAILURE
"""
KUBEADM = (
    """[kubelet-check] The kubelet is not healthy after 4m0.002528672s
Unfortunately, an error has occurred:
"""
    + KUBELET
)
SANDBOX = (
    "Warning FailedCreatePodSandBox 13s (x7 over 88s) kubelet (combined from similar events): Failed to create pod "
    "sandbox: rpc error: code = Unknown desc = failed to create pod network sandbox k8s_x: error adding pod to "
    'CNI network "cbr0": plugin type="flannel" failed (add): loadFlannelSubnetEnv failed: open '
    "/run/flannel/subnet.env: no such file or directory"
)
FLANNEL = """kube-flannel kube-flannel-ds-74fzj 0/1 CrashLoopBackOff 7 (23s ago) 11m
$ kubectl logs -p kube-flannel-ds-74fzj -n kube-flannel
main.go:359] Error registering network: failed to acquire lease: node "master" pod cidr not assigned
"""
RETRIES = (
    "2025-08-13 03:36:10.224 65970 ERROR nova.conductor.manager [None req-1 - - - -] Failed to schedule instances: "
    "nova.exception.MaxRetriesExceeded: Exceeded maximum number of retries. Exhausted all hosts available for "
    "retrying build failures for instance 4c904549-f28f-4d89-b47d-b1de8135152a.\n"
    "2025-08-13 03:36:11.100 65970 ERROR nova.compute.manager [None req-1 - - - -] nova.exception.PortBinding"
    "Failed: "
    "Binding failed for port e8826b23-3540-4c82-9a7f-efdac7439294, please check neutron logs for more information."
)
PATCH = """즉, 서로 통신해야 합니다.[root@compute ~]# ovs-vsctl show
Port patch-tun
error: "No usable peer 'patch-int' exists in 'system' datapath."
"""
NODE_IP = (
    "Aug 15 11:49:04 k8s-worker-1.novalocal kubelet[16356]: E0815 11:49:04.325917 16356 kubelet_node_status.go:1] "
    '"Failed to set some node status fields" err="failed to validate nodeIP: node IP: \\"192.168.200.106\\" not '
    "found "
    'in the host\'s network interfaces" node="k8s-worker-1"'
)
REFUSED_SSH = "ssh: connect to host compute2 port 22: Connection refused"

PASTED = {
    PING: ("destination-port-unreachable", {"source": "master", "target": "192.168.100.101"}),
    REFUSED: ("destination-port-unreachable", {"source": "master", "target": "192.168.100.101"}),
    SILENT: ("no-answer-to-ping", {"target": "10.0.0.9"}),
    KEY_CHANGED: ("host-key-changed", {"address": "192.168.100.29"}),
    KUBELET: ("kubelet-swap-on", {"node": "master"}),
    KUBEADM: ("kubelet-swap-on", {"node": "master"}),
    SANDBOX: ("flannel-subnet-env-missing", {"path": "/run/flannel/subnet.env"}),
    FLANNEL: ("flannel-crash-loop", {"node": "master"}),
    RETRIES: ("port-binding-failed", {"port": "e8826b23-3540-4c82-9a7f-efdac7439294"}),
    PATCH: ("patch-port-without-peer", {"node": "compute"}),
    NODE_IP: ("node-ip-not-local", {"address": "192.168.200.106", "node": "k8s-worker-1"}),
    REFUSED_SSH: ("host-does-not-answer-ssh", {"host": "compute2"}),
}

TYPED = {
    "destination port unreachable": "destination-port-unreachable",
    "destinaton prot unreachabel": "destination-port-unreachable",
    "one vm answers, other does not": "destination-port-unreachable",
    "인스턴스로 핑이 안 된다": "destination-port-unreachable",
    "인스턴스로 ping 하면 destination unreachable": "destination-port-unreachable",
    "ping gets no answer": "no-answer-to-ping",
    "packet loss 100 percent": "no-answer-to-ping",
    "핑이안나가요": "no-answer-to-ping",
    "ping 응답없음": "no-answer-to-ping",
    "응답이 아무것도 없음": "no-answer-to-ping",
    "one way traffic only": "one-direction-only",
    "단방향 통신": "one-direction-only",
    "ssh hangs": "host-does-not-answer-ssh",
    "ssh 접속이 안돼요": "host-does-not-answer-ssh",
    "에스에스에이치 접속 불가": "host-does-not-answer-ssh",
    "host key has changed": "host-key-changed",
    "호스트키가 바뀌었습니다": "host-key-changed",
    "known hosts conflict": "host-key-changed",
    "swap 때문에 kubelet이 안떠요": "kubelet-swap-on",
    "다른노드 파드끼리 통신 불가": "pods-cross-node",
    "pods on differnt nodes": "pods-cross-node",
    "pod dns 타임아웃": "pod-dns-times-out",
    "floating ip 접속 안됨": "floating-ip-not-reachable",
    "bgp session not coming up": "bgp-not-established",
    "BRIDGE_MAPPINGS": "port-binding-failed",
}

NOTHING = (
    "",
    "   ",
    "\n\n",
    "asdf qwer zxcv",
    "ㅁㄴㅇㄹ ㅂㅈㄷㄱ",
    "오늘 점심 뭐 먹지",
    "what a lovely day for a picnic",
    "\x00\x01\x02\xff",
    "!!! ??? ...",
    "12345 67890",
    "a@a@a@a",
    "can it not be the",
    "이 것은 안 된다",
    "x",
    "0" * 1000,
    "\udcff\udcfe",
)


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(SYMPTOMS)


def search(index: Index, text: str) -> Results:
    return index.search(text, hosts=HOSTS)


@pytest.mark.parametrize("text", PASTED)
def test_a_paste_finds_its_symptom_and_fills_its_inputs(index: Index, text: str) -> None:
    name, inputs = PASTED[text]
    found = search(index, text)
    assert found.confident
    assert found.matches[0].symptom == name
    assert dict(found.matches[0].inputs) == inputs


@pytest.mark.parametrize("text", TYPED)
def test_typed_words_find_their_symptom(index: Index, text: str) -> None:
    assert search(index, text).matches[0].symptom == TYPED[text]


@pytest.mark.parametrize("text", NOTHING)
def test_what_means_nothing_finds_nothing(index: Index, text: str) -> None:
    assert search(index, text) == Results()


def inputs_of(index: Index, text: str, symptom: str) -> dict[str, str]:
    matches: dict[str, Match] = {match.symptom: match for match in search(index, text).matches}
    return dict(matches[symptom].inputs)


@pytest.mark.parametrize(
    "text",
    [
        "ping from master to 192.168.100.101 fails",
        "master에서 192.168.100.101로 ping 이 안 가요",
        "ping 이 안 됨 master -> 192.168.100.101",
        "MASTER: cannot ping 192.168.100.101",
    ],
)
def test_hosts_and_addresses_in_free_text_fill_inputs(index: Index, text: str) -> None:
    expected = {"source": "master", "target": "192.168.100.101"}
    assert inputs_of(index, text, "destination-port-unreachable") == expected


def test_what_could_be_two_things_fills_nothing(index: Index) -> None:
    text = "ping fails, 10.0.0.1 10.0.0.2, master compute"
    assert inputs_of(index, text, "destination-port-unreachable") == {}


def test_a_target_is_never_taken_for_the_source(index: Index) -> None:
    assert "source" not in inputs_of(index, "cannot ping to compute2, no answer", "no-answer-to-ping")


def test_hosts_the_site_does_not_have_are_asked_for(index: Index) -> None:
    paste = REFUSED.replace("root@master", "root@elsewhere")
    assert "source" not in search(index, paste).matches[0].inputs
    assert index.search(paste).matches[0].inputs["source"] == "elsewhere"


@pytest.mark.parametrize(
    "hostile", ["10.0.0.1;id", "$(id)", "`id`", "-oProxyCommand=id", "../../etc", "10.0.0.300"]
)
def test_captures_that_fail_their_kind_are_dropped(index: Index, hostile: str) -> None:
    text = f"Host key for {hostile} has changed and you have requested strict checking"
    assert search(index, text).matches[0].inputs == {}


def test_errors_stand_before_their_wrappers(index: Index) -> None:
    names = [match.symptom for match in search(index, RETRIES).matches]
    assert names.index("port-binding-failed") < names.index("max-retries-exceeded")
    names = [match.symptom for match in search(index, SANDBOX).matches]
    assert names.index("flannel-subnet-env-missing") < names.index("pod-sandbox-fails")


def test_of_two_pings_before_an_error_the_nearer_one_is_meant() -> None:
    pattern = r"PING \S+ \((?P<target>[0-9.]+)\)[\s\S]{0,4000}?From \S+ icmp_seq=\d+ Destination Port Unreachable"
    (_, target) = SYMPTOMS[0].inputs.values()
    greedy = Index([symptom("greedy", ("x", "y"), ((), ()), (pattern,), (target,))])
    without_prompts = "\n".join(line for line in PING.splitlines() if not line.startswith("["))
    for text in (PING, without_prompts):
        assert greedy.search(text).matches[0].inputs == {"target": "192.168.100.101"}


def test_reasons_are_given_in_both_languages_and_inert(index: Index) -> None:
    (first, *_) = search(index, PING).matches
    line = "From 10.10.10.1 icmp_seq=1 Destination Port Unreachable"
    assert first.reason.en == f"the line “{line}” is its error"
    assert line in first.reason.ko
    assert first.matched == line
    (first, *_) = search(index, "핑이 안 나간다").matches
    assert "핑이 안 나간다" in first.reason.ko


def test_escapes_in_a_paste_hide_nothing_and_show_nothing(index: Index) -> None:
    found = search(index, "\x1b[31mFrom 10.10.10.1 icmp_seq=1 \x1b[1mDestination Port Unreachable\x1b[0m")
    assert found.matches[0].symptom == "destination-port-unreachable"
    assert "\x1b" not in found.matches[0].reason.en + found.matches[0].matched


def test_scores_are_bounded_ordered_and_repeatable(index: Index) -> None:
    for text in (*PASTED, *TYPED):
        found = search(index, text)
        scores = [match.score for match in found.matches]
        assert all(0 < score <= 100 for score in scores)
        assert scores == sorted(scores, reverse=True)
        assert search(index, text) == found == search(Index(reversed(SYMPTOMS)), text)


def test_limit_is_kept(index: Index) -> None:
    assert len(index.search("ping", limit=1).matches) == 1


def test_no_symptoms_find_nothing() -> None:
    assert Index(()).search("ping") == Results()


def test_only_clear_answers_are_confident(index: Index) -> None:
    assert search(index, "SSH says the host key has changed").confident
    for text in ("ping", "kubelet", "pod", "의"):
        assert not search(index, text).confident, text


def test_a_megabyte_says_that_it_was_not_searched_whole(index: Index) -> None:
    found = search(index, "noise line\n" * 90_000 + REFUSED)
    assert found.truncated
    assert found.matches[0].symptom == "destination-port-unreachable"


def test_threads_may_search_together(index: Index) -> None:
    texts = [text[:end] for text in TYPED for end in range(1, len(text), 3)]
    expected = [search(index, text) for text in texts]
    fresh = Index(SYMPTOMS)
    seen: list[list[Results]] = []
    threads = [
        threading.Thread(target=lambda: seen.append([search(fresh, text) for text in texts])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [expected] * 4

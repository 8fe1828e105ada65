"""Names and Services as nodes and pods find them: what is sent, what is read, what is concluded of it."""

from __future__ import annotations

import msgspec
import pytest

from probes.cluster import shapes
from probes.cluster.backends import bad_backends, owner_of, similar
from probes.cluster.dns import behind, dns_pod, parse_domain, parse_forwards
from probes.cluster.leftovers import Claim, ClaimingPod, _is_ready, _last_those_that_ask, is_core, twins
from probes.cluster.policies import FREE, NONE_KNOWN, Held, Known, Policy, denying, held
from probes.cluster.service_path import _is_current
from probes.cluster.standpoints import Tried, chosen
from probes.node.dns_message import outcome, question
from probes.node.service_rules import NO_RULES, OTHER, parse_ipvs, parse_rules
from probes.node.tries import Try, parse_outcomes
from probes.node.way_out import masquerades, parse_nameservers, parse_resolv_conf

SAVE = """\
-A KUBE-SERVICES -d 10.104.104.207/32 -p tcp -m comment --comment "default/web" -m tcp --dport 80 -j KUBE-SVC-LOL
-A KUBE-SERVICES -d 10.104.104.20/32 -p tcp -m comment --comment "default/other" -m tcp --dport 80 -j KUBE-SVC-OTHER
-A KUBE-SVC-LOL ! -s 10.244.0.0/16 -d 10.104.104.207/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOL -m comment --comment "-> 10.244.1.4:8080" -m statistic --mode random --probability 0.5 -j KUBE-SEP-A
-A KUBE-SVC-LOL -m comment --comment "-> 10.244.2.3:8080" -j KUBE-SEP-B
-A KUBE-SEP-A -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.4:8080
-A KUBE-SEP-B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.2.3:8080
"""
EXTERNAL = """\
-A KUBE-SERVICES -d 203.0.113.80/32 -p tcp -m comment --comment "lb" -m tcp --dport 80 -j KUBE-FW-LOL
-A KUBE-FW-LOL -m comment --comment "lb" -j KUBE-EXT-LOL
-A KUBE-FW-LOL -m comment --comment "other traffic will be dropped" -j KUBE-MARK-DROP
-A KUBE-EXT-LOL -m comment --comment "masquerade" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOL -j KUBE-SVC-LOL
"""
REJECT = (
    '-A KUBE-SERVICES -d 10.104.104.207/32 -p tcp -m comment --comment "default/web has no endpoints" '
    "-m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable\n"
)
IPVS = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A6868CF:0050 rr
  -> 0AF40203:1F90      Masq    1      0          0
UDP  0A60000A:0035 rr
  -> 0AF40102:0035      Masq    1      0          0
"""
FLANNEL = "-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully\n"
OF_SERVICES = '-A KUBE-POSTROUTING -m comment --comment "kubernetes service" -j MASQUERADE --random-fully\n'


def test_a_question_has_no_byte_that_a_shell_or_bash_reads_otherwise() -> None:
    text = question("deadhop-zzzz.invalid")
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\\")
    assert "zzzz" in text
    assert text.endswith(r"\0000\0000\0001\0000\0001")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("2b2b818000010001000000000000", "answered"),
        ("2b2b818000010000000000000000", "nxdomain"),
        ("2b2b818300010000000000000000", "nxdomain"),
        ("2b2b818200010000000000000000", "servfail"),
        ("2b2b818500010000000000000000", "refused-by-server"),
        ("2b2c818000010001000000000000", "other"),
        ("2b2b010000010001000000000000", "other"),
        ("2b2b", "other"),
    ],
)
def test_what_an_answer_says(message: str, expected: str) -> None:
    assert outcome(bytes.fromhex(message)) == expected


def test_outcomes_of_tries_in_any_order() -> None:
    tries = [Try("tcp", "a", 1), Try("tcp", "b", 1), Try("udp", "c", 53), Try("udp", "d", 53), Try("tcp", "e", 1)]
    refused = b"dd: error reading 'standard input': Connection refused".hex(" ")
    text = f"1 1 bash: connect: Connection refused bash: /dev/tcp/b/1: refused\n0 0 \n3 124 \n2 1 {refused}\n"
    assert parse_outcomes(text, tries) == ("opened", "refused", "refused", "timeout", "failed")


def test_rules_of_one_service_and_of_no_other() -> None:
    found = parse_rules(SAVE, "", "10.104.104.207", 80)
    assert (found.mode, found.backends, found.rejects) == (
        "iptables",
        ("10.244.1.4:8080", "10.244.2.3:8080"),
        False,
    )
    assert parse_rules(SAVE, "", "10.104.104.207", 443).mode == ""
    assert parse_rules(SAVE + EXTERNAL, "", "203.0.113.80", 80).backends == found.backends
    assert parse_rules("", REJECT, "10.104.104.207", 80).rejects
    assert parse_rules("-A POSTROUTING -j MASQUERADE\n", "", "10.104.104.207", 80) == OTHER
    assert _is_current(OTHER, ("10.244.1.4:8080",), running=True), "nftables: nobody can tell"
    assert not _is_current(OTHER, ("10.244.1.4:8080",), running=False)
    assert not _is_current(NO_RULES, ("10.244.1.4:8080",), running=True)
    assert parse_ipvs(IPVS, "10.104.104.207", 80).backends == ("10.244.2.3:8080",)
    assert parse_ipvs(IPVS, "10.96.0.10", 53).mode == ""


def test_masquerading_of_services_is_not_that_of_pods() -> None:
    assert masquerades(FLANNEL, "10.244.1.4")
    assert not masquerades(FLANNEL, "10.9.1.4")
    assert not masquerades(OF_SERVICES, "10.244.1.4")
    assert not masquerades(FLANNEL.replace("-s 10", "! -s 10"), "10.244.1.4")


def test_resolvers_of_a_node() -> None:
    assert parse_resolv_conf("resolvConf: /run/systemd/resolve/resolv.conf\n") == "/run/systemd/resolve/resolv.conf"
    assert parse_resolv_conf("") == "/etc/resolv.conf"
    assert parse_nameservers("search x\nnameserver 192.0.2.1\n nameserver fd00::1\nnameserver x\n") == (
        "192.0.2.1",
        "fd00::1",
    )


def test_a_corefile() -> None:
    text = "    kubernetes example.local in-addr.arpa {\n    }\n    forward . 192.0.2.1 192.0.2.2 {\n"
    assert (parse_domain(text), parse_forwards(text)) == ("example.local", ("192.0.2.1", "192.0.2.2"))
    assert (parse_domain(""), parse_forwards("")) == ("cluster.local", ())


def test_what_coredns_said_last() -> None:
    pod = msgspec.json.decode(b'{"metadata": {"name": "c"}}', type=shapes.Pod)
    log = (
        "[FATAL] plugin/loop: Loop (127.0.0.1:1 -> :53) detected\n"
        "[ERROR] plugin/errors: 2 x. A: read udp 10.244.2.7:5->192.0.2.1:53: i/o timeout\n"
    )
    found = dns_pod(pod, log)
    assert (found.loop, found.silent, found.ready) == (True, ("192.0.2.1",), False)


def test_ready_is_who_does_not_say_otherwise() -> None:
    text = (
        b'{"items": [{"endpoints": [{"addresses": ["a"]}, {"addresses": ["b"], "conditions": {"ready": false}}]}]}'
    )
    assert behind(msgspec.json.decode(text, type=shapes.EndpointSliceList)) == (("a",), ("b",))


def tried(to: str, how: str) -> Tried:
    return Tried("w1", "w1", "", to, 80, "backend", how)


def test_a_bad_backend_is_bad_beside_a_good_one() -> None:
    assert bad_backends((tried("a", "opened"), tried("b", "refused"), tried("b", "timeout"))) == ("b:80",)
    assert bad_backends((tried("a", "timeout"), tried("b", "refused"))) == ()


def test_pods_named_after_a_service_tell_its_selector() -> None:
    text = b'[{"metadata": {"name": "web-1", "labels": {"app": "web"}}}, {"metadata": {"name": "db-1"}}]'
    pods = msgspec.json.decode(text, type=list[shapes.Pod])
    assert similar("web", {"app": "wbe"}, pods) == "app=web"
    assert similar("web", {"app": "web"}, pods) == ""
    assert similar("web", {"tier": "x"}, pods) == ""


def policy(name: str, egress: object, selector: object = None) -> object:
    spec = {"podSelector": selector or {}, "policyTypes": ["Egress"], "egress": egress}
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def decoded(*policies: object) -> list[Policy]:
    return msgspec.json.decode(msgspec.json.encode(policies), type=list[Policy])


def known(*policies: object) -> Known:
    return Known(tuple(decoded(*policies)))


def names(*policies: object) -> list[str]:
    return [one.name for one in denying(decoded(*policies))]


def test_policies_add_up() -> None:
    only_web = policy("only-web", [{"to": [{"podSelector": {}}], "ports": [{"port": 8080}]}])
    dns = policy("dns", [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}]}])
    some = {"matchLabels": {"app": "x"}}
    assert names(only_web) == ["only-web"]
    assert names(only_web, dns) == []
    assert names(policy("none", None)) == ["none"]
    assert names(policy("all", [{}])) == []
    assert names(policy("tcp", [{"ports": [{"port": 53, "protocol": "TCP"}]}])) == ["tcp"]
    assert names(policy("some", [], some), dns) == []
    assert names(only_web, policy("dns", dns["spec"]["egress"], some)) == ["only-web"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        ({}, True),
        ({"matchLabels": {"app": "x"}}, True),
        ({"matchLabels": {"app": "x", "tier": "y"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["x", "z"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["x"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_whom_a_policy_selects(selector: object, selects: bool) -> None:
    one = known(policy("p", [], selector))
    found = held(one, shapes.Meta("web-1", "shop", {"app": "x"}))
    assert found == (Held(("shop/p",)) if selects else FREE)
    assert held(one, shapes.Meta("web-1", "other", {"app": "x"})) == FREE


def test_a_policy_that_does_not_say_what_it_is_for_is_for_what_comes_in() -> None:
    bare = {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"podSelector": {}}}
    both = {**bare, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}
    web = shapes.Meta("web-1", "shop")
    assert held(known(bare), web) == Held((), ("shop/p",))
    assert held(known(both), web) == Held(("shop/p",), ("shop/p",))


def test_what_is_tried_is_tried_from_a_pod_that_no_policy_selects() -> None:
    text = b"""[
      {"metadata": {"name": "a", "namespace": "shop"}, "status": {"podIPs": [{"ip": "10.0.0.1"}]}},
      {"metadata": {"name": "b", "namespace": "free"}, "status": {"podIPs": [{"ip": "10.0.0.2"}]}},
      {"metadata": {"name": "c", "namespace": "free"}, "spec": {"hostNetwork": true},
       "status": {"podIPs": [{"ip": "10.0.0.3"}]}}]"""
    pods, policies = msgspec.json.decode(text, type=list[shapes.Pod]), known(policy("p", []))
    assert chosen(pods, (), policies) == ("10.0.0.2", FREE)
    assert chosen(pods, (), NONE_KNOWN) == ("10.0.0.1", FREE)
    assert chosen(pods, ("10.0.0.2",), policies) == ("10.0.0.1", Held(("shop/p",))), "a backend is no choice"
    assert chosen(pods[2:], (), policies) == ("", FREE)


def a_claim(namespace: str, name: str, phase: str, release: str = "harbor", storage: str | None = None) -> Claim:
    metadata = {"namespace": namespace, "name": name, "labels": {"release": release} if release else {}}
    plain = {"metadata": metadata, "spec": {"storageClassName": storage}, "status": {"phase": phase}}
    return msgspec.convert(plain, Claim)


def test_a_claim_that_waits_and_its_twin() -> None:
    listed = [
        a_claim("harbor", "a", "Pending"),
        a_claim("harbor", "data", "Pending"),
        a_claim("default", "data", "Bound"),
    ]
    waiting, twin = twins(listed, "harbor")
    assert waiting is not None
    assert twin is not None
    assert (waiting.metadata.name, twin.metadata.namespace) == ("data", "default")
    assert twins(listed, "default") == (None, None)


@pytest.mark.parametrize(
    "bound",
    [
        [a_claim("prod", "data", "Bound", "prod-db")],
        [a_claim("prod", "data", "Bound", "")],
        [a_claim("prod", "data", "Bound", "dev-db", "slow")],
        [a_claim("prod", "data", "Bound", "dev-db"), a_claim("staging", "data", "Bound", "dev-db")],
    ],
    ids=["another release", "of no release", "another class", "two of them"],
)
def test_a_claim_of_the_same_name_is_no_twin(bound: list[Claim]) -> None:
    """Its volume is somebody's data."""
    waiting, twin = twins([a_claim("dev", "data", "Pending", "dev-db", "fast"), *bound], "dev")
    assert waiting is not None
    assert twin is None


def test_claims_of_no_release_are_no_twins() -> None:
    listed = [a_claim("dev", "data", "Pending", ""), a_claim("prod", "data", "Bound", "")]
    assert twins(listed, "dev") == (listed[0], None)


def a_pod(name: str, phase: str = "Running", ready: bool = False, claim: str = "") -> ClaimingPod:
    volumes = [{"persistentVolumeClaim": {"claimName": claim}}] if claim else []
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    plain = {
        "metadata": {"name": name},
        "spec": {"volumes": volumes},
        "status": {"phase": phase, "conditions": conditions},
    }
    return msgspec.convert(plain, ClaimingPod)


def test_of_pods_that_are_not_ready_jobservice_comes_last_even_with_a_volume() -> None:
    pods = [
        a_pod("harbor-jobservice-1", claim="jobs"),
        a_pod("harbor-core-1"),
        a_pod("harbor-database-0", claim="db"),
    ]
    names = [one.metadata.name for one in sorted(pods, key=_last_those_that_ask)]
    assert names == ["harbor-database-0", "harbor-core-1", "harbor-jobservice-1"]


def test_a_job_that_has_ended_is_nothing_that_is_stuck() -> None:
    assert _is_ready(a_pod("migrate-1", phase="Succeeded"))
    assert not _is_ready(a_pod("migrate-1", phase="Failed"))


def test_harbors_core_is_told_by_name() -> None:
    assert [is_core(one) for one in ("harbor-core-5f-1", "core-1", "coredns-1", "score-1")] == [
        True,
        True,
        False,
        False,
    ]


def test_who_made_a_pod() -> None:
    kinds = {"web-1": "StatefulSet", "web-2": ""}
    pods = [
        msgspec.convert(
            {"metadata": {"name": name, "ownerReferences": [{"kind": kind}] if kind else None}}, shapes.Pod
        )
        for name, kind in kinds.items()
    ]
    assert [owner_of(name, pods) for name in ("web-1", "web-2", "web-3", "")] == ["StatefulSet", "none", "", ""]

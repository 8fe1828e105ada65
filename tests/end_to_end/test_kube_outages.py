"""Break, diagnose, fix, verify, undo: on a real Kubernetes, through the command an operator types."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.kube.health import ailments
from lab.kube.steps import in_pod
from lab.session import Lab
from tests.end_to_end.kube_outages import (
    HARBOR,
    MASTER,
    OUTAGES,
    W1,
    W2,
    WEB,
    YES,
    Outage,
    is_broken,
    is_healthy,
    pod_of,
    read,
    within,
)
from tests.end_to_end.outages import Ran, deadhop, diagnose

pytestmark = pytest.mark.lab

JOIN = "kubeadm join phase preflight --config /root/join.yaml --ignore-preflight-errors=all"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.mark.parametrize("outage", [*OUTAGES, *HARBOR], ids=lambda outage: outage.fault)
def test_outage_is_named_repaired_verified_and_undone(healed_kube_lab: Lab, outage: Outage, state: Path) -> None:
    lab, site = healed_kube_lab, healed_kube_lab.site()
    lab.break_(outage.fault)
    assert is_broken(lab, outage)

    found = diagnose(lab.paste(outage.fault), site, state)
    _assert_named(found, outage)
    _assert_named(_from_its_entry(lab, outage, state), outage)

    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", outage.cause, *YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert within(60, lambda: is_healthy(lab, outage)), ailments(lab.instance)
    assert not is_broken(lab, outage)
    well = _from_its_entry(lab, outage, state)
    assert (well.status, well.document["causes"]) == (0, []), well.document

    undone = deadhop("fix", session, "--undo", *YES, "--json", state=state)
    if outage.undone:
        assert undone.status == 0, (undone.document, undone.stderr)
        assert within(20, lambda: is_broken(lab, outage))
    else:
        assert undone.status != 0


@pytest.mark.parametrize(
    ("fault", "cause", "app", "said"),
    [
        ("crashloop", "container-exits", "reports", "cannot open /etc/app.conf"),
        ("image-pull", "image-cannot-be-pulled", "shop", "no such host"),
        ("pending-resources", "no-node-has-room", "batch", "Insufficient cpu"),
        ("pvc-pending", "claim-not-bound", "db", "no storage class is set"),
        ("disk-full", "node-disk-full", "client-1", "/var/lib/kubelet"),
    ],
)
def test_what_only_its_owner_can_repair_is_named_with_its_last_words(
    healed_kube_lab: Lab, state: Path, fault: str, cause: str, app: str, said: str
) -> None:
    lab = healed_kube_lab
    lab.break_(fault)
    by_entry = diagnose("pod-does-not-start", lab.site(), state, "--set", read(lab, pod_of(app)))
    for found in (diagnose(lab.paste(fault), lab.site(), state), by_entry):
        assert found.status == 1, (found.document, found.stderr)
        named = found.document["causes"][0]
        assert (named["id"], named["confidence"]) == (cause, "certain")
        assert said in str(named["values"])


def test_an_etcd_without_quorum_is_named_with_the_member_that_is_missing(healed_kube_lab: Lab, state: Path) -> None:
    """And offers nothing: to go on alone forgets what others had."""
    lab = healed_kube_lab
    lab.break_("etcd-no-quorum")
    by_entry = diagnose("kubernetes-api-does-not-answer", lab.site(), state)
    for found in (diagnose(lab.paste("etcd-no-quorum"), lab.site(), state), by_entry):
        assert found.status == 1, (found.document, found.stderr)
        named = found.document["causes"][0]
        assert (named["id"], named["confidence"], named["fixes"]) == ("etcd-without-quorum", "certain", [])
        assert (named["values"]["members"], named["values"]["lost"]) == (2, 1)
        assert named["values"]["unreached"] == ["172.20.112.199:2380"]


def test_a_cluster_ip_without_an_answer_to_ping_is_no_fault(healed_kube_lab: Lab, state: Path) -> None:
    lab = healed_kube_lab
    paste = lab.paste("clusterip-ping")
    assert "100% packet loss" in paste
    by_entry = diagnose("service-does-not-answer", lab.site(), state, "--set", read(lab, WEB))
    for found in (diagnose(paste, lab.site(), state), by_entry):
        assert (found.status, found.document["verdict"]) == (0, "not-a-fault"), (found.document, found.stderr)
        assert found.document["causes"] == []


@pytest.mark.parametrize(
    ("fault", "cause", "command", "said"),
    [
        ("service-selector", "service-selects-no-pod", "curl -sS -m 4 http://{}", "Failed to connect"),
        ("service-selector", "service-selects-no-pod", "nc -zv -w3 {} 80", "Connection refused"),
        (
            "service-selector",
            "service-selects-no-pod",
            "kubectl exec deploy/client-1 -- nc -w 3 {} 80",
            "can't connect to remote host",
        ),
        (
            "br-netfilter-off",
            "bridge-netfilter-off",
            "until ! kubectl exec deploy/client-1 -- nc -w 3 {} 80; do :; done",
            "nc: timed out",
        ),
    ],
    ids=("curl", "nc", "nc-in-pod", "nc-in-pod-times-out"),
)
def test_what_nc_and_curl_say_of_a_cluster_ip_leads_to_the_service(
    healed_kube_lab: Lab, state: Path, fault: str, cause: str, command: str, said: str
) -> None:
    """Refused or in vain, from a machine or from a pod: nobody says that the address is a Service's."""
    lab = healed_kube_lab
    lab.break_(fault)
    typed = command.format(read(lab, WEB).partition("=")[2])
    answer = lab.run(MASTER, f"{{ {typed}; }} </dev/null 2>&1").stdout
    assert said in answer
    found = diagnose(f"[root@{MASTER} ~]# {typed}\n{answer}", lab.site(), state)
    named = found.document["causes"][0]
    assert (named["id"], named["confidence"]) == (cause, "certain"), (found.document, found.stderr)


def test_a_policy_that_flannel_does_not_enforce_is_said_to_be_without_effect(
    healed_kube_lab: Lab, state: Path
) -> None:
    lab = healed_kube_lab
    lab.break_("dns-denied-by-policy")
    found = diagnose("pod-dns-fails", lab.site(), state)
    assert (found.status, found.document["verdict"]) == (0, "nothing-found"), (found.document, found.stderr)
    assert "flannel enforces no policies" in found.document["text"]["en"]


def test_a_policy_that_is_enforced_is_named_and_lets_names_through(healed_kube_lab: Lab, state: Path) -> None:
    """What else it denies stays denied."""
    lab, cause = healed_kube_lab, "network-policy-denies-dns"
    resolves = in_pod(1, "nslookup web.default.svc.cluster.local")
    lab.break_("dns-denied-for-real")
    found = diagnose(lab.paste("dns-denied-for-real"), lab.site(), state)
    by_entry = diagnose("pod-dns-fails", lab.site(), state)
    for one in (found, by_entry):
        named = one.document["causes"][0]
        assert (named["id"], named["confidence"]) == (cause, "certain"), (one.document, one.stderr)
        assert named["values"]["policy"] == "only-web"

    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", cause, *YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert within(30, lambda: lab.run(resolves.where, resolves.text).returncode == 0)
    ping = in_pod(1, "ping -c1 -W1 $(kubectl get pod -l app=client-2 -o jsonpath='{.items[0].status.podIP}')")
    assert lab.run(ping.where, ping.text).returncode != 0
    well = diagnose("pod-dns-fails", lab.site(), state)
    assert (well.status, well.document["causes"]) == (0, []), well.document

    undone = deadhop("fix", session, "--undo", *YES, "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert within(30, lambda: lab.run(resolves.where, resolves.text).returncode != 0)


def test_a_firewall_that_drops_the_tunnel_is_named_and_lets_the_tunnel_pass(
    healed_kube_lab: Lab, state: Path
) -> None:
    """Nodes are Ready, and ping between them works: only packets of pods to the other node are lost."""
    lab = healed_kube_lab
    lab.break_("vxlan-blocked")
    found = diagnose(lab.paste("vxlan-blocked"), lab.site(), state)
    for one in (found, diagnose("pods-across-nodes", lab.site(), state)):
        (cause,) = one.document["causes"]
        assert (cause["id"], cause["targets"]) == ("tunnel-port-blocked", [f"host:{W1}"]), one.stderr
    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", "tunnel-port-blocked", *YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert within(60, lambda: not ailments(lab.instance)), ailments(lab.instance)
    undone = deadhop("fix", session, "--undo", "--yes", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    again = diagnose("pods-across-nodes", lab.site(), state)
    assert again.document["causes"][0]["id"] == "tunnel-port-blocked"


@pytest.mark.parametrize(
    ("fault", "fix", "mode"),
    [
        ("calico-crosssubnet", "always-ipip", "ipipMode"),
        ("calico-vxlan-crosssubnet", "always-vxlan", "vxlanMode"),
    ],
)
def test_a_pool_of_calico_without_a_tunnel_is_named_and_always_gets_one(
    healed_kube_lab: Lab, state: Path, fault: str, fix: str, mode: str
) -> None:
    """Its nodes follow what the pool says, so the packets of pods say whether the repair was one."""
    lab, cause = healed_kube_lab, "calico-direct-routing-dropped"
    ping = in_pod(1, "ping -c1 -W1 $(kubectl get pod -l app=client-2 -o jsonpath='{.items[0].status.podIP}')")
    lab.break_(fault)
    asked = f"kubectl get ippools.crd.projectcalico.org -o jsonpath={{.items[0].spec.{mode}}}"
    found = diagnose(lab.paste(fault), lab.site(), state)
    for one in (found, diagnose("pods-across-nodes", lab.site(), state)):
        named = one.document["causes"][0]
        assert (named["id"], [offered["id"] for offered in named["fixes"]]) == (cause, [fix]), (
            one.document,
            one.stderr,
        )
    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", cause, *YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert lab.run(MASTER, asked).stdout.strip() == "Always"
    assert within(30, lambda: lab.run(ping.where, ping.text).returncode == 0)
    well = diagnose("pods-across-nodes", lab.site(), state)
    assert (well.status, well.document["causes"]) == (0, []), well.document
    undone = deadhop("fix", session, "--undo", *YES, "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert lab.run(MASTER, asked).stdout.strip() == "CrossSubnet"
    assert within(30, lambda: lab.run(ping.where, ping.text).returncode != 0)


@pytest.mark.parametrize("fault", ["hostgw-port-security", "directrouting-port-security"])
def test_pods_that_go_without_a_tunnel_are_followed_to_the_card(
    healed_kube_lab: Lab, state: Path, fault: str
) -> None:
    """No cloud is known here: what drops them beyond the card is for tests/end_to_end/test_stack_outages.py."""
    lab = healed_kube_lab
    lab.break_(fault)
    for text in (lab.paste(fault), "pods-across-nodes"):
        found = diagnose(text, lab.site(), state)
        assert (found.status, found.document["causes"]) == (2, []), (found.document, found.stderr)
        assert "flannel routes with the pods' own addresses" in found.document["text"]["en"]


def test_a_network_inside_the_range_of_services_is_named(healed_kube_lab: Lab, state: Path) -> None:
    """Which of both gives way nobody can tell: there is no fix."""
    lab = healed_kube_lab
    lab.break_("services-overlap")
    named = diagnose("networks-overlap", lab.site(), state).document["causes"][0]
    assert (named["id"], named["confidence"], named["fixes"]) == ("networks-overlap", "certain", [])
    seen = {named["values"][key] for key in ("kind", "network", "other", "other_name")}
    assert seen == {"services", "10.96.0.0/12", "10.96.0.0/24", "backup0"}
    lab.heal()
    assert diagnose("networks-overlap", lab.site(), state).document["causes"] == []


def test_a_node_whose_coredns_forwards_to_itself_gets_its_real_resolvers(healed_kube_lab: Lab, state: Path) -> None:
    """And its stub again by the undo: the pod that is made then ends over the loop."""
    lab = healed_kube_lab
    lab.break_("dns-loop")
    found = diagnose(lab.paste("dns-loop"), lab.site(), state)
    by_entry = diagnose("pod-dns-fails", lab.site(), state)
    its_words = lab.run(MASTER, "kubectl -n kube-system logs -l k8s-app=kube-dns | grep -o 'Loop (.*'").stdout
    by_line = diagnose(its_words.splitlines()[-1], lab.site(), state)
    named = [each.document["causes"][0] for each in (found, by_entry, by_line)]
    assert {(one["id"], one["confidence"]) for one in named} == {("coredns-forwards-to-itself", "certain")}

    session, node = found.document["session"], named[0]["values"]["host"]
    fixed = deadhop("fix", session, "--cause", "coredns-forwards-to-itself", *YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert lab.run(node, "grep -q '^resolvConf: /run/systemd' /var/lib/kubelet/config.yaml").returncode == 0
    looping = "kubectl -n kube-system logs -l k8s-app=kube-dns | grep -q 'Loop (.*detected'"
    assert within(60, lambda: lab.run(MASTER, looping).returncode != 0), lab.paste("dns-loop")
    undone = deadhop("fix", session, "--undo", *YES, "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert lab.run(node, "grep -q '^resolvConf: /run/systemd' /var/lib/kubelet/config.yaml").returncode != 0
    assert within(90, lambda: lab.run(MASTER, looping).returncode == 0), lab.paste("dns-loop")


def test_a_machine_that_is_too_new_gets_what_goes_with_the_cluster(healed_kube_lab: Lab, state: Path) -> None:
    """It can join then, and is as before after the undo, held packages included."""
    lab, told = healed_kube_lab, ("--set", f"machine={W2}")
    lab.break_("kubeadm-too-new")
    assert lab.run(W2, JOIN).returncode != 0
    named = [
        diagnose(text, lab.site(), state, *told) for text in (lab.paste("kubeadm-too-new"), "node-cannot-join")
    ]
    assert [found.document["causes"][0]["id"] for found in named] == ["version-skew"] * 2
    session = named[0].document["session"]
    fixed = deadhop("fix", session, "--cause", "version-skew", *YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert lab.run(W2, JOIN).returncode == 0
    undone = deadhop("fix", session, "--undo", "--yes", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert lab.run(W2, "kubelet --version; apt-mark showhold").stdout.split()[-3:] == [
        "v1.37.0",
        "kubeadm",
        "kubelet",
    ]
    again = diagnose("node-cannot-join", lab.site(), state, *told)
    assert again.document["causes"][0]["id"] == "version-skew"


def test_a_machine_that_does_not_forward_is_prepared_and_passes_preflight(
    healed_kube_lab: Lab, state: Path
) -> None:
    lab, cause = healed_kube_lab, "node-not-prepared"
    lab.break_("node-not-prepared")
    refused = f"{JOIN.partition(' --ignore')[0]} 2>&1 | grep -q 'ip_forward contents are not set to 1'"
    assert lab.run(W2, refused).returncode == 0
    named = [
        diagnose(text, lab.site(), state, "--set", f"machine={W2}", "--set", "join_id=abcdef")
        for text in (lab.paste("node-not-prepared"), "node-cannot-join")
    ]
    for found in named:
        one = found.document["causes"][0]
        assert (one["id"], one["targets"]) == (cause, [f"host:{W2}"]), (found.document, found.stderr)
    session = named[0].document["session"]
    fixed = deadhop("fix", session, "--cause", cause, *YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert lab.run(W2, refused).returncode != 0
    undone = deadhop("fix", session, "--undo", *YES, "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert lab.run(W2, refused).returncode == 0


def test_a_new_token_lets_the_machine_join_until_it_is_taken_back(healed_kube_lab: Lab, state: Path) -> None:
    lab = healed_kube_lab
    lab.break_("token-expired")
    paste = lab.paste("token-expired")
    found = diagnose(paste, lab.site(), state)
    assert found.document["causes"][0]["id"] == "join-token-expired", (found.document, found.stderr)
    again = diagnose("node-cannot-join", lab.site(), state, "--set", f"machine={W2}", "--set", "join_id=abcdef")
    assert again.document["causes"][0]["id"] == "join-token-expired"

    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", "join-token-expired", *YES, "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    new = lab.run(MASTER, "kubeadm token list | grep deadhop-join | cut -d' ' -f1").stdout.strip()
    assert lab.run(W2, f"sed -i 's/token: abcdef.*/token: {new}/' /root/join.yaml; {JOIN}").returncode == 0
    assert new.partition(".")[2] not in str(fixed.document)

    undone = deadhop("fix", session, "--undo", *YES, "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert lab.run(MASTER, "kubeadm token list | grep deadhop-join").returncode != 0


def _from_its_entry(lab: Lab, outage: Outage, state: Path) -> Ran:
    """Without a paste: the symptom and what it is about."""
    given = [word for one in outage.inputs for word in ("--set", read(lab, one))]
    return diagnose(outage.symptom, lab.site(), state, *given)


def _assert_named(found: Ran, outage: Outage) -> None:
    assert (found.status, found.document["verdict"]) == (1, "cause"), (found.document, found.stderr)
    cause = found.document["causes"][0]
    targets = [outage.target] if outage.target else cause["targets"]
    assert (cause["id"], cause["targets"], cause["confidence"]) == (outage.cause, targets, "certain")

"""Policies that may not be read, and those of Calico's and Cilium's own kinds: never "no policy drops it"."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from base.korean import in_korean
from diagnosis.conclusion import partly_seen
from probes.cluster import connection, policies, shapes
from probes.cluster.pods_across import PodsAcross
from probes.cluster.policies import DnsPolicies, Held, Known, held, unseen_policies
from probes.cluster.program_policies import (
    CalicoPolicies,
    CiliumPolicies,
    ProgramPolicies,
    ProgramPolicy,
    denies_all,
    may_deny_dns,
    of_calico,
    of_cilium,
)
from probes.cluster.selectors import by_expression, by_labels
from probes.cluster.service_path import ServicePath
from probes.probe import Evidence, checked_call, observe
from probes.site import Cluster, Site
from probes.toolbox import LiveToolbox
from tests.end_to_end.calico_policies import DENY as KEPT
from tests.hostile.hostile_http import Asked, Behaviour, Writer, answer, says_nothing, serving
from tests.probes.pki import kubeconfig

assert connection  # the client is imported before anybody waits for it

NETWORK = "/apis/networking.k8s.io/v1/networkpolicies"
CALICO, CILIUM = "/apis/crd.projectcalico.org/v1", "/apis/cilium.io/v2"
MAY_NOT = "dev may not list networkpolicies.networking.k8s.io in the whole cluster (403)"
WEB = shapes.Meta("web-1", "shop", {"app": "web"})


def refused(group: str, resource: str) -> bytes:
    """As the API server says it."""
    words = f'{resource}.{group} is forbidden: User "dev" cannot list resource "{resource}" in API group "{group}"'
    words += " at the cluster scope"
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": words}
    return answer(
        403, {**status, "reason": "Forbidden", "details": {"group": group, "kind": resource}, "code": 403}
    )


ABSENT = answer(404, b"404 page not found\n", Content_Type="text/plain; charset=utf-8")


def rules(side: str, *given: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"selector": "all()", "types": [side.title()], side: list(given), **spec}


def calico(name: str, spec: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    return {"metadata": {"name": name, **({"namespace": namespace} if namespace else {})}, "spec": spec}


DENY = calico("default.deny-all", rules("egress", {"action": "Deny"}, order=10))
LET = {"action": "Allow", "protocol": "UDP", "destination": {"ports": [53]}}


def api(**answers: bytes | dict[str, Any]) -> Behaviour:
    """Nodes and lists are empty, and groups that are not named are not there."""
    held_ = {"network": NETWORK, "calico": CALICO, "cilium": CILIUM, "services": "/api/v1/services"}
    places = {held_.get(name, f"{CALICO}/{name}"): said for name, said in answers.items()}
    places |= {f"{CILIUM}/{name}": said for name, said in answers.items() if name.startswith("cilium")}

    async def behave(asked: Asked, writer: Writer) -> None:
        path = asked.path.partition("?")[0]
        said = places.get(path, ABSENT if path.startswith((CALICO, CILIUM)) else {"items": []})
        writer.write(said if isinstance(said, bytes) else answer(200, said))

    return behave


async def asked(folder: Path, behave: Behaviour, probe: str, **more: str) -> Evidence:
    async with serving(behave) as served:
        site = Site("t", clusters=(Cluster("lab", (kubeconfig(folder / "k", served.url, name="lab", user={}),)),))
        async with LiveToolbox(site) as toolbox:
            return await observe(checked_call(probe, "lab", more), toolbox, "e1")


def facts(evidence: Evidence) -> Any:
    assert evidence.failure is None, evidence.failure
    return evidence.facts


def gaps(evidence: Evidence) -> list[str]:
    return [one.message for one in partly_seen(evidence)]


# ------------------------------------------------------------------ who may not read them


async def test_a_role_that_may_not_read_policies_is_not_told_that_there_are_none(tmp_path: Path) -> None:
    behave = api(network=refused("networking.k8s.io", "networkpolicies"))
    dns = await asked(tmp_path, behave, "k8s.dns_policies")
    assert dns.failure is not None
    assert (dns.failure.reason, MAY_NOT in dns.failure.message) == ("forbidden", True)
    across = await asked(tmp_path, behave, "k8s.pods_across")
    assert [MAY_NOT in one for one in facts(across).unread] == [True]
    (gap,) = gaps(across)
    assert gap.startswith("policies could not be read, whether one of them denies it cannot be told: ")
    assert MAY_NOT in gap
    assert "정책을 읽지 못해" in in_korean(gap)
    assert "권한이 없다 (403)" in in_korean(gap)


async def test_a_service_says_it_as_well(tmp_path: Path) -> None:
    web = {
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"clusterIP": "10.96.7.7", "ports": [{"port": 80}]},
    }
    behave = api(network=refused("networking.k8s.io", "networkpolicies"), services={"items": [web]})
    evidence = await asked(tmp_path, behave, "k8s.service_path", address="10.96.7.7")
    assert isinstance(facts(evidence), ServicePath)
    assert [MAY_NOT in one for one in gaps(evidence)] == [True]


@pytest.mark.parametrize("said", [answer(500, b"oops"), answer(200, b"{}"), answer(200, b'{"items": 7}')])
async def test_what_is_no_list_of_policies_is_not_an_empty_one(tmp_path: Path, said: bytes) -> None:
    behave = api(network=said)
    assert (await asked(tmp_path, behave, "k8s.dns_policies")).failure is not None
    assert len(facts(await asked(tmp_path, behave, "k8s.pods_across")).unread) == 1


async def test_a_list_that_does_not_come_in_time_is_not_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "_LIST", replace(policies._LIST, timeout=0.5))
    lists = api()

    async def behave(asked_: Asked, writer: Writer) -> None:
        await (says_nothing if asked_.path.startswith(NETWORK) else lists)(asked_, writer)

    (why,) = facts(await asked(tmp_path, behave, "k8s.pods_across")).unread
    assert "within" in why


async def test_where_all_can_be_read_and_there_are_none_nothing_is_left_to_say(tmp_path: Path) -> None:
    dns = await asked(tmp_path, api(), "k8s.dns_policies")
    assert facts(dns) == DnsPolicies("lab", 0, ())
    assert gaps(dns) == []
    across = await asked(tmp_path, api(), "k8s.pods_across")
    assert isinstance(facts(across), PodsAcross)
    assert gaps(across) == []


async def test_a_role_without_rights_is_not_told_of_kinds_that_the_cluster_does_not_have(tmp_path: Path) -> None:
    """Asked for the lists alone, the API server would refuse them all the same."""
    lists = ("networkpolicies", "globalnetworkpolicies")
    given = {name: refused("crd.projectcalico.org", name) for name in lists}
    assert facts(await asked(tmp_path, api(**given), "k8s.dns_policies")).unread == ()
    there = await asked(tmp_path, api(calico={"kind": "APIResourceList"}, **given), "k8s.dns_policies")
    assert [one.split()[4] for one in facts(there).unread] == [f"{name}.crd.projectcalico.org" for name in lists]
    assert len(gaps(there)) == 2
    nobody_says = await asked(tmp_path, api(calico=answer(500, b"oops"), **given), "k8s.dns_policies")
    assert len(facts(nobody_says).unread) == 2


async def test_pools_that_may_not_be_read_are_none_where_the_cluster_has_no_calico(tmp_path: Path) -> None:
    pools = refused("crd.projectcalico.org", "ippools")
    assert facts(await asked(tmp_path, api(ippools=pools), "k8s.pod_network")).pools == ()
    there = await asked(tmp_path, api(ippools=pools, calico={}), "k8s.pod_network")
    assert there.failure is not None
    assert there.failure.reason == "forbidden"


# ------------------------------------------------------------------ Calico's and Cilium's own


async def test_calicos_policies_are_named_with_whom_they_select(tmp_path: Path) -> None:
    only = calico("default.only-web", {"selector": 'app == "web"', "ingress": [{"action": "Allow"}]}, "shop")
    behave = api(
        calico={}, globalnetworkpolicies={"items": [DENY]}, networkpolicies={"items": [only]}
    )  # ciliums are absent
    evidence = await asked(tmp_path, behave, "k8s.dns_policies")
    named = "Calico GlobalNetworkPolicy default.deny-all (selector all(), order 10, egress: Deny)"
    assert facts(evidence).others == (named,)
    assert gaps(evidence) == [
        f"policies of Calico or Cilium may apply and are not judged here (1): {named}",
    ]
    assert "Calico 나 Cilium 의 자체 정책" in in_korean(gaps(evidence)[0])


async def test_ciliums_policies_are_named_as_well(tmp_path: Path) -> None:
    spec = {
        "endpointSelector": {"matchLabels": {"app": "web"}},
        "egress": [{"toPorts": [{"ports": [{"port": "80"}]}]}],
    }
    item = {"metadata": {"name": "only-80", "namespace": "shop"}, "spec": spec}
    behave = api(cilium={}, ciliumnetworkpolicies={"items": [item]})
    (named,) = facts(await asked(tmp_path, behave, "k8s.dns_policies")).others
    assert named == ('CiliumNetworkPolicy shop/only-80 (selector {"matchLabels":{"app":"web"}}, egress: Allow)')


def of(*items: dict[str, Any]) -> list[ProgramPolicy]:
    listed = msgspec.convert({"items": list(items)}, CalicoPolicies).items or []
    return [of_calico("NetworkPolicy" if one.metadata.namespace else "GlobalNetworkPolicy", one) for one in listed]


def of_cilium_(spec: dict[str, Any], namespace: str = "shop") -> ProgramPolicy:
    item = {"metadata": {"name": "c", "namespace": namespace}, "spec": spec}
    (found,) = of_cilium("CiliumNetworkPolicy", (msgspec.convert({"items": [item]}, CiliumPolicies).items or [])[0])
    return found


@pytest.mark.parametrize(
    ("given", "lets"),
    [
        ([LET], True),
        ([{"action": "Allow"}], True),
        ([{"action": "Allow", "source": {}, "destination": {}, "metadata": {"annotations": {"by": "x"}}}], True),
        ([{"action": "Allow", "source": None, "destination": None, "protocol": None}], True),
        ([{"action": "Log"}, {"action": "Allow", "destination": {"ports": ["50:60"]}}], True),
        ([{"action": "Allow", "protocol": "TCP"}, LET], True),
        ([{"action": "Allow", "destination": {"selector": 'app == "db"'}}, LET], True),
        ([], False),
        ([{"action": "Deny"}, LET], False),
        ([{"action": "Deny", "destination": {"nets": ["10.0.0.0/8"]}}, LET], False),
        ([{"action": "Pass"}], False),
        ([{"action": "Allow", "protocol": "UDP", "destination": {"ports": [5353, "http"]}}], False),
        ([{"action": "Allow", "notProtocol": "UDP"}], False),
        ([{"action": "Allow", "ipVersion": 6}], False),
        ([{**LET, "ipVersion": 6}], False),
        ([{"action": "Deny", "ipVersion": 6}, LET], False),
        ([{"action": "Deny", "destination": {"serviceAccounts": {"names": ["web"]}}}, LET], False),
        ([{"action": "Allow", "destination": {"serviceAccounts": {"names": ["web"]}}}], False),
        ([{"action": "Allow", "destination": ["hostile"]}, {"action": "Allow", "source": "hostile"}], False),
        ([{"action": "Allow", "destination": {"ports": "hostile"}}], False),
    ],
)
def test_whether_calicos_rules_let_name_servers_be_asked(given: list[dict[str, Any]], lets: bool) -> None:
    (one,) = of(calico("p", rules("egress", *given)))
    assert one.out is not None
    assert one.out.dns == lets
    assert may_deny_dns([one]) == [] if lets else may_deny_dns([one]) == [one]


def test_where_one_lets_all_pods_ask_only_those_that_deny_are_left() -> None:
    let, none, deny, some = of(
        calico("let", rules("egress", LET)),
        calico("none", rules("egress"), "shop"),
        DENY,
        calico("some", rules("egress", LET, selector='app == "web"')),
    )
    assert may_deny_dns([let, none, deny]) == [deny]
    assert may_deny_dns([some, none]) == [none]


def test_one_that_lets_no_pod_send_anything_before_any_other_is_heard() -> None:
    def found(*given: dict[str, Any]) -> str:
        return denies_all(of(*given))

    def deny(**spec: Any) -> dict[str, Any]:
        return calico("d", rules("egress", {"action": "Deny"}, **spec))

    let = calico("let", rules("egress", LET, order=20))
    assert found(DENY) == found(DENY, let) == "default.deny-all"
    assert found(calico("d", rules("egress", {"action": "Log"}, {"action": "Deny"}, order=1))) == "d"
    shown: dict[str, Any] = {"source": {}, "destination": {}, "metadata": {"annotations": {"by": "x"}}}
    assert found(calico("d", rules("egress", {"action": "Deny", **shown}, order=10))) == "d"
    assert found(KEPT) == "default.deny-all"
    only: list[dict[str, Any]] = [
        {"ipVersion": 6},
        {"destination": {"serviceAccounts": {"names": ["web"]}}},
        {"source": {"serviceAccounts": {"selector": "all()"}}},
        {"icmp": {"type": 8}},
        {"fieldOfTomorrow": True},
    ]
    nobody = [
        *(calico("d", rules("egress", {"action": "Deny", **one}, order=10)) for one in only),
        deny(),
        deny(order=1000),
        deny(order=30),
        deny(order=1, selector="has(app)"),
        deny(order=1, namespaceSelector="team == 'x'"),
        deny(order=1, tier="security"),
        calico("d", rules("egress", {"action": "Deny"}, order=1), "shop"),
        calico("d", rules("egress", {"action": "Deny", "protocol": "UDP"}, order=1)),
        calico("d", rules("egress", LET, {"action": "Deny"}, order=1)),
        calico("d", rules("egress", {"action": "Deny", "source": {"selector": "all()"}}, order=1)),
        calico("d", rules("ingress", {"action": "Deny"}, order=1)),
    ]
    assert [found(one, let) for one in nobody] == [""] * len(nobody)
    assert found(DENY, calico("t", rules("egress", LET, tier="security"))) == ""
    assert found(deny(order=30), calico("c", rules("egress", {"action": "Deny"}, order=20))) == "d"


def test_what_comes_to_kube_dns_counts_too() -> None:
    kept, other, far = of(
        calico("kept", rules("ingress", selector='k8s-app == "kube-dns"')),
        calico("other", rules("ingress", selector='app == "web"')),
        calico("far", rules("ingress"), "shop"),
    )
    assert may_deny_dns([kept, other, far]) == [kept]


def test_which_side_a_policy_of_calicos_limits() -> None:
    sides = [
        ({}, (False, True)),
        ({"egress": [LET]}, (True, False)),
        ({"egress": [LET], "ingress": [LET]}, (True, True)),
        ({"types": ["Egress"]}, (True, False)),
        ({"types": ["Egress"], "doNotTrack": True}, (False, False)),
        ({"types": ["Ingress"], "preDNAT": True}, (False, False)),
    ]
    for spec, expected in sides:
        (one,) = of(calico("p", spec))
        assert (one.out is not None, one.into is not None) == expected, spec


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", True),
        ("all()", True),
        ('app == "web"', True),
        ("app=='db'", False),
        ("app != 'db' && has(app)", True),
        ("has(tier)", False),
        ("!has(tier)", True),
        ("app in {'db', 'web'}", True),
        ("app not in { 'web' }", False),
        ("projectcalico.org/namespace == 'shop'", True),
        ("projectcalico.org/namespace == 'bank' && app == 'web'", False),
        ("pcns.team == 'x'", None),
        ("app == 'web' && pcns.team == 'x'", None),
        ("app == 'db' && pcns.team == 'x'", False),
        ("app == 'web' || app == 'db'", None),
        ("app starts with 'w'", None),
        ("!(app == 'db')", None),
        ("app == 'db' && tier == 'x' || app == 'web'", None),
        ("app == 'web' || app == 'db' && has(tier)", None),
        ("(app == 'db' && tier == 'x') || app == 'web'", None),
        ("!(app == 'web' && app == 'db' && has(tier))", None),
        ("global() && has(tier)", None),
        ("all() && has( app ) && !has(tier)", True),
        (f"app == 'db' && note != '{'x' * 80}' || app == 'web'", None),
    ],
)
def test_whom_calicos_words_mean(selector: str, expected: bool | None) -> None:
    assert by_expression(selector, WEB) is expected
    (one,) = of(calico("p", rules("egress", selector=selector)))
    assert one.may_select(WEB) == (expected is not False)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchLabels": {"k8s:app": "web"}}, True),
        ({"matchLabels": {"any:app": "db"}}, False),
        ({"matchLabels": {"k8s:io.kubernetes.pod.namespace": "bank"}}, False),
        ({"matchLabels": {"reserved:host": ""}}, None),
        ({"matchLabels": {"io.cilium.k8s.policy.serviceaccount": "x"}}, None),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Like"}]}, None),
        ({"matchExpressions": ["hostile"]}, None),
        ({"matchLabels": ["hostile"]}, None),
    ],
)
def test_whom_ciliums_labels_mean(selector: dict[str, Any], expected: bool | None) -> None:
    assert by_labels(selector, WEB) is expected
    assert of_cilium_({"endpointSelector": selector, "egress": []}).may_select(WEB) == (expected is not False)


def test_ciliums_rules() -> None:
    dns: dict[str, Any] = {"toPorts": [{"ports": [{"port": "53", "protocol": "UDP"}]}]}
    let = of_cilium_({"endpointSelector": {}, "egress": [dns]})
    deny = of_cilium_({"endpointSelector": {}, "egress": [dns], "egressDeny": [{"toEntities": ["world"]}]})
    only_in = of_cilium_({"endpointSelector": {}, "ingress": [{}]})
    assert (let.out and let.out.dns, deny.out and deny.out.dns, only_in.out) == (True, False, None)
    assert may_deny_dns([let, deny, only_in]) == [deny]
    world = of_cilium_({"endpointSelector": {}, "egress": [{"toEntities": ["all"]}]})
    assert world.out is not None
    assert world.out.dns
    nodes = {"metadata": {"name": "n"}, "spec": {"nodeSelector": {}, "ingress": [{}]}}
    (one,) = msgspec.convert({"items": [nodes]}, CiliumPolicies).items or []
    assert of_cilium("CiliumClusterwideNetworkPolicy", one) == []


def test_by_which_a_pod_may_be_held() -> None:
    found = tuple(of(DENY, calico("far", rules("ingress"), "bank"), calico("near", rules("ingress"), "shop")))
    both = held(Known(programs=ProgramPolicies(found)), WEB)
    assert both == Held(others_out=(found[0].text,), others_into=(found[2].text,))


def test_many_are_counted_and_the_first_ones_named() -> None:
    (said,) = unseen_policies((), [f"p{number}" for number in range(9)])
    assert said.endswith("(9): p0; p1; p2; p3; p4; + 4")

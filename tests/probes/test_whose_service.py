"""k8s.whose: a Service's address is told from any other, in a few seconds or not at all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from probes.cluster import connection
from probes.cluster.service_path import ServicePath
from probes.cluster.whose import WhoseService
from probes.probe import Evidence, checked_call, observe
from probes.site import OPERATOR, Cluster, Host, Site
from probes.toolbox import LiveToolbox
from tests.hostile.hostile_http import Asked, Behaviour, Writer, answer, mute, says, serving
from tests.probes.pki import kubeconfig

assert connection  # the client is imported before anybody waits for it

DNS = {"metadata": {"name": "kube-dns", "namespace": "kube-system"}, "spec": {"clusterIP": "10.96.0.10"}}
DUAL = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIPs": ["10.96.7.7", "fd00::7"]}}


def services(*items: dict[str, Any]) -> bytes:
    return answer(200, {"items": items})


def site(folder: Path, **urls: str) -> Site:
    clusters = (Cluster(name, (kubeconfig(folder / name, url, name=name, user={}),)) for name, url in urls.items())
    return Site("test", (Host("node", ("192.0.2.1",)),), clusters=tuple(clusters))


async def asked(at: Site, address: str, **more: str) -> Evidence:
    async with LiveToolbox(at) as toolbox:
        return await observe(checked_call("k8s.whose", OPERATOR, {"address": address, **more}), toolbox, "e1")


def found(evidence: Evidence) -> WhoseService:
    assert isinstance(evidence.facts, WhoseService), evidence.failure
    return evidence.facts


async def test_a_clusterip_of_one_of_two_clusters(tmp_path: Path) -> None:
    async with serving(says(services(DNS, DUAL))) as lab, serving(says(services())) as other:
        at = site(tmp_path, lab=lab.url, other=other.url)
        dns = WhoseService("10.96.0.10", "lab", "kube-system", "kube-dns", ())
        assert found(await asked(at, "10.96.0.10")) == dns
        assert found(await asked(at, "fd00::7")).name == "web"
        assert found(await asked(at, "10.96.0.11")).cluster == ""


async def test_the_address_of_a_node_is_no_services_though_a_load_balancer_gives_it(tmp_path: Path) -> None:
    """k3s: what fails at port 22 of the node is not its ingress."""
    given = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}, {"ip": "203.0.113.80"}]}}}
    node = {"metadata": {"name": "n9"}, "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.9"}]}}

    async def behave(asked: Asked, writer: Writer) -> None:
        items = [node] if "/nodes" in asked.path else [{**DUAL, **given}]
        writer.write(answer(200, {"items": items}))

    async with serving(behave) as lab:
        at = site(tmp_path, lab=lab.url)
        assert found(await asked(at, "192.0.2.9")).name == ""
        assert found(await asked(at, "203.0.113.80")).name == "web"


async def test_two_clusters_with_the_same_range_tell_nothing(tmp_path: Path) -> None:
    async with serving(says(services(DNS))) as one, serving(says(services(DNS))) as two:
        assert found(await asked(site(tmp_path, one=one.url, two=two.url), "10.96.0.10")).cluster == ""


async def test_of_two_clusters_with_the_same_range_that_of_the_node_is_meant(tmp_path: Path) -> None:
    """Its name in one of them; in another both have its address, and nobody knows."""

    def cluster(node: str, address: str) -> Behaviour:
        addresses = [{"type": "InternalIP", "address": address}]
        nodes = answer(200, {"items": [{"metadata": {"name": node}, "status": {"addresses": addresses}}]})

        async def behave(asked: Asked, writer: Writer) -> None:
            writer.write(nodes if "/nodes" in asked.path else services(DNS))

        return behave

    ours, theirs = cluster("node", "192.0.2.1"), cluster("other", "192.0.2.2")
    async with serving(ours) as one, serving(theirs) as two:
        at = site(tmp_path, one=one.url, two=two.url)
        assert found(await asked(at, "10.96.0.10", seen_from="node")).cluster == "one"
        assert found(await asked(at, "10.96.0.10")).cluster == ""
    async with serving(ours) as one, serving(ours) as two:
        at = site(tmp_path, one=one.url, two=two.url)
        assert found(await asked(at, "10.96.0.10", seen_from="node")).cluster == ""


async def test_no_cluster_and_hosts_of_the_site_ask_nobody(tmp_path: Path) -> None:
    assert found(await asked(site(tmp_path), "10.96.0.10")).cluster == ""
    async with serving(says(services(DNS))) as lab:
        assert found(await asked(site(tmp_path, lab=lab.url), "192.0.2.1")).cluster == ""
        assert lab.asked == []


async def test_an_api_that_says_nothing_is_waited_for_a_little(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with mute() as port, serving(says(services(DNS))) as lab:
        begun = loop.time()
        evidence = await asked(site(tmp_path, gone=f"http://127.0.0.1:{port}"), "10.96.0.10")
        assert loop.time() - begun < 10
        assert evidence.failure
        assert evidence.failure.reason == "unreachable"
        both = found(await asked(site(tmp_path, gone=f"http://127.0.0.1:{port}", lab=lab.url), "10.96.0.10"))
        assert (both.cluster, both.unseen) == ("lab", ("gone",))


async def test_an_address_that_is_a_pods_is_told_with_its_pod(tmp_path: Path) -> None:
    """The node's own address is that of its pods without a network of their own as well: it is none of theirs."""
    own = {"metadata": {"name": "proxy"}, "spec": {"hostNetwork": True}, "status": {"phase": "Running"}}
    pod = {"metadata": {"name": "web-0"}, "spec": {}, "status": {"phase": "Running"}}

    def cluster(*pods: dict[str, Any]) -> Behaviour:
        async def behave(asked: Asked, writer: Writer) -> None:
            writer.write(services(*pods) if "/pods" in asked.path else services(DNS))

        return behave

    for pods, name in (((own, pod), "web-0"), ((own,), ""), ((), "")):
        async with serving(cluster(*pods)) as lab, LiveToolbox(site(tmp_path, lab=lab.url)) as toolbox:
            call = checked_call("k8s.service_path", "lab", {"address": "10.244.1.7", "port": 0})
            evidence = await observe(call, toolbox, "e1")
            assert isinstance(evidence.facts, ServicePath), evidence.failure
            assert (evidence.facts.name, evidence.facts.pod) == ("", name)
            assert "podIP%3D10.244.1.7" in "".join(one.path for one in lab.asked)

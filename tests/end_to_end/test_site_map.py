"""The join on a lab with both: every cell held against what was plugged, past all APIs; and what is said when a
part of it is gone or says something else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lab.kube.cluster import WITH_PROVIDER_ID
from lab.machines import WORKERS
from lab.session import Lab

pytestmark = pytest.mark.lab
BY_ADDRESS = "k8s-worker-2"
Map = dict[str, dict[str, Any]]


def deadhop(site: Path, *words: str, code: int = 0) -> dict[str, Any]:
    argv = [sys.executable, "-m", "deadhop", *words, "--site", str(site), "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=180)
    assert done.returncode == code, done.stdout[-2000:] + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    schema = json.loads(files("deadhop").joinpath("schemas", f"{found['kind']}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found)
    return found


def strips(found: dict[str, Any]) -> Map:
    return {strip["node"]["name"] or strip["server"]["name"]: strip for strip in found["maps"]}


@pytest.fixture(scope="module")
def found(stack_lab: Lab) -> dict[str, Any]:
    return deadhop(stack_lab.site(), "site", "show", "--map")


@pytest.fixture(scope="module")
def mapped(found: dict[str, Any]) -> Map:
    return strips(found)


def plugged(lab: Lab, worker: str) -> dict[str, str]:
    """The server's own card, and the tap at the cable's other end: each end knows the other's index."""
    hypervisor = WORKERS[worker].hypervisor
    (card,) = json.loads(lab.run(worker, "ip -j addr show eth0").stdout)
    links = json.loads(lab.run(hypervisor, "ip -j link").stdout)
    (tap,) = [link["ifname"] for link in links if link["ifindex"] == card["link_index"]]
    (fixed,) = [one["local"] for one in card["addr_info"] if one["family"] == "inet"]
    bridge, tag = lab.run(hypervisor, f"ovs-vsctl port-to-br {tap}; ovs-vsctl get port {tap} tag").stdout.split()
    return {"tap": tap, "bridge": bridge, "tag": tag, "mac": card["address"], "fixed": fixed}


def of_openstack(lab: Lab, *words: str) -> Any:
    """OpenStack's own client says it again."""
    argv = [sys.executable, "-m", "lab", "openstack", *words, "-f", "json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", sorted(WORKERS))
def test_every_cell_is_what_was_plugged(stack_lab: Lab, mapped: Map, name: str) -> None:
    worker, strip = WORKERS[name], mapped[name]
    real, server = plugged(stack_lab, name), of_openstack(stack_lab, "server", "show", name)
    assert strip["node"]["details"]["address"] == worker.floating_ip
    assert strip["joined_by"] == ("provider-id" if name == WITH_PROVIDER_ID else "address")
    assert (strip["server"]["id"], strip["server"]["name"]) == (server["id"], name)
    (way,) = strip["ports"]
    details = way["port"]["details"]
    assert (details["fixed"], details["floating"]) == (worker.ip, worker.floating_ip)
    assert real["fixed"] == worker.ip
    assert (details["mac"], details["groups"], details["binding"]) == (real["mac"], "k8s", "ovs")
    assert real["tap"] == f"tap{way['port']['id'][:11]}"
    assert way["host"]["name"] == worker.hypervisor
    assert (way["tap"]["name"], way["tap"]["details"]["tag"]) == (real["tap"], real["tag"])
    assert (way["tap"]["details"]["mac"], way["tap"]["details"]["link"]) == (real["mac"], "up")
    assert way["bridge"]["name"] == real["bridge"] == "br-int"
    assert strip["contradictions"] == []


@pytest.mark.parametrize("name", sorted(WORKERS))
def test_pods_and_services_are_what_runs_on_the_node(stack_lab: Lab, mapped: Map, name: str) -> None:
    """Every pod with a network of its own is a namespace on its node, with its address."""
    look = "for pod in /run/netns/cni-*; do nsenter --net=$pod ip -o -4 addr show eth0; done"
    running = set(re.findall(r"inet (10\.244\.[0-9.]+)/", stack_lab.run(name, look).stdout))
    pods = mapped[name]["pods"]["items"]
    assert {address for pod in pods for address in pod["addresses"] if address.startswith("10.244.")} == running
    services = {one["name"]: one for one in mapped[name]["services"]["items"]}
    assert (services["web"]["ready_here"], services["web"]["endpoints"]) == (1, 2)


def test_every_cell_says_its_source_and_age(mapped: Map) -> None:
    strip = mapped[WITH_PROVIDER_ID]
    (way,) = strip["ports"]
    told = {name: strip[name]["source"] for name in ("node", "server", "pods", "services")}
    told |= {name: cell["source"] for name, cell in way.items()}
    hypervisor = WORKERS[WITH_PROVIDER_ID].hypervisor
    assert told == {
        **dict.fromkeys(("node", "pods", "services"), "cluster:lab"),
        **dict.fromkeys(("server", "port", "host"), "cloud:lab"),
        **dict.fromkeys(("tap", "bridge"), f"host:{hypervisor}"),
    }
    assert all(0 <= cell["age"] < 120 for cell in (strip["node"], strip["server"], *way.values()))


def test_a_machine_that_is_no_server(mapped: Map, found: dict[str, Any]) -> None:
    master = mapped["master"]
    assert (master["server"]["state"], master["joined_by"], master["ports"]) == ("none", None, [])
    assert (found["contradictions"], found["unseen"]) == ([], [])


def test_an_address_is_told_what_it_is(stack_lab: Lab, mapped: Map) -> None:
    pod = next(pod for pod in mapped[BY_ADDRESS]["pods"]["items"] if pod["name"].startswith("web-"))
    told = deadhop(stack_lab.site(), "site", "show", "--map", pod["addresses"][0])
    port = mapped[BY_ADDRESS]["ports"][0]["port"]["id"]
    (means,) = told["means"]
    chain = f"server {BY_ADDRESS}, port {port[:8]}… on {WORKERS[BY_ADDRESS].hypervisor}"
    assert means["is"] == f"pod default/{pod['name']} on {BY_ADDRESS} = {chain}"
    assert [strip["node"]["name"] for strip in told["maps"]] == [BY_ADDRESS]


def test_a_diagnosis_tells_what_its_addresses_are(stack_lab: Lab, mapped: Map) -> None:
    address = WORKERS[WITH_PROVIDER_ID].floating_ip
    words = ("no-answer-to-ping", "--set", f"source={BY_ADDRESS}", "--set", f"target={address}")
    told = {one["text"]: one["is"] for one in deadhop(stack_lab.site(), "diagnose", *words)["means"]}
    port = mapped[WITH_PROVIDER_ID]["ports"][0]["port"]["id"]
    assert told[address].startswith(f"node {WITH_PROVIDER_ID} = server {WITH_PROVIDER_ID}, port {port[:8]}…")


# ------------------------------------------------------------------ what is said when a part says something else


@pytest.fixture
def tap(stack_lab: Lab) -> Iterator[str]:
    """Its interface says again of which card it is, after the test."""
    worker = WORKERS[BY_ADDRESS]
    name = plugged(stack_lab, BY_ADDRESS)["tap"]
    yield name
    stack_lab.run(worker.hypervisor, f"ovs-vsctl set interface {name} external_ids:attached-mac={worker.mac}")


def test_a_card_of_another_mac(stack_lab: Lab, tap: str) -> None:
    worker, other = WORKERS[BY_ADDRESS], "fa:16:3e:ff:ff:ff"
    stack_lab.run(worker.hypervisor, f"ovs-vsctl set interface {tap} external_ids:attached-mac={other}")
    told = deadhop(stack_lab.site(), "site", "show", "--map", "--node", BY_ADDRESS, code=1)
    (one,) = told["maps"][0]["contradictions"]
    assert one["kind"] == "mac"
    assert one["says"]["en"] == f"the port says {worker.mac}, {tap} on {worker.hypervisor} says {other}"


@pytest.fixture
def healed(stack_lab: Lab) -> Iterator[Lab]:
    yield stack_lab
    stack_lab.heal()


def test_without_neutron_open_vswitch_is_asked_whose_its_cards_are(healed: Lab, mapped: Map) -> None:
    """Nova's details need Neutron too: then there are names alone."""
    healed.break_("neutron-api-stopped")
    told = deadhop(healed.site(), "site", "show", "--map", "--node", WITH_PROVIDER_ID, code=2)
    (strip,) = told["maps"]
    (way,), (before,) = strip["ports"], mapped[WITH_PROVIDER_ID]["ports"]
    assert (strip["joined_by"], strip["server"]["name"]) == ("provider-id", WITH_PROVIDER_ID)
    assert (way["port"]["state"], way["port"]["id"]) == ("unknown", before["port"]["id"])
    assert "9696" in way["port"]["reason"]
    assert [way[kind]["name"] for kind in ("host", "tap", "bridge")] == [
        before[kind]["name"] for kind in ("host", "tap", "bridge")
    ]
    assert {one["probe"] for one in told["unseen"]} >= {"cloud.ports", "cloud.servers"}
    assert strip["contradictions"] == []


@pytest.mark.parametrize(
    ("instead", "code", "node", "server", "tap"),
    [
        ("clouds: {}", 0, "seen", "unknown", None),
        ("clusters: {}", 0, "unknown", "seen", "seen"),
        ("clouds: {lab-demo}", 2, "seen", "unknown", None),
        ("hosts: no compute", 0, "seen", "seen", "unknown"),
    ],
)
def test_any_part_may_be_missing(
    stack_lab: Lab, tmp_path: Path, instead: str, code: int, node: str, server: str, tap: str | None
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(_without(stack_lab.site().read_text(), instead))
    strip = strips(deadhop(site, "site", "show", "--map", code=code))[WITH_PROVIDER_ID]
    assert (strip["node"]["state"], strip["server"]["state"]) == (node, server)
    assert [way["tap"]["state"] for way in strip["ports"]] == ([tap] if tap else [])


def _without(site: str, instead: str) -> str:
    what, _, how = instead.partition(": ")
    if what == "hosts":
        hidden = re.sub(r"(?m)^  compute:\n    console.*\n", "", site)
        return hidden.replace("hosts:", 'only: ["*", "!compute"]\nhosts:', 1)
    if how == "{lab-demo}":
        return site.replace('"cloud": "lab"', '"cloud": "lab-demo"')
    return re.sub(rf"(?m)^{what}:\n.*$", f"{what}: {{}}", site)

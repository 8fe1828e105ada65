"""The healthy cluster: real nodes, real pods, reached as an operator reaches them."""

import json
import stat
import subprocess
import sys

import pytest
import yaml

from lab.errors import LabError
from lab.kube import health
from lab.kube.node import NODES
from lab.kube.versions import KUBERNETES
from lab.machines import SSH_HOSTS, WORKERS
from lab.session import Lab

pytestmark = pytest.mark.lab


def kubectl(*arguments: str) -> str:
    """From the namespace the lab was started in."""
    argv = [sys.executable, "-m", "lab", "kubectl", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout


def test_nothing_ails_it(kube_lab: Lab) -> None:
    assert health.ailments(kube_lab.instance) == []


def test_three_nodes_are_ready_and_as_old_as_the_program_says(kube_lab: Lab) -> None:
    items = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
    versions = {item["metadata"]["name"]: item["status"]["nodeInfo"]["kubeletVersion"] for item in items}
    assert versions == dict.fromkeys(NODES, KUBERNETES)


def test_pods_have_addresses_of_their_node_and_reach_each_other(kube_lab: Lab) -> None:
    pods = json.loads(kubectl("get", "pods", "-l", "role=client", "-o", "json"))["items"]
    by_node = {pod["spec"]["nodeName"]: pod["status"]["podIP"] for pod in pods}
    assert by_node.keys() == WORKERS.keys()
    for name, worker in WORKERS.items():
        other = next(ip for node, ip in by_node.items() if node != name)
        assert "1 packets received" in kubectl("exec", f"deploy/client-{worker.number}", "--", "ping", "-c1", other)


def test_pods_have_names_and_services(kube_lab: Lab) -> None:
    assert "192.0.2.53" in kubectl("exec", "deploy/client-1", "--", "nslookup", "upstream.example")
    answers = kubectl("exec", "deploy/client-2", "--", "get", *["http://web"] * 12)
    assert len({line for line in answers.splitlines() if line.startswith("200 OK")}) == 2, "one backend of two"


def test_a_cluster_ip_answers_no_ping_and_is_well_all_the_same(kube_lab: Lab) -> None:
    pasted = kube_lab.paste("clusterip-ping")
    assert "100% packet loss" in pasted
    assert "200 OK: web-" in pasted


def test_the_network_below_is_the_same(kube_lab: Lab) -> None:
    assert kube_lab.silent_paths() == []


def test_machines_run_and_nothing_has_failed(kube_lab: Lab) -> None:
    for machine in SSH_HOSTS:
        assert kube_lab.run(machine.name, "systemctl is-system-running").stdout.strip() == "running"


def test_the_site_names_the_cluster(kube_lab: Lab) -> None:
    kubeconfig = kube_lab.instance.kubeconfig
    expected = {"kubeconfig": str(kubeconfig), "context": "kubernetes-admin@kubernetes", "host": "master"}
    assert yaml.safe_load(kube_lab.site().read_text())["clusters"] == {"lab": expected}
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    contexts = yaml.safe_load(kubeconfig.read_text())["contexts"]
    assert [context["name"] for context in contexts] == [expected["context"]]


def test_a_lab_without_kubernetes_refuses_its_faults(lab: Lab) -> None:
    for look in (lab.break_, lab.undo, lab.paste):
        with pytest.raises(LabError, match="no-cni needs a lab with kube") as refusal:
            look("no-cni")
        assert refusal.value.hint == "python -m lab up --kube"

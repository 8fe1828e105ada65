"""The cluster: kubeadm init and join, flannel, something to look at, and whether all of it is well."""

import time

from lab.bash import lines, shipped, write
from lab.errors import LabError
from lab.inside import script
from lab.instance import Instance
from lab.kube.build import cache
from lab.kube.health import ailments
from lab.kube.node import MASTER, NODES, RESOLVER, node_script, provider_id_script
from lab.kube.versions import BUSYBOX_IMAGE, COREDNS, ETCD, KUBERNETES, REPOSITORY
from lab.machines import HOSTS, MACHINES, WORKERS
from lab.parts import OPENSTACK, parts_of
from lab.processes import must, parallel

WITH_PROVIDER_ID = "k8s-worker-1"
"""Where the workers are servers of a cloud: this node names its server, the other only has its address."""
CONTEXT = "kubernetes-admin@kubernetes"
_INIT_LOG = "/var/log/kubeadm-init.log"
_RESOLVER_UNIT = f"""\
[Unit]
Description=dnsmasq - the site's resolver
[Service]
ExecStart=/usr/sbin/dnsmasq -k -u root --conf-file=/dev/null --no-resolv --no-hosts --bind-interfaces \
--listen-address={RESOLVER} --local=/invalid/ --local=/upstream.example/ --address=/upstream.example/192.0.2.53
"""


def start(lab: Instance) -> None:
    """On machines that reach each other: a cluster of three nodes with pods that run."""
    lab.kubernetes.symlink_to(cache())
    must("ip", "route", "replace", MACHINES[MASTER].ip, "via", HOSTS["kubernetes-host"].ip)
    _on(lab, "openstack-host", _resolver_script())
    parallel(lambda name: _prepare(lab, name), NODES)
    if OPENSTACK in parts_of(lab):
        _on(lab, WITH_PROVIDER_ID, provider_id_script())
    join = _on(lab, MASTER, "kubeadm token create --print-join-command 2>/dev/null").strip()
    parallel(lambda name: _on(lab, name, f"{join} --ignore-preflight-errors=all 2>&1"), WORKERS)
    wait_healthy(lab)


def wait_healthy(lab: Instance, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while ill := ailments(lab):
        if time.monotonic() > end:
            raise LabError(f"the cluster is not well after {seconds:g} s: {'; '.join(ill)}")
        time.sleep(0.5)


def _resolver_script() -> str:
    return write("/etc/systemd/system/dnsmasq.service", _RESOLVER_UNIT) + lines(
        "systemctl daemon-reload", "systemctl start dnsmasq"
    )


def _prepare(lab: Instance, name: str) -> None:
    """The workers load their images while master starts the control plane."""
    _on(lab, name, node_script(lab, name))
    if name == MASTER:
        _on(lab, name, _init_script())
        save_kubeconfig(lab)


def _init_script() -> str:
    flannel = (cache() / "flannel.yaml").read_text()
    # master is behind NAT from the workers' private network: pods live on the workers only
    workers_only = '[{"op": "remove", "path": "/spec/template/spec/tolerations"}]'
    return (
        write("/etc/kubernetes/kubeadm.yaml", kubeadm_config())
        + write("/etc/kubernetes/addons/flannel.yaml", flannel)
        + write("/etc/kubernetes/addons/app.yaml", app_manifest())
        + lines(
            "kubeadm init --config /etc/kubernetes/kubeadm.yaml --ignore-preflight-errors=all "
            f">{_INIT_LOG} 2>&1 || {{ tail -30 {_INIT_LOG}; exit 1; }}",
            "install -D -m 600 /etc/kubernetes/admin.conf /root/.kube/config",
            f"kubectl -n kube-system patch deployment coredns --type=json -p '{workers_only}'",
            "kubectl apply -f /etc/kubernetes/addons",
        )
    )


def save_kubeconfig(lab: Instance) -> None:
    text = _on(lab, MASTER, "cat /etc/kubernetes/admin.conf")
    lab.kubeconfig.touch(mode=0o600)
    lab.kubeconfig.write_text(text)


def kubeadm_config() -> str:
    holes = {
        "@MASTER@": MACHINES[MASTER].ip,
        "@KUBERNETES@": KUBERNETES,
        "@REPOSITORY@": REPOSITORY,
        "@COREDNS@": COREDNS,
        "@ETCD@": ETCD,
    }
    return _filled("kubeadm.yaml", holes)


def app_manifest() -> str:
    clients = "".join(
        _filled("client.yaml", {"@NUMBER@": str(worker.number), "@NODE@": name}) for name, worker in WORKERS.items()
    )
    return _filled("app.yaml", {"@CLIENTS@\n": clients}).replace("@BUSYBOX@", BUSYBOX_IMAGE)


def _filled(name: str, holes: dict[str, str]) -> str:
    text = shipped(f"kube/{name}")
    for hole, value in holes.items():
        text = text.replace(hole, value)
    return text


def _on(lab: Instance, name: str, text: str) -> str:
    done = script(lab, name, "set -e\n" + text, timeout=300)
    if done.returncode:
        raise LabError(
            f"[{name}] {done.stdout.strip()[-1500:]}", hint=f"python -m lab exec {name} journalctl -u kubelet"
        )
    return done.stdout

"""Faults of the control plane and of joining it."""

import re

from lab.bash import write
from lab.faults import Fault, Run
from lab.kube.node import PROGRAMS
from lab.kube.steps import (
    GET_NODES,
    MANIFESTS,
    MASTER,
    W2,
    apply,
    delete,
    deployment,
    kube_fault,
    on_master,
    quietly,
    told_of_pod,
)
from lab.kube.versions import KUBERNETES
from lab.machines import MACHINES

_APISERVER = f"{MANIFESTS}/kube-apiserver.yaml"
_UNTIL_READY = (
    "for i in $(seq 180); do kubectl get --raw /readyz >/dev/null 2>&1 && exit 0; sleep 0.5; done; exit 1"
)

JOIN_TOKEN = "abcdef.0123456789abcdef"
_JOIN = f"""\
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  bootstrapToken:
    token: {JOIN_TOKEN}
    apiServerEndpoint: {MACHINES[MASTER].ip}:6443
    unsafeSkipCAVerification: true
timeouts: {{discovery: 5s}}
"""
_PREFLIGHT = "kubeadm join phase preflight --config /root/join.yaml --ignore-preflight-errors=all"
_ONLY_ERRORS = " 2>&1 | grep ^error"
_ALL_ERRORS = " 2>&1 | grep -i error"

_NEXT = "v1.37.0"
"""kubeadm goes with a control plane of its own minor version or the one before."""
_PACKAGES = "/var/cache/kube-packages"
# The same program, which says that it is another version; as packages in a repository of the machine's own.
_NEXT_PACKAGES = f"""\
set -e
mkdir -p /usr/lib/kube-next {_PACKAGES}; cd {_PACKAGES}
sed 's/{re.escape(KUBERNETES)}/{_NEXT}/g' {PROGRAMS}/bin/hyperkube > /usr/lib/kube-next/hyperkube
chmod 755 /usr/lib/kube-next/hyperkube
for p in kubelet kubeadm; do
  for v in {KUBERNETES}={PROGRAMS}/bin {_NEXT}=/usr/lib/kube-next; do
    rm -rf tree; mkdir -p tree/DEBIAN tree/usr/bin; ln -s ${{v#*=}}/hyperkube tree/usr/bin/$p
    n=${{v%%=*}}; n=${{n#v}}-1.1
    printf '%s\\n' "Package: $p" "Version: $n" 'Architecture: all' 'Maintainer: lab <lab@lab.invalid>' \\
      "Description: $p" > tree/DEBIAN/control
    dpkg-deb -Znone --root-owner-group -b tree $p-$n.deb >/dev/null
    {{ dpkg-deb -f $p-$n.deb; echo "Filename: ./$p-$n.deb"; echo "Size: $(stat -c %s $p-$n.deb)"
      echo "SHA256: $(sha256sum < $p-$n.deb | cut -d' ' -f1)"; echo; }} >> Packages
  done
done
rm -r tree
echo 'deb [trusted=yes] file:{_PACKAGES} ./' > /etc/apt/sources.list.d/kubernetes.list
only="-o Dir::Etc::sourcelist=sources.list.d/kubernetes.list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0"
apt-get update -qq $only
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y kubelet kubeadm >/dev/null 2>&1
apt-mark hold kubelet kubeadm >/dev/null"""
_NO_PACKAGES = f"""\
dpkg --purge --force-all kubelet kubeadm >/dev/null 2>&1
rm -rf {_PACKAGES} /usr/lib/kube-next /etc/apt/sources.list.d/kubernetes.list /var/lib/apt/lists/*kube-packages*
for p in kubelet kubeadm; do ln -sf {PROGRAMS}/bin/hyperkube /usr/bin/$p; done"""

_EXPIRE = """cd /etc/kubernetes/pki && mv apiserver.crt apiserver.key /root
sed 's/^kubernetesVersion/certificateValidityPeriod: 1s\\n&/' ../kubeadm.yaml > /root/short.yaml
kubeadm init phase certs apiserver --config /root/short.yaml && sleep 2 && pkill -KILL -x kube-apiserver"""
_UNEXPIRE = """[ ! -e /root/apiserver.crt ] || {
  mv /root/apiserver.crt /root/apiserver.key /etc/kubernetes/pki; pkill -KILL -x kube-apiserver; sleep 2
}"""
# a graceful end takes up to 30 s
_KILL = "pkill -KILL -x {}"
_NO_API = on_master("! kubectl get --raw /livez 2>/dev/null")
_LOGS = "/var/log/pods/kube-system_kube-apiserver*/kube-apiserver/*.log"
_APISERVER_LOG = on_master(f"tail -qn 3 {_LOGS}")
_ETCD_IN_LOG = on_master(f"grep -h 127.0.0.1:2379 {_LOGS} | sort | tail -n 3")


_ETCD = f"{MANIFESTS}/etcd.yaml"
ETCDCTL = (
    "kubectl -n kube-system exec etcd-master -- etcdctl --cacert=/etc/kubernetes/pki/etcd/ca.crt "
    "--cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key --command-timeout=30s"
)
_REVISION = f"{ETCDCTL} endpoint status -w json | grep -o 'revision\":[0-9]*' | cut -d: -f2"
_ETCD_HEALTH = on_master("curl -s http://127.0.0.1:2381/health")
_QUOTA = "--quota-backend-bytes=25165824"
_ALONE = "--force-new-cluster"
_NOBODY = "https://172.20.112.199:2380"
# what changes often, until etcd has had enough: 800 kB each time
_FILL = """\
head -c 600000 /dev/urandom | base64 -w0 > /root/much
for i in $(seq 60); do
  echo $i >> /root/much
  kubectl create configmap much --from-file=/root/much --dry-run=client -o yaml | kubectl replace -f - \
    >/root/filled 2>&1 || break
done
rm /root/much; grep 'database space exceeded' /root/filled"""


def _etcd_with(flag: str) -> str:
    """bash: etcd runs with this flag."""
    return (
        f"grep -q -e {flag} {_ETCD} || sed -i 's|^    - etcd$|&\\n    - {flag}|' {_ETCD}\n"
        f"until pgrep -fa '^etcd' | grep -q -e {flag}; do sleep 0.5; done"
    )


def _etcd_without(flag: str) -> str:
    name = flag.partition("=")[0]
    return (
        f"sed -i '/ {name}/d' {_ETCD}\n"
        f"until pgrep -x etcd >/dev/null && ! pgrep -fa '^etcd' | grep -q -e {name}; do sleep 0.5; done"
    )


def _full_etcd(about: str, *more: Run) -> Fault:
    return kube_fault(
        about,
        breaks=(
            on_master(f"{_etcd_with(_QUOTA)}\n{_UNTIL_READY}"),
            quietly(f"kubectl create configmap much\n{_FILL}"),
            *more,
        ),
        undo=(
            on_master(f"{_etcd_without(_QUOTA)}\n{_UNTIL_READY}"),
            quietly(
                f"{ETCDCTL} alarm disarm; rm -f /root/filled\n"
                "kubectl delete configmap much settings --ignore-not-found"
            ),
        ),
        shows=(on_master("kubectl create configmap settings --from-literal=a=b"), _ETCD_HEALTH),
        shown=on_master(f"{_ETCD_HEALTH.text} | grep -q NOSPACE"),
    )


def _moved(manifest: str) -> tuple[Run, Run]:
    """Breaks and undo: a static pod whose manifest is not there is stopped."""
    there, kept = f"{MANIFESTS}/{manifest}.yaml", f"/root/{manifest}.yaml"
    return (
        on_master(f"mv {there} {kept}; {_KILL.format(manifest)} || true"),
        on_master(f"[ -e {there} ] || mv {kept} {there}; rm -f {kept}; {_UNTIL_READY}"),
    )


CONTROL_FAULTS: dict[str, Fault] = {
    "apiserver-down": kube_fault(
        "the API server's static pod manifest was moved away",
        breaks=_moved("kube-apiserver")[:1],
        undo=_moved("kube-apiserver")[1:],
        shows=(GET_NODES,),
        shown=_NO_API,
    ),
    "scheduler-down": kube_fault(
        "the scheduler's static pod manifest was moved away, and a new pod waits",
        breaks=(*_moved("kube-scheduler")[:1], apply(deployment("queue"))),
        undo=(*_moved("kube-scheduler")[1:], delete("deployment/queue")),
        shows=(on_master("kubectl get pods -l app=queue"), told_of_pod("queue")),
        shown=on_master("! pgrep -x kube-scheduler && kubectl get pods -l app=queue | grep -q Pending"),
    ),
    "apiserver-crash": kube_fault(
        "the API server's manifest names a wrong etcd port: it starts and ends again and again",
        breaks=(
            on_master(f"sed -i 's#127.0.0.1:2379#127.0.0.1:2378#' {_APISERVER}; {_KILL.format('kube-apiserver')}"),
        ),
        undo=(on_master(f"sed -i 's#127.0.0.1:2378#127.0.0.1:2379#' {_APISERVER}; {_UNTIL_READY}"),),
        shows=(GET_NODES, _APISERVER_LOG),
        shown=on_master(f"{_NO_API.text} && {_APISERVER_LOG.text} | grep -q 127.0.0.1:2378"),
    ),
    "etcd-down": kube_fault(
        "etcd's static pod manifest was moved away: the API server has nothing to ask",
        breaks=_moved("etcd")[:1],
        undo=_moved("etcd")[1:],
        shows=(on_master("kubectl get nodes --request-timeout=5s"), _ETCD_IN_LOG),
        shown=on_master(f"{_NO_API.text} && {_ETCD_IN_LOG.text} | grep -q 'connection refused'"),
    ),
    "etcd-space": _full_etcd("etcd's database is as large as it may be (24 MiB): it reads and refuses to write"),
    "etcd-fragmented": _full_etcd(
        "etcd's history was compacted, and its file is as large as it may be all the same: it refuses to write",
        quietly(f"{ETCDCTL} compaction --physical $({_REVISION})"),
    ),
    "etcd-no-quorum": kube_fault(
        "etcd has a second member that was added and never started",
        breaks=(quietly(f"{ETCDCTL} member add nobody --peer-urls={_NOBODY}"),),
        undo=(on_master(f"{_etcd_with(_ALONE)}\nsleep 5\n{_etcd_without(_ALONE)}\n{_UNTIL_READY}"),),
        shows=(on_master("kubectl get nodes --request-timeout=5s"), _ETCD_HEALTH),
        shown=on_master(f"{_NO_API.text} && {_ETCD_HEALTH.text} | grep -q LEADER"),
    ),
    "apiserver-cert-expired": kube_fault(
        "the API server's certificate has expired",
        breaks=(quietly(_EXPIRE),),
        undo=(on_master(f"{_UNEXPIRE}; {_UNTIL_READY}"),),
        shows=(GET_NODES,),
        shown=on_master("kubectl get nodes 2>&1 | grep -q 'certificate has expired'"),
    ),
    "token-expired": kube_fault(
        "a join with a bootstrap token that has expired (discovery only, nothing joins)",
        breaks=(
            quietly(f"kubeadm token create {JOIN_TOKEN} --ttl 1s"),
            Run(W2, write("/root/join.yaml", _JOIN, "600")),
        ),
        undo=(
            quietly(f"kubeadm token delete {JOIN_TOKEN.partition('.')[0]} || true"),
            Run(W2, "rm -f /root/join.yaml"),
        ),
        shows=(Run(W2, _PREFLIGHT + _ONLY_ERRORS), on_master("kubeadm token list")),
        shown=on_master("! kubeadm token list | grep -q abcdef"),
    ),
    "node-not-prepared": kube_fault(
        "a machine that does not forward packets wants to join (discovery only, nothing joins)",
        breaks=(
            quietly(f"kubeadm token create {JOIN_TOKEN} --ttl 1h"),
            Run(W2, write("/root/join.yaml", _JOIN, "600")),
            Run(W2, "sysctl -qw net.ipv4.ip_forward=0"),
        ),
        undo=(
            quietly(f"kubeadm token delete {JOIN_TOKEN.partition('.')[0]} || true"),
            Run(W2, "rm -f /root/join.yaml; sysctl -qw net.ipv4.ip_forward=1"),
        ),
        shows=(Run(W2, _PREFLIGHT.partition(" --ignore")[0] + _ALL_ERRORS), Run(W2, "sysctl net.ipv4.ip_forward")),
    ),
    "kubeadm-too-new": kube_fault(
        "a machine whose kubelet and kubeadm are two minor versions newer (discovery only, nothing joins)",
        breaks=(
            quietly(f"kubeadm token create {JOIN_TOKEN} --ttl 1h"),
            Run(W2, write("/root/join.yaml", _JOIN, "600")),
            Run(W2, _NEXT_PACKAGES),
        ),
        undo=(
            quietly(f"kubeadm token delete {JOIN_TOKEN.partition('.')[0]} || true"),
            Run(W2, f"rm -f /root/join.yaml; {_NO_PACKAGES}"),
        ),
        shows=(Run(W2, _PREFLIGHT + _ONLY_ERRORS), Run(W2, "kubeadm version -o short")),
    ),
}

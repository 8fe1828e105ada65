"""What a node says of its kubelet, its pod network, its control plane and its disks. Texts are the lab's but where
they say otherwise."""

from __future__ import annotations

import pytest

from probes.errors import UnreadableOutput
from probes.linux.disks import Room, holding, parse_disks, parse_growth
from probes.linux.facts import Disk
from probes.linux.journal import complaints
from probes.linux.unit import parse_units
from probes.node.control_plane import (
    parse_certificate,
    parse_copies,
    parse_etcd_servers,
    parse_logs,
    parse_unreached,
)
from probes.node.kubelet import parse_configs, parse_env, parse_node_ip, parse_runtimes, parse_swaps
from tests.probes.recorded import recorded

SWAP = (
    'E1121 08:53:33.973237    6201 run.go:72] "command failed" err="failed to run Kubelet: running with swap on '
    'is not supported, please disable swap or set --fail-swap-on flag to false"'
)
ETCD = (
    "2026-11-21T14:54:37.861985494Z stderr F "
    '{"level":"%s","ts":"2026-11-21T14:54:37.861898Z","caller":"embed/config_logging.go:188",'
    '"msg":"rejected connection on client endpoint","remote-addr":"127.0.0.1:33294","error":"EOF"}'
)


def test_of_klog_errors_alone_count() -> None:
    text = "\n".join(['I1121 08:53:33.973178    6201 swap_util.go:119] "Swap is on"', SWAP, SWAP])
    assert complaints(text) == (SWAP.partition("] ")[2],)


def test_of_etcd_warnings_do_not_count() -> None:
    assert complaints(ETCD % "warn") == ()
    assert complaints(ETCD % "fatal")[0].startswith('rejected connection on client endpoint,"remote-addr"')


def test_equal_complaints_of_two_requests_are_one() -> None:
    line = "2026-11-21 12:40:0%d.123 4711 ERROR neutron.agent [None req-%d - - - -] Tunneling can't be enabled"
    text = "\n".join([line % (1, 1), line % (2, 2), "2026-11-21 12:40:03.123 4711 INFO neutron.agent [-] fine"])
    assert complaints(text) == ("neutron.agent: Tunneling can't be enabled",)


def test_other_lines_count_by_their_words_and_the_newest_are_kept() -> None:
    text = "\n".join([f"open /x/{number}: no such file or directory" for number in range(20)] + ["all is well"])
    assert complaints(text) == tuple(f"open /x/{number}: no such file or directory" for number in range(12, 20))


def test_a_unit() -> None:
    text = (
        "MainPID=0\nNRestarts=[not set]\nExecMainStatus=1\nId=kubelet.service\nLoadState=loaded\n"
        "ActiveState=activating\nSubState=auto-restart\nUnitFileState=enabled\n"
    )
    ((unit, invocation),) = parse_units("worker", text, 12.5)
    assert (unit.sub, unit.restarts, unit.status, unit.failing, invocation) == ("auto-restart", 0, 1, True, "")


@pytest.mark.parametrize("text", ["", "Failed to connect to bus: Host is down", "Id=x.service\n"])
def test_no_answer_of_systemd(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_units("worker", text, 12.5)


@pytest.mark.parametrize(
    ("text", "node_ip"),
    [
        ("/usr/bin/kubelet\0--config=/var/lib/kubelet/config.yaml\0--node-ip=192.168.200.106\0", "192.168.200.106"),
        ("/usr/bin/kubelet\0--node-ip\x00192.168.200.106\0", "192.168.200.106"),
        ('KUBELET_KUBEADM_ARGS=""\nKUBELET_EXTRA_ARGS=--node-ip=fd00::7 --v=2\n', "fd00::7"),
        ("--node-ip=10.0.0.1 --node-ip=10.0.0.2", "10.0.0.2"),
        ("/usr/bin/kubelet\0", ""),
    ],
)
def test_node_ip(text: str, node_ip: str) -> None:
    assert parse_node_ip(text) == node_ip


def test_swaps() -> None:
    header = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
    assert parse_swaps(header) == ()
    assert parse_swaps(header + "/dev/vda2\tpartition\t6201340\t0\t-2\n/swapfile file 1 0 -3\n") == (
        "/dev/vda2",
        "/swapfile",
    )


def test_the_runtime_that_runs_is_taken() -> None:
    one = "Id=%s.service\nLoadState=%s\nActiveState=%s\n"
    missing = one % ("crio", "not-found", "inactive")
    both = "\n".join([one % ("containerd", "loaded", "inactive"), missing, one % ("docker", "loaded", "active")])
    assert parse_runtimes(both) == ("docker.service", "active")
    assert parse_runtimes(one % ("containerd", "loaded", "failed")) == ("containerd.service", "failed")
    assert parse_runtimes(missing) == ("", "")


def test_cni_of_flannel() -> None:
    assert parse_configs(recorded("cni-flannel")) == (("10-flannel.conflist",), ("flannel", "portmap"))


def test_the_first_configuration_counts_and_one_that_is_broken_has_no_plugins() -> None:
    text = '/etc/cni/net.d/20-b.conf:{"type": "bridge"}\n/etc/cni/net.d/10-a.conflist:{\n'
    assert parse_configs(text) == (("10-a.conflist", "20-b.conf"), ())
    assert parse_configs("") == ((), ())


def test_subnet_env() -> None:
    assert parse_env("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_MTU=1400\n") == {
        "FLANNEL_NETWORK": "10.244.0.0/16",
        "FLANNEL_MTU": "1400",
    }


def test_the_newest_log_of_each_container_and_its_number() -> None:
    text = recorded("find-pod-logs")
    assert sorted(parse_logs(text)) == [
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-proxy",
        "kube-scheduler",
    ]
    folder = "/var/log/pods/kube-system_etcd-master_9/etcd"
    later = text + f"1795279999.1 {folder}/12.log\n"
    assert parse_logs(later)["etcd"] == (f"{folder}/12.log",)
    both = later + f"1795279990.1 {folder}/11.log\n"
    assert parse_logs(both)["etcd"] == (f"{folder}/11.log", f"{folder}/12.log")


def test_copies_of_manifests_lie_beside_their_folder_and_the_newest_is_first() -> None:
    text = (
        "100.5 /etc/kubernetes/manifests/etcd.yaml\n200.5 /etc/kubernetes/manifests/kube-apiserver.yaml\n"
        "90.0 /etc/kubernetes/tmp/kubeadm-backup-manifests-1/kube-apiserver.yaml\n"
        "300.1 /root/kube-apiserver.yaml.old\n"
        "5.0 /root/notes.yaml\n"
    )
    assert parse_copies(text) == {
        "kube-apiserver.yaml": (
            "/root/kube-apiserver.yaml.old",
            "/etc/kubernetes/tmp/kubeadm-backup-manifests-1/kube-apiserver.yaml",
        )
    }


def test_what_a_program_could_not_reach_is_in_warnings_too() -> None:
    line = (
        'W1121 15:51:06.234217 1 logging.go:55] [core] grpc: failed to connect to {Addr: "127.0.0.1:2378"}. '
        'Err: connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:2378: connect: '
        'connection refused"'
    )
    assert parse_unreached(f"{line}\n{line}\ndial tcp 10.0.0.9:2379: i/o timeout") == (
        "127.0.0.1:2378",
        "10.0.0.9:2379",
    )


def test_a_certificate_by_the_clock_of_its_machine() -> None:
    text = "subject=CN = kube-apiserver\nnotBefore=Nov 21 14:49:26 2026 GMT\nnotAfter=Nov  1 04:54:26 2027 GMT\n"
    begins, ends = 1795272566, 1825044866
    now = parse_certificate("/x.crt", text, begins + 10)
    assert (now.subject, now.expired, now.not_yet, now.seconds_left) == (
        "CN=kube-apiserver",
        False,
        False,
        ends - begins - 10,
    )
    assert parse_certificate("/x.crt", text, ends + 1).expired
    assert parse_certificate("/x.crt", text, begins - 1).not_yet
    with pytest.raises(UnreadableOutput):
        parse_certificate("/x.crt", "unable to load certificate\n", 0)


def test_disks_of_a_node_without_its_containers() -> None:
    found = parse_disks(recorded("df-node"), recorded("df-inodes-node"), {"/dev/vda": Room(7, "/dev/vda", 1)})
    assert [(disk.mount, disk.device, disk.can_grow) for disk in found] == [
        ("/", "overlay", 0),
        ("/opt/kube", "/dev/vda", 7),
    ]
    assert all(0 < disk.inodes_percent < 100 and disk.available < disk.size for disk in found)


def test_journals_lie_in_the_nearest_mount_above_them() -> None:
    def disk(mount: str) -> Disk:
        return Disk(mount, "/dev/vda", 100, 1, 99, 1, 0)

    assert holding((disk("/"), disk("/var"), disk("/var/lo"), disk("/opt")), "/var/log/journal") == "/var"
    assert holding((disk("/"), disk("/var/log/journal")), "/var/log/journal") == "/var/log/journal"
    assert holding((disk("/opt"),), "/var/log/journal") == ""


def test_only_the_last_partition_can_grow() -> None:
    """Hand-made, after lsblk 2.38."""
    disk = '{"path": "/dev/vda", "type": "disk", "size": 100000000000, "children": [%s]}'
    part = '{"path": "/dev/vda%d", "type": "part", "size": %d}'
    text = '{"blockdevices": [%s]}'
    parts = disk % ", ".join([part % (1, 1_000_000_000), part % (2, 19_000_000_000)])
    assert parse_growth(text % parts) == {"/dev/vda2": Room(80_000_000_000, "/dev/vda", 2)}
    full = disk % (part % (1, 99_999_000_000))
    assert parse_growth(text % full) == {}
    assert parse_growth(text % (disk % "")) == {}


def test_a_partition_stands_below_its_disk() -> None:
    """lsblk 2.38.1 of a loop device."""
    text = (
        '{"blockdevices": [{"name":"loop0","path":"/dev/loop0","type":"loop","size":67108864,"children": '
        '[{"name":"loop0p1","path":"/dev/loop0p1","type":"part","size":25165824}]}]}'
    )
    assert parse_growth(text) == {"/dev/loop0p1": Room(41943040, "/dev/loop0", 1)}


def test_what_is_kept_in_memory_counts_below_var_only() -> None:
    space = (
        "Filesystem 1-blocks Used Available Capacity Mounted on\n"
        "overlay 100 40 60 40% /\n"
        "tmpfs 100 1 99 1% /run\n"
        "kube-kubelet 100 100 0 100% /var/lib/kubelet\n"
        "tmpfs 10 1 9 10% /var/lib/kubelet/pods/1/volumes/kubernetes.io~projected/token\n"
        "nas:/export 100 50 50 50% /srv\n"
    )
    inodes = "Filesystem Inodes IUsed IFree IUse% Mounted on\nkube-kubelet 10 10 0 100% /var/lib/kubelet\n"
    assert [(disk.mount, disk.inodes_percent) for disk in parse_disks(space, inodes, {})] == [
        ("/", 0),
        ("/var/lib/kubelet", 100),
        ("/srv", 0),
    ]


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("    - --etcd-servers=https://127.0.0.1:2379\n", ("https://127.0.0.1:2379",)),
        ('    - "--etcd-servers=https://a:2379,https://b:2379"\n', ("https://a:2379", "https://b:2379")),
        ("    # - --etcd-servers=https://127.0.0.1:2379\n", ()),
        ("", ()),
    ],
)
def test_every_etcd_that_the_api_server_is_told(text: str, servers: tuple[str, ...]) -> None:
    assert parse_etcd_servers(text) == servers

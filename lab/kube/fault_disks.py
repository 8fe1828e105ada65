"""Full disks, as loop devices of the machine's own: one that was made larger while its partition was not, and one
that systemd's journals have filled.

XFS, for to grow ext4 while it is mounted the kernel wants CAP_SYS_RESOURCE, which whoever runs the lab may lack."""

from lab.faults import Fault, Run
from lab.kube.steps import GET_NODES, W1, described, is_not_ready, kube_fault, on_master, quietly, told_of_pod

_KUBELET = "/var/lib/kubelet"
_IMAGE = "/run/grown-disk"
_LAST_WORDS = Run(W1, "journalctl -u kubelet -n 200 --no-pager | grep 'no space left' | tail -n 2")
# A kernel without GPT in it scans no partitions; with -P it forgets those that were added when the disk goes.
_PLUG = f"""set -e
truncate -s 700M {_IMAGE}
printf 'label: gpt\\n,320M,L\\n' | sfdisk -q {_IMAGE}
[ -e /dev/loop-control ] || mknod -m 660 /dev/loop-control c 10 237
until disk=$(losetup -f); n=${{disk#/dev/loop}}; mknod -m 660 $disk b 7 $n; losetup -P $disk {_IMAGE}; do
  rm $disk; sleep 0.2   # another lab was quicker
done
partx --add $disk
mknod -m 660 ${{disk}}p1 b $(tr : ' ' < /sys/class/block/loop${{n}}p1/dev)
mkfs.xfs -q ${{disk}}p1
systemctl stop kubelet
cp -ax {_KUBELET} /run/kubelet-was
mount ${{disk}}p1 {_KUBELET}
losetup -d $disk   # once its last mount is gone, whatever ends it
cd {_KUBELET}; mv /run/kubelet-was/* .; rm -r /run/kubelet-was
fallocate -l $(($(df --output=avail -B1 . | tail -n 1) - 8388608)) core.4711
dd if=/dev/zero of=core.4712 bs=4k 2>/dev/null || true
systemctl start kubelet"""
_UNPLUG = f"""[ -e {_IMAGE} ] || exit 0
systemctl stop kubelet
until [ "$(findmnt -no SOURCE {_KUBELET} | tail -n 1)" = kube-kubelet ]; do umount -l {_KUBELET}; done
rm -rf {_IMAGE} /dev/loop[0-9]* /dev/loop-control /run/kubelet-was
systemctl start kubelet"""

_LOGS = "/var/log"
_LOG_IMAGE = "/run/log-disk"
_JOURNALD = "/etc/systemd/journald.conf.d/lab.conf"
# As archived files are named: journald takes them for its own, by their name. The last one does not fit.
_FILL_LOGS = f"""set -e
truncate -s 400M {_LOG_IMAGE}
[ -e /dev/loop-control ] || mknod -m 660 /dev/loop-control c 10 237
until disk=$(losetup -f); mknod -m 660 $disk b 7 ${{disk#/dev/loop}}; losetup $disk {_LOG_IMAGE}; do
  rm $disk; sleep 0.2   # another lab was quicker
done
mkfs.xfs -q $disk
mkdir /run/log-was; mount $disk /run/log-was; cp -a {_LOGS}/. /run/log-was; umount /run/log-was; rmdir /run/log-was
mount $disk {_LOGS}
losetup -d $disk
mkdir -p {_LOGS}/journal /etc/systemd/journald.conf.d
printf '[Journal]\nStorage=persistent\nSystemMaxUse=4G\nSystemKeepFree=1\n' > {_JOURNALD}
systemctl restart systemd-journald; journalctl --flush; journalctl --rotate
cd {_LOGS}/journal/*
kept=$(ls system@* | head -n 1)
fallocate -l 8M $kept
for i in 0000000000000{{100..400}}; do
  old=${{kept%-*-*}}-$i-$i.journal
  cp --reflink=never $kept $old 2>/dev/null && fallocate -l 8M $old 2>/dev/null || break
done
dd if=/dev/zero of={_LOGS}/last bs=4k 2>/dev/null || true"""
_EMPTY_LOGS = f"""[ -e {_LOG_IMAGE} ] || exit 0
rm -f {_JOURNALD}
while findmnt {_LOGS} >/dev/null; do umount -l {_LOGS}; done
systemctl restart systemd-journald
rm -rf {_LOG_IMAGE} /dev/loop[0-9]* /dev/loop-control"""
_POD = "kubectl get pods -l app=client-1"

DISK_FAULTS: dict[str, Fault] = {
    "partition-not-grown": kube_fault(
        "the disk below /var/lib/kubelet of k8s-worker-1 was made larger, its full partition was not: kubelet ends",
        breaks=(Run(W1, _PLUG),),
        undo=(Run(W1, _UNPLUG),),
        shows=(GET_NODES, Run(W1, f"df -h {_KUBELET}; lsblk"), _LAST_WORDS),
        shown=is_not_ready(W1, "Kubelet stopped posting node status"),
    ),
    "disk-full-of-journals": kube_fault(
        "/var/log of k8s-worker-1 is a disk of its own, full of journals, and a pod has to start there",
        breaks=(Run(W1, _FILL_LOGS), quietly("kubectl delete pod -l app=client-1")),
        undo=(
            Run(W1, _EMPTY_LOGS),
            quietly(f"{_POD} | grep -q Running || kubectl delete pod -l app=client-1"),
        ),
        shows=(on_master(_POD), told_of_pod("client-1"), Run(W1, f"df -h {_LOGS}; journalctl --disk-usage")),
        shown=described("client-1", "no space left on device"),
    ),
}

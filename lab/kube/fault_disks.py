"""A disk that was made larger while its partition was not: a loop device of the machine's own.

XFS, for to grow ext4 while it is mounted the kernel wants CAP_SYS_RESOURCE, which whoever runs the lab may lack."""

from lab.faults import Fault, Run
from lab.kube.steps import GET_NODES, W1, is_not_ready, kube_fault

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

DISK_FAULTS: dict[str, Fault] = {
    "partition-not-grown": kube_fault(
        "the disk below /var/lib/kubelet of k8s-worker-1 was made larger, its full partition was not: kubelet ends",
        breaks=(Run(W1, _PLUG),),
        undo=(Run(W1, _UNPLUG),),
        shows=(GET_NODES, Run(W1, f"df -h {_KUBELET}; lsblk"), _LAST_WORDS),
        shown=is_not_ready(W1, "Kubelet stopped posting node status"),
    ),
}

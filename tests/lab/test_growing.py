"""A partition that was not grown, on a real disk of its own: a loop device. Found by the probe, grown by growpart.

XFS is grown as the fix does it. ext4 is grown while it is not mounted: online the kernel wants CAP_SYS_RESOURCE,
which we may lack."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import probes.all
from probes.linux.facts import Disk, Disks
from probes.probe import checked_call, observe
from probes.site import OPERATOR, Site
from probes.toolbox import LiveToolbox

assert probes.all

pytestmark = [pytest.mark.lab, pytest.mark.long]

MIB = 1 << 20


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def disk(folder: Path, whole: str, used: str, kind: str) -> Iterator[str]:
    """A disk of that size, of which a partition with a file system of that kind has a part."""
    image = folder / "disk"
    image.touch()
    run("truncate", "-s", whole, str(image))
    subprocess.run(["sfdisk", "-q", str(image)], input=f"label: gpt\n,{used},L\n", text=True, check=True)
    device = run("losetup", "--find", "--show", str(image))
    try:
        run("partx", "--add", device)
        run(f"mkfs.{kind}", "-q", f"{device}p1")
        yield device
    finally:
        subprocess.run(["umount", "-q", f"{device}p1"], check=False)
        subprocess.run(["partx", "--delete", device], check=False, capture_output=True)
        run("losetup", "--detach", device)


async def look(device: str) -> tuple[Disk, bool]:
    async with LiveToolbox(Site("s")) as toolbox:
        evidence = await observe(checked_call("linux.disks", OPERATOR, {}), toolbox, "e1")
    assert isinstance(evidence.facts, Disks), evidence.failure
    return next(one for one in evidence.facts.disks if one.device == f"{device}p1"), evidence.facts.growpart


async def test_what_lies_behind_a_full_partition_is_found_and_given_to_it(tmp_path: Path) -> None:
    with disk(tmp_path, "64M", "24M", "ext4") as device:
        await _grown(device, tmp_path)


async def _grown(disk: str, tmp_path: Path) -> None:
    place = tmp_path / "mount"
    place.mkdir()
    run("mount", f"{disk}p1", str(place))
    room = run("df", "--output=avail", "-B1", str(place)).split()[-1]
    (place / "full").write_bytes(b"x" * (int(room) - 64 * 1024))

    found, program = await look(disk)
    assert (found.used_percent >= 98, found.disk, found.part, found.filesystem) == (True, disk, 1, "ext4")
    assert found.can_grow > 38 * MIB
    assert program

    run("growpart", disk, "1")
    assert (await look(disk))[0].can_grow == 0
    run("umount", str(place))
    run("e2fsck", "-fp", f"{disk}p1")
    run("resize2fs", f"{disk}p1")
    run("mount", f"{disk}p1", str(place))
    grown, _ = await look(disk)
    assert grown.size > 50 * MIB
    assert grown.used_percent < 50


async def test_xfs_is_grown_while_it_is_mounted(tmp_path: Path) -> None:
    place = tmp_path / "mount"
    place.mkdir()
    with disk(tmp_path, "700M", "320M", "xfs") as device:
        run("mount", f"{device}p1", str(place))
        run("fallocate", "-l", "220M", str(place / "full"))  # how to grow is looked at only where it matters
        found, _ = await look(device)
        assert (found.filesystem, found.can_grow > 300 * MIB) == ("xfs", True)
        run("growpart", device, "1")
        run("xfs_growfs", str(place))
        grown, _ = await look(device)
        assert (grown.can_grow, grown.size > 600 * MIB) == (0, True)

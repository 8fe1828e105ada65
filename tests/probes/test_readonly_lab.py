"""All registered probes, put to real machines: all answer, and nothing on any machine is other than before."""

from __future__ import annotations

import difflib
import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.session import Lab
from probes.exchange import Exchange
from probes.probe import PROBES, Evidence, observe
from probes.site_file import load_site
from probes.toolbox import LiveToolbox
from tests.hostile.asking import valid_call
from tests.probes.readonly import looks_only

pytestmark = pytest.mark.lab

CONTROLLER = "192.168.100.101"


def own_files() -> dict[Path, tuple[int, int]]:
    """Size and time of everything in the operator's own folders."""
    folder = Path(os.environ.get("HOME", "/root")) / ".ssh"
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def same(before: dict[str, str], after: dict[str, str]) -> None:
    for machine, state in before.items():
        changed = list(difflib.unified_diff(state.splitlines(), after[machine].splitlines(), lineterm="", n=1))
        assert not changed, "\n".join([machine, *changed])


def settled(lab: Lab) -> dict[str, str]:
    """The state once the routing daemons have told each other of the fault."""
    end = time.monotonic() + 40
    state = lab.snapshot()
    while time.monotonic() < end:
        time.sleep(4)
        before, state = state, lab.snapshot()
        if state == before:
            return state
    pytest.fail("the lab does not come to rest")


@pytest.fixture
def unchanged(healed_lab: Lab) -> Iterator[Lab]:
    before, files = healed_lab.snapshot(), own_files()
    yield healed_lab
    same(before, healed_lab.snapshot())
    assert own_files() == files


async def put(lab: Lab, host: str) -> tuple[list[Evidence], list[Exchange]]:
    heard: list[Exchange] = []
    found = []
    async with LiveToolbox(load_site(lab.site(console=False)), heard.append) as toolbox:
        for name in sorted(PROBES):
            known = {"source": "master"} if PROBES[name].parameters.get("source") == "host" else {}
            call = valid_call(name, host, "controller", CONTROLLER, **known)
            found.append(await observe(call, toolbox, name))
    return found, heard


@pytest.mark.parametrize("host", ["openstack-host", "master"])
async def test_all_probes_leave_every_machine_as_it_was(unchanged: Lab, host: str) -> None:
    found, heard = await put(unchanged, host)
    assert {one.probe for one in found} == set(PROBES)
    unanswered = {one.probe: one.failure.message for one in found if one.failure}
    assert unanswered == {}
    assert len(heard) > len(PROBES)


@pytest.mark.parametrize("fault", ["libvirt-reject", "rp-filter"])
async def test_all_probes_leave_a_broken_lab_as_it_was(healed_lab: Lab, fault: str) -> None:
    healed_lab.break_(fault)
    before = settled(healed_lab)
    await put(healed_lab, "openstack-host")
    same(before, healed_lab.snapshot())


async def test_only_declared_commands_leave(healed_lab: Lab) -> None:
    found, _ = await put(healed_lab, "openstack-host")
    for evidence in found:
        declared = PROBES[evidence.probe].commands
        for exchange in evidence.exchanges:
            assert looks_only(exchange.request.text), (evidence.probe, exchange.request.text)
            assert exchange.request.text.startswith(declared), (evidence.probe, exchange.request.text)


async def test_nothing_runs_on_after_them(healed_lab: Lab) -> None:
    await put(healed_lab, "openstack-host")
    for name in ("ping", "tcpdump", "traceroute", "tracepath", "timeout"):
        assert healed_lab.run("openstack-host", f"pgrep -x {shlex.quote(name)}").returncode == 1, name

"""All registered probes, put to real machines: all answer, and nothing on any machine is other than before."""

from __future__ import annotations

import os
import shlex
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
ON_HOSTS = {name for name, one in PROBES.items() if one.on == "host"}
"""Those that ask APIs have labs of their own."""
ELSEWHERE = {
    *("kolla.setting", "openstack.cells", "openstack.instances_path", "openstack.refused_ports"),
    *("ovs.bridges", "ovs.plugs"),
    *("frr.config", "frr.state", "path.ping_as_pods"),
}
"""What these ask for is on no machine of Kubernetes, and not on every hypervisor."""


def own_files() -> dict[Path, tuple[int, int]]:
    """Size and time of everything in the operator's own folders."""
    folder = Path(os.environ.get("HOME", "/root")) / ".ssh"
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def unchanged(healed_lab: Lab) -> Iterator[Lab]:
    before, files = healed_lab.at_rest(), own_files()
    yield healed_lab
    assert healed_lab.changes_since(before) == ""
    assert own_files() == files


async def put(lab: Lab, host: str) -> tuple[list[Evidence], list[Exchange]]:
    heard: list[Exchange] = []
    found = []
    async with LiveToolbox(load_site(lab.site(console=False)), heard.append) as toolbox:
        for name in sorted(ON_HOSTS):
            known = {"source": "master"} if PROBES[name].parameters.get("source") == "host" else {}
            call = valid_call(name, host, "controller", CONTROLLER, **known)
            found.append(await observe(call, toolbox, name))
    return found, heard


@pytest.mark.parametrize("host", ["openstack-host", "master"])
async def test_all_probes_leave_every_machine_as_it_was(unchanged: Lab, host: str) -> None:
    found, heard = await put(unchanged, host)
    assert {one.probe for one in found} == ON_HOSTS
    unanswered = {one.probe: one.failure.message for one in found if one.failure}
    assert unanswered.keys() <= ELSEWHERE, unanswered
    assert len(heard) > len(ON_HOSTS)


@pytest.mark.parametrize("fault", ["libvirt-reject", "rp-filter"])
async def test_all_probes_leave_a_broken_lab_as_it_was(healed_lab: Lab, fault: str) -> None:
    healed_lab.break_(fault)
    before = healed_lab.at_rest()
    await put(healed_lab, "openstack-host")
    assert healed_lab.changes_since(before) == ""


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


TRACKED = (
    "-p udp -s 192.0.2.1 -d 192.0.2.2 --sport 1 --dport 2 -t 900 -m 7",
    "-p tcp -s 192.0.2.1 -d 192.0.2.2 --sport 1 --dport 2 -t 900 --state ESTABLISHED -m 8",
)
SWITCH = (
    "ovs-vsctl --format=json -- --columns=_uuid,name,ports,controller,fail_mode,external_ids list Bridge "
    "-- --columns=_uuid,name,type,options,external_ids,ofport list Interface "
    "-- --columns=_uuid,name,tag list Port; "
    "for b in $(ovs-vsctl list-br); do echo $b; ovs-ofctl --no-stats --sort dump-flows $b; done"
)


@pytest.mark.parametrize("host", ["openstack-host", "compute"])
async def test_connections_that_are_tracked_stay_so(healed_lab: Lab, host: str) -> None:
    """Packets of probes make entries of their own; those of others keep their marks and are not ended."""
    for entry in TRACKED:
        assert healed_lab.run(host, f"conntrack -I {entry}").returncode == 0
    try:
        await put(healed_lab, host)
        left = healed_lab.run(host, "conntrack -L -s 192.0.2.1 2>/dev/null").stdout
        assert sorted(line.partition("mark=")[2].split()[0] for line in left.splitlines()) == ["7", "8"]
    finally:
        healed_lab.run(host, "conntrack -D -s 192.0.2.1")


async def test_open_vswitch_is_as_it_was(healed_lab: Lab) -> None:
    before = healed_lab.run("compute", SWITCH)
    assert before.returncode == 0
    assert "br-int" in before.stdout
    assert "actions=" in before.stdout
    await put(healed_lab, "compute")
    assert healed_lab.run("compute", SWITCH).stdout == before.stdout

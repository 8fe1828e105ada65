"""Names are learned without being asked for, so nothing is run for it; and a recording learns none."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

from diagnosis.session import Session, open_drill
from probes.site import Cluster, Site
from tests.hostile.hostile_http import Asked, Writer, answer, serving
from tests.probes.pki import kubeconfig

POD = {
    "metadata": {"name": "web-0", "namespace": "default"},
    "spec": {"nodeName": "w1"},
    "status": {"phase": "Running", "podIPs": [{"ip": "10.244.1.7"}]},
}
NODE = {"metadata": {"name": "w1"}, "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.5"}]}}


async def api(asked: Asked, writer: Writer) -> None:
    items = {"nodes": [NODE], "pods": [POD]}.get(asked.path.partition("?")[0].rpartition("/")[2], [])
    writer.write(answer(200, {"items": items}))


async def test_a_cluster_says_what_an_address_is(tmp_path: Path) -> None:
    async with serving(api) as served:
        file = kubeconfig(tmp_path / "k.conf", served.url, name="k", user={"token": "t"})
        session = Session(Site("s", clusters=(Cluster("k", (file,)),)), argv=())
        assert session.has_map
        assert session.known_in("10.244.1.7") == ()
        await session.learn()
        await session.learn()  # once is enough
        (known,) = session.known_in("dial tcp 10.244.1.7:80: i/o timeout")
        assert known.means.en == "pod default/web-0 on w1"
        assert {method.method for method in served.asked} == {"GET"}
        assert len(served.asked) <= 8
        await session.close()


async def test_no_exec_plugin_runs_before_somebody_asks(tmp_path: Path) -> None:
    ran, plugin = tmp_path / "ran", tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\ntouch {ran}\nexit 1\n")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(plugin),
            "interactiveMode": "Never",
        }
    }
    file = kubeconfig(tmp_path / "k.conf", "https://127.0.0.1:1", name="k", user=user)
    session = Session(Site("s", clusters=(Cluster("k", (file,)),)), argv=())
    await session.learn()
    assert not ran.exists()
    maps = [found async for found in session.mapped()]
    assert ran.exists()
    assert len(maps[-1].unseen) == 3
    await session.close()


async def test_a_recording_has_no_map() -> None:
    session = open_drill("libvirt-reject")
    assert not session.has_map
    await asyncio.wait_for(session.learn(), 5)
    assert session.known_in("192.168.100.101") == ()
    assert [found async for found in session.mapped()] == []
    await session.close()

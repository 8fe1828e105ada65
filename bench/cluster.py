"""A list of 50,000 pods: deadhop's typed read beside a raw GET of the same bytes, in the same run.

python bench/cluster.py [--pods 50000] [--rounds 3] [--json]

The list is generated, and packed on loopback by another process for every request, as an API server does; it makes
the JSON as well, which is left out here. Raw means aiohttp, unpacked and kept as bytes. Every measurement is a
process of its own with a peak of memory of its own; imports are in the memory of both, and in nobody's seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

RATIO, MEBIBYTES = 2.0, 500
_CONFIG = """\
clusters: [{name: bench, cluster: {server: "http://127.0.0.1:%d"}}]
contexts: [{name: bench, context: {cluster: bench, user: bench}}]
users: [{name: bench, user: {}}]
"""


def main() -> int:
    arguments = _arguments()
    if arguments.child:
        print(json.dumps(asyncio.run(_CHILDREN[arguments.child](arguments.port))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pods.json")
        size = _write(file, arguments.pods)
        results = asyncio.run(_measured(file, arguments.rounds))
    results |= {"pods": arguments.pods, "mebibytes_of_json": round(size / (1 << 20))}
    _print(results, arguments.json)
    return 0 if results["ratio"] <= RATIO and results["read_mebibytes"] <= MEBIBYTES else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", choices=sorted(_CHILDREN), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


# ------------------------------------------------------------------ what is served


def _write(file: Path, count: int) -> int:
    """Pods of about 3 KB each, as a running one is. Bytes of JSON."""
    head = b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":['
    size = len(head)
    with file.open("wb") as out:
        out.write(head)
        for number in range(count):
            text = (b"," if number else b"") + json.dumps(_pod(number)).encode()
            size += len(text)
            out.write(text)
        out.write(b"]}")
    return size


def _pod(number: int) -> dict[str, object]:
    name, started = f"app-{number % 500}-5d4f8c7b9-{number:06}", {"startedAt": "2026-01-01T00:00:00Z"}
    container = {
        "name": "main",
        "image": "registry.example/app:1.2.3",
        "imageID": "registry.example/app@sha256:" + f"{number:064}",
        "containerID": "containerd://" + f"{number:064}",
        "ready": True,
        "started": True,
        "restartCount": number % 3,
        "state": {"running": started},
        "lastState": {},
    }
    managed = [{"manager": who, "operation": "Update", "fieldsV1": _FIELDS} for who in ("controller", "kubelet")]
    conditions = [
        {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-01-01T00:00:00Z"}
        for kind in ("Ready", "Initialized", "ContainersReady", "PodScheduled")
    ]
    return {
        "metadata": {"name": name, "namespace": "default", "uid": f"{number:032}", "managedFields": managed}
        | {"labels": {"app": f"app-{number % 500}"}, "ownerReferences": [{"kind": "ReplicaSet", "name": name}]},
        "spec": {"nodeName": f"node-{number % 5000:05}", "containers": [_SPEC], "volumes": [{"name": "token"}]},
        "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}
        | {"conditions": conditions, "containerStatuses": [container], "hostIP": "10.1.0.1"},
    }


_FIELDS = {f"f:{kind}": {f"f:{word}": {} for word in ("labels", "name", "status", "reason")} for kind in "abcdefg"}
_SPEC = {
    "name": "main",
    "image": "registry.example/app:1.2.3",
    "env": [{"name": f"NAME_{number}", "value": "value"} for number in range(8)],
    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}},
    "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
}


async def _measured(file: Path, rounds: int) -> dict[str, float]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n")
        packer = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
        with file.open("rb") as held:
            while piece := held.read(1 << 18):
                writer.write(packer.compress(piece))
                await writer.drain()
        writer.write(packer.flush())
        await writer.drain()
        writer.close()

    found: dict[str, list[tuple[float, float]]] = {name: [] for name in _CHILDREN}
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for _ in range(rounds):
            for name, runs in found.items():
                runs.append(await _child(name, port))
    seconds = {name: statistics.median(one for one, _ in runs) for name, runs in found.items()}
    memory = {f"{name}_mebibytes": max(one for _, one in runs) for name, runs in found.items()}
    return seconds | memory | {"ratio": seconds["read"] / seconds["raw"]}


async def _child(name: str, port: int) -> tuple[float, float]:
    argv = (sys.executable, __file__, "--child", name, "--port", str(port))
    process = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    seconds, mebibytes = json.loads(output)
    return seconds, mebibytes


# ------------------------------------------------------------------ who reads it


async def _raw(port: int) -> tuple[float, float]:
    import aiohttp

    async with aiohttp.ClientSession() as session:
        begun = time.perf_counter()
        async with session.get(f"http://127.0.0.1:{port}/api/v1/pods") as response:
            body = await response.read()
        assert body.endswith(b"]}")
        return time.perf_counter() - begun, _peak()


async def _read(port: int) -> tuple[float, float]:
    from probes.cluster.connection import open_api
    from probes.cluster.objects import pods
    from probes.site import Cluster, Site
    from probes.toolbox import LiveToolbox

    assert open_api
    with tempfile.NamedTemporaryFile("w") as config:
        config.write(_CONFIG % port)
        config.flush()
        site = Site("bench", clusters=(Cluster("bench", (Path(config.name),)),))
        async with LiveToolbox(site) as toolbox:
            begun = time.perf_counter()
            found = await pods("bench", toolbox)
            assert found.pods[-1].containers[0].state == "running"
            return time.perf_counter() - begun, _peak()


_CHILDREN = {"raw": _raw, "read": _read}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _print(results: dict[str, float], as_json: bool) -> None:
    if as_json:
        print(json.dumps(results))
        return
    print(f"{results['pods']:.0f} pods, {results['mebibytes_of_json']:.0f} MiB of JSON")
    for name in _CHILDREN:
        print(f"  {name:5} {results[name]:6.2f} s  {results[f'{name}_mebibytes']:5.0f} MiB")
    print(f"  ratio {results['ratio']:.2f} (goal {RATIO:g}), memory goal {MEBIBYTES} MiB")


if __name__ == "__main__":
    sys.exit(main())

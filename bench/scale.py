"""5,000 nodes and 50,000 pods that KWOK plays on a real API server: what deadhop reads of them, beside bare GETs of
the same lists and `kubectl get`.

As root: `python -m bench.scale [NODES PODS]`. Starts the cluster (`python -m lab scale up`: minutes, 5 GB), ends
it. `reads` are all probes that need no more than the cluster's API, at once, as a sweep would; `map` is what
`site show --map` looks at, joined. Bare means aiohttp and gzip, unpacked and thrown away. Every measurement is a
process of its own. Budget: at most twice the bare GETs, five times faster than kubectl, in at most 500 MiB.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

import probes.all
from lab.instance import current
from lab.kube import build, scale
from probes.exchange import Exchange
from probes.probe import PROBES, ProbeCall, observe
from probes.site import Cluster, Site
from probes.toolbox import LiveToolbox

assert probes.all
NODES, PODS, ROUNDS = 5_000, 50_000, 3
BUDGET, FASTER, MEBIBYTES = 2.0, 5.0, 500
CLUSTER = "scale"


@dataclass(frozen=True, slots=True)
class Measured:
    seconds: float
    mebibytes: float
    asked: tuple[str, ...] = ()
    """Paths of the lists, each once."""


# ------------------------------------------------------------------ who reads it, each in a process of its own


async def _bare(kubeconfig: Path, paths: list[str]) -> Measured:
    import base64
    import ssl

    import aiohttp

    config = json.loads(kubeconfig.read_text())
    server, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    trusted = ssl.create_default_context(cadata=base64.b64decode(server["certificate-authority-data"]).decode())
    headers = {"Authorization": f"Bearer {user['token']}"}

    async with aiohttp.ClientSession(server["server"], headers=headers) as session:

        async def get(path: str) -> None:
            async with session.get(path, ssl=trusted) as response:
                async for _ in response.content.iter_chunked(1 << 18):
                    pass

        begun = time.perf_counter()
        await asyncio.gather(*map(get, paths))
        return Measured(time.perf_counter() - begun, _peak())


async def _reads(kubeconfig: Path, names: list[str]) -> Measured:
    async with _toolbox(kubeconfig) as toolbox:
        await toolbox.api(f"cluster:{CLUSTER}")  # imports the client
        begun = time.perf_counter()
        seen = await asyncio.gather(*(observe(ProbeCall(name, CLUSTER), toolbox, name) for name in names))
        seconds = time.perf_counter() - begun
    for one in seen:
        if one.failure:
            print(f"{one.probe}: {one.failure.message}", file=sys.stderr)
    exchanges = [exchange for one in seen for exchange in one.exchanges]
    return Measured(seconds, _peak(), tuple(dict.fromkeys(_path(exchange) for exchange in exchanges)))


async def _map(kubeconfig: Path, _: list[str]) -> Measured:
    from sitemap.gather import gather
    from sitemap.lexicon import Lexicon

    async with _toolbox(kubeconfig) as toolbox:
        await toolbox.api(f"cluster:{CLUSTER}")  # imports the client
        begun = time.perf_counter()
        async for found in gather(toolbox):
            Lexicon(found)
        return Measured(time.perf_counter() - begun, _peak())


WHO: dict[str, Callable[[Path, list[str]], Coroutine[None, None, Measured]]] = {
    "bare": _bare,
    "reads": _reads,
    "map": _map,
}


def _toolbox(kubeconfig: Path) -> LiveToolbox:
    return LiveToolbox(Site("bench", clusters=(Cluster(CLUSTER, (kubeconfig,)),)))


def _path(exchange: Exchange) -> str:
    verb, path = exchange.request.text.split(" ")[:2]
    assert verb == "GET", exchange.request.text
    return path


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _child(argv: list[str]) -> None:
    who, kubeconfig, *rest = argv
    measured = asyncio.run(WHO[who](Path(kubeconfig), rest))
    print(json.dumps([measured.seconds, measured.mebibytes, measured.asked]))


# ------------------------------------------------------------------ measuring


def measured(who: str, kubeconfig: Path, *rest: str) -> Measured:
    argv = (sys.executable, "-m", "bench.scale", "child", who, str(kubeconfig), *rest)
    seconds, mebibytes, asked = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    return Measured(seconds, mebibytes, tuple(asked))


def kubectl(kubeconfig: Path) -> float:
    """Seconds for nodes and pods alone: less than what the others read."""
    begun, program = time.perf_counter(), build.cache() / "bin" / "hyperkube"
    for kind in ("nodes", "pods"):
        argv = ["kubectl", f"--kubeconfig={kubeconfig}", "get", kind, "-A", "-o", "json"]
        subprocess.run(argv, executable=program, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def names() -> list[str]:
    """Probes that a sweep puts to every cluster: no argument, and nothing but GETs."""
    asked = (
        one for one in PROBES.values() if one.on == "cluster" and not one.parameters.keys() - one.defaults.keys()
    )
    return sorted(one.name for one in asked if all(command.startswith("GET ") for command in one.commands))


def measure(kubeconfig: Path) -> int:
    found: dict[str, list[Measured]] = {"reads": [], "bare GETs": [], "map": []}
    for _ in range(ROUNDS):  # in turns, so that a busy machine is unfair to all
        found["reads"].append(measured("reads", kubeconfig, *names()))
        found["bare GETs"].append(measured("bare", kubeconfig, *found["reads"][0].asked))
        found["map"].append(measured("map", kubeconfig))
    seconds = {who: statistics.median(one.seconds for one in several) for who, several in found.items()}
    peaks = {who: max(one.mebibytes for one in several) for who, several in found.items()}
    for who, value in seconds.items():
        print(f"{who:10} {value:7.2f} s {peaks[who]:6.0f} MiB")
    print(f"{'kubectl':10} {(client := kubectl(kubeconfig)):7.2f} s (nodes and pods, once)")
    ratio, faster, peak = seconds["reads"] / seconds["bare GETs"], client / seconds["reads"], max(peaks.values())
    count = len(found["reads"][0].asked)
    print(f"{len(names())} probes, {count} requests: {ratio:.2f} x the bare GETs (budget {BUDGET:g}),")
    print(f"{faster:.1f} x faster than kubectl (budget {FASTER:g}), {peak:.0f} MiB at most ({MEBIBYTES})")
    return 0 if ratio <= BUDGET and faster >= FASTER and peak <= MEBIBYTES else 1


def main() -> int:
    if sys.argv[1:2] == ["child"]:
        _child(sys.argv[2:])
        return 0
    nodes, pods = (int(one) for one in (sys.argv[1:3] or (NODES, PODS)))
    lab = current()
    try:
        return measure(scale.up(lab, nodes, pods))
    finally:
        scale.down(lab)


if __name__ == "__main__":
    sys.exit(main())

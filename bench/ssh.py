"""100 hosts over SSH, 1 and 6 commands each: deadhop beside bare asyncssh and parallel-ssh in the same run.

python bench/ssh.py [--hosts 100] [--rounds 5] [--json]     needs /usr/sbin/sshd; parallel-ssh if it is installed

The hosts are names of one sshd on loopback, so its cost is in every number. Rounds are interleaved, each number is
the median of its rounds; the ratios are what counts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import getpass
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.sshd import Server, sshd
from probes.connection import Command
from probes.site import Host, Site
from probes.toolbox import LiveToolbox

AT_ONCE = 9
"""Logins at once to one address, for everybody: what deadhop allows itself with sshd's default MaxStartups."""
COMMANDS = tuple(("cat", f"/proc/sys/kernel/{name}") for name in ("ostype", "osrelease", "hostname")) + tuple(
    ("cat", f"/proc/{name}") for name in ("uptime", "loadavg", "version")
)
GOALS = {1: 1.2, 6: 1.0}
"""deadhop ÷ bare asyncssh."""


def main() -> int:
    arguments = _arguments()
    with sshd({f"host-{number}": "127.0.0.1" for number in range(arguments.hosts)}) as server:
        results = [_measure(server, arguments.hosts, count, arguments.rounds) for count in (1, 6)]
    _print(results, arguments.json)
    return (
        0 if all(result["deadhop"] / result["bare"] <= GOALS[int(result["commands"])] for result in results) else 1
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _measure(server: Server, hosts: int, commands: int, rounds: int) -> dict[str, float]:
    names = [f"host-{number}" for number in range(hosts)]
    ways = {"deadhop": _deadhop, "bare": _bare, **({"parallel-ssh": _parallel_ssh} if _has_parallel_ssh() else {})}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        order = list(ways.items())
        for name, way in order if number % 2 else reversed(order):
            taken = _timed(way, server, names, COMMANDS[:commands])
            if number:  # the first round warms imports and caches
                seconds[name].append(taken)
    return {"commands": commands, **{name: statistics.median(taken) for name, taken in seconds.items()}}


Way = Callable[[Server, list[str], tuple[tuple[str, ...], ...]], int]


def _timed(way: Way, server: Server, names: list[str], commands: tuple[tuple[str, ...], ...]) -> float:
    begun = time.perf_counter()
    answered = way(server, names, commands)
    taken = time.perf_counter() - begun
    if answered != len(names) * len(commands):
        raise SystemExit(f"{way.__name__}: {answered} answers instead of {len(names) * len(commands)}")
    return taken


# ------------------------------------------------------------------ the three


def _deadhop(server: Server, names: list[str], commands: tuple[tuple[str, ...], ...]) -> int:
    async def run() -> int:
        site = Site("bench", tuple(map(Host, names)), (server.config,))
        async with LiveToolbox(site) as toolbox:
            replies = await asyncio.gather(
                *(toolbox.connection(f"host:{name}").run(Command(argv)) for name in names for argv in commands)
            )
        return sum(reply.status == 0 and bool(reply.stdout) for reply in replies)

    return asyncio.run(run())


def _bare(server: Server, names: list[str], commands: tuple[tuple[str, ...], ...]) -> int:
    import asyncssh

    async def run() -> int:
        width = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> int:
            async with width, asyncssh.connect(name, config=[str(server.config)]) as connection:
                done = [await connection.run(" ".join(argv)) for argv in commands]
            return sum(each.exit_status == 0 and bool(each.stdout) for each in done)

        return sum(await asyncio.gather(*map(one, names)))

    return asyncio.run(run())


def _has_parallel_ssh() -> bool:
    with contextlib.suppress(ImportError):
        import pssh.clients  # noqa: F401

        return True
    return False


def _parallel_ssh(server: Server, names: list[str], commands: tuple[tuple[str, ...], ...]) -> int:
    from pssh.clients import ParallelSSHClient

    client = ParallelSSHClient(
        ["127.0.0.1"] * len(names),
        user=getpass.getuser(),
        port=server.port,
        pkey=str(server.folder / "client"),
        allow_agent=False,
        pool_size=AT_ONCE,
    )
    answered = 0
    for argv in commands:
        for output in client.run_command(" ".join(argv)):
            answered += bool(list(output.stdout)) and output.exit_code == 0
    return answered


def _print(results: list[dict[str, float]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(results))
        return
    for result in results:
        commands = int(result["commands"])
        words = [f"{name} {seconds:.2f} s" for name, seconds in result.items() if name != "commands"]
        ratios = [
            f"deadhop ÷ {name} {result['deadhop'] / seconds:.2f}"
            for name, seconds in result.items()
            if name not in ("commands", "deadhop")
        ]
        goal = f"goal ≤ {GOALS[commands]:g} of bare"
        print(f"{commands} command{'s' * (commands > 1)} a host: {', '.join(words)}\n  {', '.join(ratios)}; {goal}")


if __name__ == "__main__":
    sys.exit(main())

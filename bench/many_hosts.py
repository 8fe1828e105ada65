"""A sweep of up to 1,000 hosts, which are addresses of one sshd on loopback, beside bare asyncssh that logs in to
each and runs one command.

As root: `python -m bench.many_hosts [HOSTS…]`, in a network namespace of its own. One machine answers for all, so
the time is mostly sshd's, and `--at-once` asks fewer than of a real site: with 128 some would run into their time
limits while this machine serves others. What counts is that the time grows no faster than the hosts, and the
memory. Budget: 300 MiB, and eight times the hosts in at most ten times the seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.sshd import Server, sshd

HOSTS, BUDGET, GROWTH = (125, 250, 500, 1000), 300, 1.25
AT_ONCE = 50
"""Bare logins at once; deadhop's own number for many hosts."""
_APART = "DEADHOP_BENCH_APART"
_LOOKS = 24


@dataclass(frozen=True, slots=True)
class Measured:
    hosts: int
    seconds: float
    mebibytes: float
    looks: int
    bare: float


def measure(hosts: int) -> Measured:
    addresses = {f"host-{number}": f"127.1.{number // 250}.{number % 250 + 1}" for number in range(hosts)}
    with sshd(addresses, listen="0.0.0.0") as server, tempfile.TemporaryDirectory() as state:
        site = server.folder / "site.yaml"
        known = "".join(f"  {name}: {{addresses: [{address}]}}\n" for name, address in addresses.items())
        site.write_text(f"version: 1\nssh_config: {server.config}\nhosts:\n{known}")
        seconds, mebibytes, said = _swept(site, state)
        return Measured(hosts, seconds, mebibytes, said, _bare(server, list(addresses)))


def _swept(site: Path, state: str) -> tuple[float, float, int]:
    limits = ("--deadline", "900", "--at-once", str(_LOOKS))
    argv = [sys.executable, "-m", "deadhop", "sweep", "--site", str(site), "--json", *limits]
    begun = time.monotonic()
    with (Path(state) / "said").open("w+") as said:
        child = subprocess.Popen(argv, stdout=said, env={**os.environ, "DEADHOP_STATE": state})
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - begun
        said.seek(0)
        document = json.load(said)
    if status or document.get("unknown") or document.get("causes"):
        raise SystemExit(f"status {status}: {document.get('unknown') or document.get('causes') or document}")
    return seconds, used.ru_maxrss / 1024, len(document["evidence"])


def _bare(server: Server, names: list[str]) -> float:
    import asyncssh

    async def run() -> None:
        width = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            async with width, asyncssh.connect(name, config=[str(server.config)]) as connection:
                await connection.run("true", check=True)

        await asyncio.gather(*map(one, names))

    begun = time.monotonic()
    asyncio.run(run())
    return time.monotonic() - begun


def main() -> int:
    if _APART not in os.environ:
        inside = [sys.executable, "-m", "bench.many_hosts", *sys.argv[1:]]
        os.environ[_APART] = "1"
        os.execvp("unshare", ["unshare", "--net", *inside])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print(
        f"{'hosts':>6} {'sweep s':>8} {'bare s':>7} {'ratio':>6} {'a host':>8} {'looks':>6} {'MiB':>5}", flush=True
    )
    found = []
    for hosts in map(int, sys.argv[1:] or HOSTS):
        found.append(one := measure(hosts))
        each = f"{1000 * one.seconds / hosts:5.0f} ms"
        times = f"{one.seconds:8.1f} {one.bare:7.1f} {one.seconds / one.bare:6.2f}"
        print(f"{hosts:6} {times} {each:>8} {one.looks:6} {one.mebibytes:5.0f}", flush=True)
    first, last = found[0], found[-1]
    growth = (last.seconds / last.hosts) / (first.seconds / first.hosts)
    print(f"a host costs {growth:.2f} x as much among {last.hosts} as among {first.hosts} (budget {GROWTH})")
    most = max(one.mebibytes for one in found)
    print(f"{most:.0f} MiB at most (budget {BUDGET})")
    return 0 if growth <= GROWTH and most <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())

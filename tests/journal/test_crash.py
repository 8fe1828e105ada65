"""kill -9 at random moments of walks and fixes: nothing that was completed is lost, what was in flight is named.

`CRASH_KILLS` says how often (60). The far side is the recorded outage, played at a fiftieth of its time by the
same engine; every child says on a pipe what it completed before it goes on. tests/end_to_end/test_crash.py does the
same 200 times on real machines."""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from diagnosis.session import open_drill
from journal.store import open_for_append, read
from journal.verify import State, verify
from tests.journal.drilled_child import DRILL

KILLS = int(os.environ.get("CRASH_KILLS", "60"))
SERVERS = 2
ASKED = 4
"""How many of those with something in flight are put to `deadhop resume` itself."""
Lines = list[tuple[str, ...]]
"""What a child said, in words."""
DIAGNOSED = ("written", "diagnosis")
INTENTS = {"intent": "outcome", "undo-intent": "undo-outcome"}


@dataclass
class Killed:
    """What one child said before it was killed, by journal."""

    said: dict[Path, Lines] = field(default_factory=dict)

    @property
    def last(self) -> Path:
        return list(self.said)[-1]


class Server:
    def __init__(self, home: Path, *command: str) -> None:
        environment = os.environ | {"DEADHOP_STATE": str(home), "TMPDIR": str(home)}
        command = (sys.executable, "-m", *(command or ("tests.journal.drilled_child",)))
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self._rest = b""
        assert self.line(180) == ("ready",)  # it imports everything first

    def line(self, seconds: float) -> tuple[str, ...]:
        """The next line; empty when none comes in time."""
        assert self.process.stdout is not None
        end = time.monotonic() + seconds
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self.process.stdout], [], [], max(end - time.monotonic(), 0))
            if not ready:
                return ()
            piece = os.read(self.process.stdout.fileno(), 65536)
            assert piece, "the server has ended"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return tuple(line.decode().split("\t"))

    def round(self, folder: Path) -> tuple[float, float]:
        """Seconds that a walk, and a fix with its undo, take here and now."""
        self._begin(folder)
        child, at = 0, []
        while len(at) < 3:
            line = self.line(60)
            assert line, "the child did not get to its end"
            child = int(line[1]) if line[0] == "child" else child
            if line[0] == "journal" or line[:2] == DIAGNOSED:
                at.append(time.monotonic())
        self._end(child)
        return at[1] - at[0], at[2] - at[1]

    def _begin(self, folder: Path, only: str = "") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{folder}\t{only}\n".encode())

    def _end(self, child: int) -> Lines:
        """Kills it; what it said that was not read yet."""
        os.kill(child, signal.SIGKILL)
        while _alive(child):
            time.sleep(0.002)
        lines = []
        while line := self.line(0):
            lines.append(line)
        return lines

    def kill_one(
        self, folder: Path, after: float, *, since: Callable[[Lines], bool] = bool, only: str = ""
    ) -> Killed:
        """Starts a child in the folder and kills it so many seconds after it has begun, or has said what `since`
        waits for. One that does `walks` only changes nothing."""
        self._begin(folder, only)
        lines: Lines = []
        while not {"child", "journal"} <= {line[0] for line in lines} or not since(lines):
            lines.append(self.line(60))
            assert lines[-1], "the child did not begin"
        child = next(int(line[1]) for line in lines if line[0] == "child")
        time.sleep(after)
        return _told([*lines, *self._end(child)])


def diagnosed(lines: Lines) -> bool:
    return any(line[:2] == DIAGNOSED for line in lines)


def leaving(lines: Lines, nth: int) -> bool:
    """The nth command is about to leave."""
    return sum(line[0] == "starting" for line in lines) >= nth


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _told(lines: Lines) -> Killed:
    killed, current = Killed(), None
    for line in lines:
        if line[0] == "journal":
            current = killed.said.setdefault(Path(line[1]), [])
        elif line[0] in ("starting", "written"):
            assert current is not None
            current.append(line)
    return killed


@contextmanager
def serving(home: Path, *command: str) -> Iterator[Server]:
    """`command`: the module whose children are killed, and its arguments."""
    server = Server(home, *command)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        assert server.process.stdin is not None
        assert server.process.stdout is not None
        server.process.stdin.close()
        server.process.stdout.close()


def in_flight(path: Path) -> tuple[str, str]:
    """Kind and command of the intent that has no outcome; empty when there is none."""
    open_intents: dict[object, tuple[str, str]] = {}
    for entry in read(path).entries:
        if entry.kind in INTENTS:
            open_intents[entry.data["action"]] = (entry.kind, str(entry.data["run"]))
        elif entry.kind in INTENTS.values():
            open_intents.pop(entry.data["action"], None)
    assert len(open_intents) <= 1
    return next(iter(open_intents.values()), ("", ""))


def check(killed: Killed) -> tuple[str, str]:
    """Holds the journals against what the child completed; what was in flight."""
    for path, said in killed.said.items():
        recording = read(path, deep=True)
        assert all(damage.passing for damage in recording.damage), recording.damage
        found = {(entry.kind, str(entry.n), str(entry.data.get("state", ""))) for entry in recording.entries}
        for line in said:
            assert line[0] != "written" or line[1:] in found, line
        state = verify(path).state
        assert state is State.INTACT if path != killed.last else state is not State.UNREADABLE
    kind, run = in_flight(killed.last)
    said = killed.said[killed.last]
    started = [line for line in said if line[0] == "starting"]
    if kind:
        assert started[-1] == ("starting", kind, run)
    if said and said[-1][1] in INTENTS and said[-1][0] == "written":
        assert kind == said[-1][1] or _came_through(killed.last, said[-1]), "an intent that was on the disk is gone"
    return kind, run


def _came_through(path: Path, written: tuple[str, ...]) -> bool:
    """Its outcome was on the disk as well, and the end came before that could be said."""
    _, kind, number, _ = written
    return any(entry.kind == INTENTS[kind] and entry.n > int(number) for entry in read(path).entries)


def resumed(home: Path, path: Path) -> tuple[int, dict[str, object]]:
    """What `deadhop resume --json` says; the hosts of the site are this machine, and nobody answers."""
    hosts = (f"Host {name}\n  HostName 127.0.0.1\n  Port 1\n" for name in ("openstack-host", "master"))
    (home / "ssh_config").write_text("".join(hosts))
    site = home / "site.yaml"
    site.write_text("version: 1\nssh_config: ssh_config\n")
    environment = os.environ | {"DEADHOP_STATE": str(home), "HOME": str(home)}
    words = ["resume", str(path), "--site", str(site), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "deadhop", *words], capture_output=True, env=environment, text=True, timeout=120
    )
    found: dict[str, object] = json.loads(done.stdout)
    return done.returncode, found


async def named(path: Path) -> tuple[tuple[str, str], ...]:
    """What a session that is opened again says was in flight, without asking anybody: kind and command."""
    one = open_drill(DRILL)
    try:
        await one.ready()
        one.past = read(path)
        repair = await one.applied()
        flying = [action for action in repair.view.fix.actions if action.state == "interrupted"] if repair else []
        return tuple(("undo-intent", one.undo) if one.undoing else ("intent", one.run) for one in flying)
    finally:
        await one.close()


def kill(home: Path, kills: int) -> Iterator[tuple[Path, str, str]]:
    """Journal, kind and command of what was in flight, for every kill; checked, and open for more."""
    chance = random.Random()
    with serving(home) as server:
        longest = 1.2 * sum(server.round(home / "whole"))
        for number in range(kills):
            killed = server.kill_one(home / str(number), chance.uniform(0, longest))
            yield killed.last, *check(killed)


def test_killed_at_random_moments(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    begun = time.monotonic()
    homes = [tmp_path / str(number) for number in range(SERVERS)]
    shares = [KILLS // SERVERS + (number < KILLS % SERVERS) for number in range(SERVERS)]
    for home in homes:
        home.mkdir()
    with ThreadPoolExecutor(SERVERS) as pool:
        outcomes = [
            one
            for found in pool.map(lambda two: list(kill(*two)), zip(homes, shares, strict=True))
            for one in found
        ]
    assert len(outcomes) == KILLS
    flying = [(path, kind, run) for path, kind, run in outcomes if kind]
    for path, kind, run in flying:
        assert asyncio.run(named(path)) == ((kind, run),)
    for path, kind, run in flying[:ASKED]:
        code, said = resumed(tmp_path, path)
        assert code == 2, said
        (one,) = said["in_flight"]  # type: ignore[misc]
        assert (one["undo" if kind == "undo-intent" else "run"], one["undoing"]) == (run, kind == "undo-intent")
    for path, _, _ in outcomes:
        with open_for_append(path) as again:
            again.append("end", {})
        assert read(path).entries[-1].kind == "end"
    seen = Counter(kind or "nothing" for _, kind, _ in outcomes)
    seconds = time.monotonic() - begun
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(seen.items()))
    record_property("counted", f"killed {KILLS} times in {seconds:.0f} s, in flight: {said}")
    if KILLS >= 50:
        assert seen["intent"]
        assert seen["undo-intent"]


def test_nothing_in_flight_is_said_as_well(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        killed = server.kill_one(tmp_path / "one", 0.0)
    if check(killed) == ("", ""):
        code, said = resumed(tmp_path, killed.last)
        assert (code, said["in_flight"]) == (0, [])

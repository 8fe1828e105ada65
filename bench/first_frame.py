"""First frame of the app against an empty Textual app, each in a terminal of its own, in turns. Budget: 1.3 times.

The clock runs from the start of the process until the frame's text has come out of the terminal."""

import os
import pty
import select
import signal
import struct
import sys
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

BUDGET = 1.3
ROUNDS = 15
PATIENCE = 20.0
REPOSITORY = Path(__file__).resolve().parent.parent
EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("an empty app")
Empty().run()
"""
OURS = """
from base.text import Lang
from tui.app import DeadhopApp
def open_it():
    from diagnosis.session import open_session
    return open_session(None, argv=())
DeadhopApp(open_it, lang=Lang.EN).run()
"""


def first_frame(program: str, sign: bytes) -> float:
    """Seconds until `sign` is on the screen."""
    started = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(REPOSITORY)
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8")
        os.execv(sys.executable, [sys.executable, "-c", program])
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        return _until(terminal, sign, started)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def _until(terminal: int, sign: bytes, started: float) -> float:
    seen = b""
    while time.perf_counter() - started < PATIENCE:
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 65536)
            if sign in seen:
                return time.perf_counter() - started
    raise SystemExit(f"no first frame in {PATIENCE:g} s:\n{seen[-2000:].decode(errors='replace')}")


def main() -> int:
    empty, ours = [], []
    for _ in range(ROUNDS):  # in turns, so that a busy machine is unfair to both
        empty.append(first_frame(EMPTY, b"an empty app"))
        ours.append(first_frame(OURS, b"What is wrong?"))
    empty_median, our_median = (sorted(times)[ROUNDS // 2] for times in (empty, ours))
    ratio = our_median / empty_median
    print(f"empty Textual app   {empty_median * 1000:6.1f} ms")
    print(f"deadhop             {our_median * 1000:6.1f} ms   ratio {ratio:.2f} (budget {BUDGET})")
    return 0 if ratio <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())

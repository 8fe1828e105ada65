"""deadhop without a command: the app on a terminal, a diagnosis without one."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from base.errors import UsageError
from deadhop.asking import given_text, read_stdin
from deadhop.front import Front
from deadhop.parsing import Parser

if TYPE_CHECKING:
    from diagnosis.session import Session

_PLAIN_SCREEN = b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
"""Mouse, paste and keyboard modes off, the normal screen, the cursor shown."""


def arguments(parser: Parser) -> None:
    parser.add_argument("text", nargs="*", help=parser.say("what is wrong", "무엇이 잘못되었는가"))


async def run(front: Front) -> int:
    text = given_text(front.arguments.text, front.say)
    if not text and sys.stdin is not None and not sys.stdin.isatty():
        text = read_stdin(front.say)
    if front.out.json or not sys.stdout.isatty() or not _keyboard():
        return await _headless(front, text)
    return await open_app(front, partial(_session, front), text)


def _session(front: Front) -> Session:
    from diagnosis.session import open_session

    session = open_session(front.site, argv=front.argv)
    session.presets = dict(front.presets)
    return session


async def _headless(front: Front, text: str) -> int:
    if not text.strip():
        raise UsageError(
            front.say("the app needs a terminal", "앱에는 터미널이 필요하다"), hint="deadhop diagnose SYMPTOM|TEXT"
        )
    from deadhop.commands.diagnose import diagnose

    return await diagnose(front, text)


def _keyboard() -> bool:
    """Keys come from stdin; when that was a pipe, from the terminal itself. False when there is none."""
    if sys.stdin is not None and sys.stdin.isatty():
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return False
    os.dup2(terminal, 0)
    os.close(terminal)
    return True


async def open_app(front: Front, factory: Callable[[], Session], text: str, *, resume: bool = False) -> int:
    """The app, with the session made after its first frame; with `resume`, at what the session had in flight."""
    from tui.app import DeadhopApp

    _give_terminal_back_at_the_end()
    read_only = front.arguments.read_only
    app = DeadhopApp(factory, text=text, lang=front.lang, read_only=read_only, resume=resume)
    code = await app.run_async() or 0
    task = asyncio.current_task()
    if task is not None and task.cancelling():  # the app takes a cancellation for a wish to quit
        raise asyncio.CancelledError
    return code


def _give_terminal_back_at_the_end() -> None:
    """Also when there is no time left for the app to do it itself."""
    import termios

    from deadhop.running import before_end

    before = termios.tcgetattr(0)

    def give_back() -> None:
        termios.tcsetattr(0, termios.TCSANOW, before)
        os.write(2, _PLAIN_SCREEN)

    before_end(give_back)

"""The `deadhop` command: which words were meant, who does it, and the exit code. Nothing heavy is imported here."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType, ModuleType

    from deadhop.parsing import Parser

INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def entry() -> NoReturn:
    """Console script."""
    code = INTERRUPTED
    try:
        for number in SIGNALS:
            signal.signal(number, _interrupt)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # whoever ignores it leaves that to us, and children are lost
        code = _explained(sys.argv[1:])
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
    except KeyboardInterrupt:
        pass  # between any two of these lines; what was decided by then stands
    sys.exit(code)


def _explained(argv: list[str]) -> int:
    try:
        return main(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if _interrupted_by(error):
            return INTERRUPTED
        from deadhop.failure import explain

        return explain(error, argv)


def _interrupted_by(error: BaseException) -> bool:
    """An interrupt inside of a class body's `__set_name__`, say, comes out as a RuntimeError (CPython < 3.12)."""
    met: BaseException | None = error
    while met is not None and not isinstance(met, KeyboardInterrupt):
        met = met.__cause__ or met.__context__
    return met is not None


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Imports nothing: it may have come in the middle of an import."""
    interrupt = getattr(sys.modules.get("deadhop.running"), "interrupt", None)
    if interrupt is None or not interrupt():
        raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    """Parses, calls, and returns the exit code."""
    from deadhop.parsing import front_parser
    from deadhop.words import COMMANDS, Speaker, wanted_language

    say = Speaker(wanted_language(argv))
    parser = front_parser(say)
    arguments = parser.parse_args(argv)
    if arguments.version:
        return _version(arguments.json)
    words = arguments.words
    if words and words[0] in COMMANDS:
        command, own = _command(words.pop(0), parser)
    else:
        _refuse_misspelt(words, parser)
        command, own = _command("app", parser)
    own.parse_args(words, arguments)

    from deadhop.front import Front
    from deadhop.running import run

    return run(command.run(Front.of(arguments, say)))


def _command(name: str, front: Parser) -> tuple[ModuleType, Parser]:
    from importlib import import_module

    from deadhop.parsing import Parser, add_globals
    from deadhop.words import COMMANDS

    prog = "deadhop" if name == "app" else f"deadhop {name}"
    parser = Parser(prog, front.say, front.say(*COMMANDS.get(name, ("", ""))))
    module = import_module(f"deadhop.commands.{name}")
    module.arguments(parser)
    add_globals(parser, inherited=True)
    return module, parser


def _refuse_misspelt(words: list[str], front: Parser) -> None:
    """A first word that is nearly a command was meant as one."""
    from deadhop.words import COMMANDS

    if not words or not words[0].isalpha():
        return

    from difflib import get_close_matches

    from deadhop.parsing import Misused

    close = get_close_matches(words[0], COMMANDS, n=1, cutoff=0.75)
    if close:
        message = front.say("there is no command `{}`", "`{}` 라는 명령은 없다").format(words[0])
        raise Misused(
            message, front.say("did you mean `{}`?", "`{}` 을(를) 쓰려 했는가?").format(f"deadhop {close[0]}")
        )


def _version(json: bool) -> int:
    from importlib.metadata import version

    number = version("deadhop")
    print(f'{{"deadhop": 1, "kind": "version", "version": "{number}"}}' if json else f"deadhop {number}")
    return 0

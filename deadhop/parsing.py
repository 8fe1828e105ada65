"""argparse, in the operator's language and with hints."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from deadhop.words import COMMANDS, Speaker


class Misused(Exception):
    """Wrong words on the command line."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


_KOREAN = (
    (r"unrecognized arguments: (.*)", r"모르는 인자: \1"),
    (r"the following arguments are required: (.*)", r"꼭 필요한 인자가 없다: \1"),
    (r"argument (\S+): expected one argument", r"\1: 값이 하나 필요하다"),
    (r"argument (\S+): expected at least one argument", r"\1: 값이 하나 이상 필요하다"),
    (r"argument (\S+): invalid choice: ('.*?') \(choose from (.*)\)", r"\1: \2 는 고를 수 없다 (가능한 값: \3)"),
    (r"argument (\S+): invalid int value: (.*)", r"\1: \2 은(는) 정수가 아니다"),
    (r"argument (\S+): ignored explicit argument (.*)", r"\1: 값을 받지 않는다: \2"),
    (r"argument (\S+): not allowed with argument (\S+)", r"\1 은(는) \2 와(과) 같이 쓸 수 없다"),
)


class Parser(argparse.ArgumentParser):
    """Raises Misused instead of printing and exiting."""

    def __init__(self, prog: str, say: Speaker, description: str = "", epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.say = say
        self._positionals.title = say("arguments", "인자")
        self._optionals.title = say("options", "옵션")
        self.add_argument("-h", "--help", action="help", help=say("this text", "이 도움말"))

    def verbs(self) -> Verbs:
        """Sub-commands; the chosen one is `arguments.verb`."""
        return Verbs(self)

    def format_help(self) -> str:
        return super().format_help().replace("usage: ", self.say("usage: ", "사용법: "), 1)

    def error(self, message: str) -> NoReturn:
        if self.say.lang == "ko":
            for english, korean in _KOREAN:
                message = re.sub(f"^{english}$", korean, message, flags=re.DOTALL)
        raise Misused(message, f"`{self.prog} --help`")


class Verbs:
    def __init__(self, parser: Parser) -> None:
        self._say = parser.say
        self._parsers = parser.add_subparsers(
            dest="verb", required=True, metavar="VERB", title=parser.say("verbs", "하위 명령"), parser_class=Parser
        )

    def add(self, name: str, text: str) -> Parser:
        parser: Parser = self._parsers.add_parser(name, help=text, description=text, say=self._say)
        add_globals(parser, inherited=True)
        return parser


def add_globals(parser: Parser, *, inherited: bool = False) -> None:
    """Options every command has. `inherited`: keep what stood before the command."""
    say = parser.say
    default = argparse.SUPPRESS if inherited else None
    group = parser.add_argument_group(say("everywhere", "공통 옵션"))
    group.add_argument(
        "--site",
        metavar="FILE",
        default=default,
        help=say(
            "site.yaml or an SSH configuration (default: DEADHOP_SITE, your site.yaml, ~/.ssh/config)",
            "site.yaml 이나 SSH 설정 파일 (기본: DEADHOP_SITE, 내 site.yaml, ~/.ssh/config)",
        ),
    )
    group.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=default,
        help=say(
            "answer an input or a question beforehand; repeatable",
            "입력이나 질문에 미리 답한다. 여러 번 쓸 수 있다",
        ),
    )
    group.add_argument(
        "--read-only",
        action="store_true",
        default=argparse.SUPPRESS if inherited else False,
        help=say("look, and change nothing", "확인만 하고 아무것도 바꾸지 않는다"),
    )
    group.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS if inherited else False,
        help=say("one JSON object on stdout", "stdout 에 JSON 객체 하나를 쓴다"),
    )
    group.add_argument(
        "--lang",
        choices=("en", "ko"),
        default=default,
        help=say("language (default: DEADHOP_LANG, locale)", "언어 (기본: DEADHOP_LANG, 로캘)"),
    )


def front_parser(say: Speaker) -> Parser:
    """`deadhop` itself: the command is the first word, the rest is the command's own."""
    parser = Parser("deadhop", say, _about(say), _commands(say))
    parser.usage = "deadhop [OPTION]... [TEXT | COMMAND ...]"
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    add_globals(parser)
    parser.add_argument("--version", action="store_true", help=say("print the version", "버전을 출력한다"))
    return parser


def _about(say: Speaker) -> str:
    return say(
        "Finds the hop where packets die, and the reason.\n"
        'Without a command: the app. `deadhop "PASTED ERROR"` searches for it at once.',
        "패킷이 사라지는 홉과 그 이유를 찾는다.\n"
        '명령 없이 실행하면 앱이 열린다. `deadhop "붙여 넣은 오류"` 는 바로 검색한다.',
    )


def _commands(say: Speaker) -> str:
    lines = (f"  {name:10}{say(*texts)}" for name, texts in COMMANDS.items())
    codes = say(
        "exit: 0 nothing wrong found, 1 a cause found, 2 could not tell,\n"
        "      3 usage or configuration, 4 a fix failed, 130 interrupted",
        "종료 코드: 0 이상 없음, 1 원인 찾음, 2 판단 불가, 3 사용법·설정 오류, 4 조치 실패, 130 중단",
    )
    return "\n".join([f"{say('commands', '명령')}:", *lines, "", codes])

"""deadhop kb: what is known, and the tools of those who write it."""

from __future__ import annotations

from deadhop.front import Front
from deadhop.parsing import Parser


def arguments(parser: Parser) -> None:
    say = parser.say
    verbs = parser.verbs()
    folder = (
        "--folder",
        say(
            "knowledge of your own on top (default: your configuration folder)",
            "덧붙일 내 지식 폴더 (기본: 내 설정 폴더)",
        ),
    )
    for name, texts in _VERBS.items():
        verb = verbs.add(name, say(*texts))
        if name not in ("new", "schema"):
            verb.add_argument(folder[0], metavar="FOLDER", action="append", default=[], help=folder[1])
        if name in _OWN:
            _OWN[name](verb)


def _show(verb: Parser) -> None:
    verb.add_argument("id", metavar="ID", help=verb.say("a symptom or a cause", "증상이나 원인"))


def _search(verb: Parser) -> None:
    say = verb.say
    verb.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help=say("what you see, or `-` for stdin", "보이는 글, 또는 stdin 은 `-`"),
    )
    verb.add_argument(
        "--batch",
        metavar="FILE",
        help=say(
            "one JSON string a line in, one object a line out; `-` is stdin",
            "한 줄에 JSON 문자열 하나를 읽고 객체 하나를 쓴다. `-` 는 stdin",
        ),
    )


def _new(verb: Parser) -> None:
    say = verb.say
    verb.add_argument("id", metavar="ID", help=say("words-joined-by-hyphens", "하이픈으로-이은-이름"))
    verb.add_argument(
        "--layer", default="host", metavar="LAYER", help=say("its folder (default: host)", "넣을 폴더 (기본: host)")
    )
    verb.add_argument(
        "--folder",
        metavar="FOLDER",
        help=say("default: `knowledge` in your configuration folder", "기본: 내 설정 폴더의 `knowledge`"),
    )


def _schema(verb: Parser) -> None:
    verb.add_argument(
        "what", choices=("symptom", "cause", "cases"), help=verb.say("of which file", "어느 파일의 스키마")
    )


_OWN = {"show": _show, "search": _search, "new": _new, "schema": _schema}
_VERBS = {
    "list": ("every symptom and cause", "모든 증상과 원인"),
    "show": ("one symptom or cause, whole", "증상이나 원인 하나를 자세히"),
    "search": ("which symptoms a text is about", "글이 어떤 증상에 관한 것인지 찾는다"),
    "lint": ("look for mistakes", "잘못된 곳을 찾는다"),
    "test": ("run the cases; every branch must be reached", "케이스를 돌린다. 모든 가지에 닿아야 한다"),
    "new": ("files for a symptom of your own", "내 증상을 위한 파일을 만든다"),
    "schema": ("JSON Schema for editors", "편집기를 위한 JSON Schema"),
}


async def run(front: Front) -> int:
    verb = front.arguments.verb
    if verb in ("new", "schema"):
        from deadhop import writing

        return {"new": writing.new, "schema": writing.schema}[verb](front)
    if verb in ("lint", "test"):
        from deadhop import checking

        return checking.lint(front) if verb == "lint" else checking.test(front)
    from deadhop import knowing

    return {"list": knowing.list_all, "show": knowing.show, "search": knowing.search}[verb](front)

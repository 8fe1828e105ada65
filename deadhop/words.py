"""English and Korean for the command line. Kept free of imports: `--help` speaks through it."""

from __future__ import annotations

import os


def wanted_language(argv: list[str]) -> str:
    """`en` or `ko`: `--lang`, else DEADHOP_LANG, else the locale."""
    for index, word in enumerate(argv):
        if word == "--":
            break
        value = argv[index + 1] if word == "--lang" and index + 1 < len(argv) else word.removeprefix("--lang=")
        if word.startswith("--lang") and value in ("en", "ko"):
            return value
    for name in ("DEADHOP_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "ko" if os.environ[name].startswith("ko") else "en"
    return "en"


class Speaker:
    """Picks one of two texts."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, en: str, ko: str) -> str:
        return ko if self.lang == "ko" else en


COMMANDS = {
    "diagnose": ("walk one symptom's tree without the app", "앱 없이 증상 하나를 진단한다"),
    "sweep": ("all trees at once: finds it without being told", "증상을 몰라도 된다. 모든 진단을 한꺼번에 돌린다"),
    "trace": ("at which hop packets die, and by which rule", "패킷이 어느 홉에서 어느 규칙에 막히는지 찾는다"),
    "fix": ("plan, apply or undo a fix of a cause that was found", "찾은 원인의 조치를 계획·적용·되돌리기"),
    "sessions": ("list what was recorded", "기록된 세션 목록"),
    "resume": ("open a session again; shows what was in flight", "세션을 다시 연다. 진행 중이던 작업을 보여 준다"),
    "export": ("a session as Markdown or JSON", "세션을 Markdown 이나 JSON 으로 내보낸다"),
    "kb": (
        "the knowledge: list, show, search, lint, test, new, schema",
        "지식: list, show, search, lint, test, new, schema",
    ),
    "site": ("your machines: init, check, show", "내 장비 목록: init, check, show"),
    "demo": (
        "a recorded outage; needs no network and no root",
        "녹화된 장애를 재생한다. 네트워크와 root 가 필요 없다",
    ),
}
"""Every command with its help; the modules of `deadhop.commands` have the same names."""

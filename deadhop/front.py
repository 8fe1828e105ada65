"""What every command is handed: its arguments, the language, and where words go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from base.errors import UsageError
from base.korean import spoken
from base.text import Lang, Text
from deadhop.output import Output
from deadhop.words import Speaker


@dataclass(frozen=True)
class Front:
    arguments: argparse.Namespace
    say: Speaker
    lang: Lang
    out: Output
    site: Path | None = None
    presets: Mapping[str, str] = field(default_factory=dict)
    """`--set NAME=VALUE`."""

    @classmethod
    def of(cls, arguments: argparse.Namespace, say: Speaker) -> Front:
        site = Path(arguments.site) if arguments.site else None
        presets = dict(_pair(text, say) for text in arguments.set or ())
        return cls(arguments, say, Lang(say.lang), Output(json_wanted=arguments.json), site, presets)

    @property
    def argv(self) -> list[str]:
        return sys.argv[1:]

    def text(self, text: Text) -> str:
        return text[self.lang]

    def told(self, message: str) -> str:
        """What the rooms below say of a failure, in the operator's language."""
        return spoken(message, self.lang)

    @property
    def can_ask(self) -> bool:
        """There is somebody to ask."""
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _pair(text: str, say: Speaker) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(
            say("`--set {}` has no value", "`--set {}` 에 값이 없다").format(text[:80]),
            hint="--set NAME=VALUE",
        )
    return name.strip(), value.strip()

"""Questions to the person at the terminal. Asked on stderr; waiting for the answer can be interrupted."""

from __future__ import annotations

import asyncio
import os
import sys

from base.errors import UsageError
from base.text import inert
from deadhop.output import Output
from deadhop.words import Speaker

PASTE_LIMIT = 512 * 1024
"""Bytes of text that are searched."""


async def ask_line(out: Output, prompt: str) -> str:
    """One line; UsageError when there is no more input."""
    out.clear()
    sys.stderr.write(inert(prompt) + " ")
    sys.stderr.flush()
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    answer = os.read(descriptor, 4096)
    if not answer:
        raise UsageError("no answer", hint="`--set NAME=VALUE` answers beforehand")
    return answer.decode("utf-8", "replace").strip()


def read_stdin(say: Speaker) -> str:
    """What is piped in; UsageError when it is too long or no text."""
    if sys.stdin is None:  # closed by whoever started us
        return ""
    return checked_paste(sys.stdin.buffer.read(PASTE_LIMIT + 1), say)


def given_text(words: list[str], say: Speaker) -> str:
    return checked_paste(" ".join(words).encode("utf-8", "surrogateescape"), say)


def checked_paste(data: bytes, say: Speaker) -> str:
    if len(data) > PASTE_LIMIT:
        raise UsageError(
            say("this is more than {} KiB of text", "텍스트가 {} KiB 를 넘는다").format(PASTE_LIMIT // 1024),
            hint=say(
                "give the lines around the error: `… | tail -n 50`", "오류 주변의 줄만 넘긴다: `… | tail -n 50`"
            ),
        )
    if b"\0" in data:
        raise UsageError(
            say("this is binary, not text", "텍스트가 아니라 바이너리다"),
            hint=say(
                "give the error as text: `… | strings | tail -n 50`",
                "오류를 텍스트로 넘긴다: `… | strings | tail -n 50`",
            ),
        )
    return data.decode("utf-8", "replace")

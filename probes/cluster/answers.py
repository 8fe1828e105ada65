"""Bodies of APIs: read within bounds, cut to their shape, and put to the probes as Structs."""

from __future__ import annotations

import gc
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from base.text import clip, inert
from probes.api import Api, ApiRequest
from probes.connection import MEBIBYTE, Command
from probes.decoding import decoded
from probes.errors import OutputTooLong, ProbeError, UnreadableOutput
from probes.exchange import Reply
from probes.linux.ask import why_no_answer

Shape = TypeVar("Shape")
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)


async def bounded(pieces: AsyncIterator[bytes], packed: bool, limit: int) -> bytearray:
    """The body, unpacked. OutputTooLong past the limit, whatever a few packed bytes may stand for."""
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if packed else None
    body = bytearray()
    async for piece in pieces:
        if unpack is None:
            body += piece
        else:
            try:
                body += unpack.decompress(piece, limit + 1 - len(body))
            except zlib.error as error:
                raise UnreadableOutput(f"the answer is no gzip: {error}") from error
        if len(body) > limit:
            raise too_long(limit)
    if unpack is not None and not unpack.eof:
        raise UnreadableOutput("the answer ends in the middle of its gzip", hint="look again")
    return body


def too_long(limit: int) -> OutputTooLong:
    size = f"{limit / MEBIBYTE:g} MiB" if limit >= MEBIBYTE else f"{limit} bytes"
    return OutputTooLong(f"the API's answer is larger than {size}", hint="ask for less: a namespace, a selector")


def cut(request: ApiRequest, kind: str, body: bytes | bytearray) -> str:
    """What is kept of an answer: text as it is, JSON by its shape. UnreadableOutput when it is something else."""
    if kind.startswith("text/html") or body[:64].lstrip()[:1] == b"<":
        raise UnreadableOutput(
            f"a web page instead of an answer: {_begin(body)}", hint="a proxy or a login page stands in between"
        )
    if not request.accept.startswith("application/json"):
        return body.decode("utf-8", "replace")
    try:
        with no_collecting():
            held: Any = decoded(body, request.shape or dict[str, Any])
            return _text_of(held) if request.shape else body.decode()
    except _BROKEN as error:
        why = clip(inert(str(error)), 120)
        raise UnreadableOutput(f"the answer is not in its form: {why}: {_begin(body)}") from error


_fresh: OrderedDict[int, tuple[str, object]] = OrderedDict()
"""Long texts that were just cut, with the Structs they were made of: decoding one again costs as much as fetching
it. By identity; the text is held, so that its identity stays its own."""
_FRESH, _LONG = 4, 1 << 20


def _text_of(held: object) -> str:
    text = msgspec.json.encode(held).decode()
    if len(text) > _LONG:
        _fresh[id(text)] = (text, held)
        while len(_fresh) > _FRESH:
            _fresh.popitem(last=False)
    return text


def _taken(text: str) -> object:
    """The Struct of a text that was just cut, once; None for others."""
    return _fresh.pop(id(text), (text, None))[1]


@contextmanager
def no_collecting() -> Iterator[None]:
    """While many objects are made at once and none of them can be garbage; nothing else runs meanwhile."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _begin(body: bytes | bytearray) -> str:
    return clip(inert(" ".join(body[:300].decode("utf-8", "replace").split())), 80)


# ------------------------------------------------------------------ for probes


async def fetch(api: Api, request: ApiRequest, shape: type[Shape]) -> Shape:
    """The answer as a Struct; ProbeError when there is none."""
    text = answered(await api.get(request), api.target).stdout
    held = _taken(text)
    if isinstance(held, shape):
        return held
    try:
        with no_collecting():
            return decoded(text, shape)
    except _BROKEN as error:
        why = clip(inert(str(error)), 120)
        raise UnreadableOutput(f"{api.target}: the answer is not in its form: {why}") from error


async def fetch_text(api: Api, request: ApiRequest) -> str:
    return answered(await api.get(request), api.target).stdout


def answered(reply: Reply, target: str) -> Reply:
    """The ProbeError of a reply without an answer, else the reply."""
    error = why_no_answer(reply, Command(("GET",)), target, ok=None)
    if error is None and reply.status is None:
        error = ProbeError(f"{target}: no answer")
    if error is None and not 200 <= (reply.status or 0) < 300 and reply.status != 0:
        error = UnreadableOutput(f"{target}: the API answers {reply.status}")
    if error is not None:
        raise error
    return reply

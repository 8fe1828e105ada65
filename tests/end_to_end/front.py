"""A gateway before a real API: what it is asked goes on and comes back as it is, late, or only after refusals."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from tests.hostile.hostile_http import Asked, Served, Writer, answer, serving

Api = Callable[[], Awaitable[bytes]]
Manner = Callable[[Asked, Api], Awaitable[bytes]]
"""What is answered: by the API itself where it is asked."""
_KEPT = ("host", "accept", "accept-encoding", "authorization", "content-type", "x-auth-token", "x-subject-token")
"""Of what is asked: with the host, links in the answers lead back to the gateway."""
_OF_THE_WAY = ("connection", "keep-alive", "transfer-encoding", "content-length")


def late(seconds: float) -> Manner:
    """Whatever the API itself takes."""

    async def wait(asked: Asked, api: Api) -> bytes:
        said, _ = await asyncio.gather(api(), asyncio.sleep(seconds))
        return said

    return wait


def refusing(times: int, status: int, **headers: str) -> Manner:
    """Each question so many times, and then no more."""
    seen: Counter[str] = Counter()

    async def refuse(asked: Asked, api: Api) -> bytes:
        question = f"{asked.method} {asked.path}"
        seen[question] += 1
        return answer(status, {}, **headers) if seen[question] <= times else await api()

    return refuse


@asynccontextmanager
async def front(
    url: str, manner: Manner, tls: ssl.SSLContext | None = None, login: ssl.SSLContext | None = None
) -> AsyncIterator[Served]:
    """Speaks TLS to who asks with `tls`, and asks the API at `url` with `login`."""
    connector = aiohttp.TCPConnector(ssl=login or True, limit=0)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

        async def behave(asked: Asked, writer: Writer) -> None:
            writer.write(await manner(asked, lambda: _passed_on(session, url, asked)))

        async with serving(behave, tls) as served:
            yield served


async def _passed_on(session: aiohttp.ClientSession, url: str, asked: Asked) -> bytes:
    headers = {name: asked.headers[name] for name in _KEPT if name in asked.headers}
    there = URL(url + asked.path, encoded=True)
    async with session.request(
        asked.method, there, headers=headers, data=asked.body or None, allow_redirects=False
    ) as response:
        body = await response.read()
    back = {name: text for name, text in response.headers.items() if name.lower() not in _OF_THE_WAY}
    return answer(response.status, body, **back)

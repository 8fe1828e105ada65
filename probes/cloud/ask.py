"""Puts GETs to a cloud and turns what came back into values, or the ProbeError that says why there are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

from base.errors import UsageError
from probes.api import ApiRequest
from probes.cloud.where import Where
from probes.decoding import decoded
from probes.errors import Forbidden, ProbeError, UnreadableOutput
from probes.exchange import Reply
from probes.probe import Toolbox

PAGE = 1000
SECONDS = 25.0
"""For a first question that is three: what Keystone speaks, the login and itself. An API may take 5 s for each."""
_ADMINISTRATOR = "admin"
_MOST_PAGES = 100
Query = tuple[tuple[str, str], ...]
NO_CATALOGUE: Query = (("nocatalog", "1"),)
"""A token's own page without the catalogue, which is asked for apart."""
S = TypeVar("S", bound=msgspec.Struct)


class Item(Protocol):
    @property
    def id(self) -> str: ...


Found = TypeVar("Found", bound=Item)


class Named(msgspec.Struct, omit_defaults=True):
    id: str = ""
    name: str = ""


class Token(msgspec.Struct, omit_defaults=True):
    user: Named = msgspec.field(default_factory=Named)
    project: Named = msgspec.field(default_factory=Named)
    roles: tuple[Named, ...] = ()


class OneToken(msgspec.Struct, omit_defaults=True):
    token: Token


class Link(msgspec.Struct, omit_defaults=True):
    rel: str = ""


class Page(msgspec.Struct, Generic[Found], omit_defaults=True):
    """A list of the API under its own name (`ports`), and whether there is more (`ports_links`)."""

    items: tuple[Found, ...]
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud as probes ask it."""

    name: str
    toolbox: Toolbox

    async def reply(
        self, service: str, *segments: str, query: Query = (), shape: type | None = None, seconds: float = SECONDS
    ) -> Reply:
        api = await self.toolbox.api(f"cloud:{self.name}")
        try:
            request = ApiRequest(segments, query, service, shape, timeout=seconds)
        except UsageError as error:  # what comes from people is of its kind: this came from an answer
            raise UnreadableOutput("the cloud gives an object an id that no object has") from error
        return await api.get(request)

    async def get(self, service: str, *segments: str, shape: type[S], query: Query = ()) -> S:
        """One object; the ProbeError that the reply stands for when there is none."""
        return (await self.dated(service, *segments, shape=shape, query=query))[0]

    async def dated(self, service: str, *segments: str, shape: type[S], query: Query = ()) -> tuple[S, str]:
        """With the moment of the answer, in ISO 8601."""
        reply = await self.reply(service, *segments, query=query, shape=shape)
        return read(reply, shape), Where.of(reply.stderr).date

    async def sees_all(self, what: str) -> None:
        """After an answer that holds nothing: Forbidden, unless the login sees all projects. APIs leave out what
        a role may not see without a word, and that is not the same as not being there."""
        token = (await self.get("identity", "v3", "auth", "tokens", query=NO_CATALOGUE, shape=OneToken)).token
        if _ADMINISTRATOR not in [role.name for role in token.roles]:
            roles = ", ".join(role.name for role in token.roles) or "none"
            raise Forbidden(
                f"{what}: the cloud shows nothing, but would not show all to {token.user.name} (roles: {roles})",
                hint="a login with the role `admin`",
            )

    async def list(
        self, service: str, *segments: str, shape: type[Page[Found]], query: Query = ()
    ) -> tuple[Found, ...]:
        """All of it, page after page; each page is an exchange of its own."""
        found: list[Found] = []
        marker: Query = ()
        for _ in range(_MOST_PAGES):
            asked = (*query, ("limit", str(PAGE)), *marker)
            page = await self.get(service, *segments, shape=shape, query=asked)
            found += page.items
            if not page.items or not any(link.rel == "next" for link in page.links):
                return tuple(found)
            following = (("marker", page.items[-1].id),)
            if following == marker:
                break
            marker = following
        raise UnreadableOutput(f"the list of {segments[-1]} has no end", hint="is a proxy or a portal in between?")


def read(reply: Reply, shape: type[S]) -> S:
    if reply.failure or reply.status is None:
        raise error_of(reply)
    try:
        return decoded(reply.stdout, shape)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise UnreadableOutput("the cloud answered in a form that is not known") from error


def error_of(reply: Reply) -> ProbeError:
    kind = _KINDS.get(reply.failure, ProbeError)
    return kind(reply.message or "the cloud gave no answer", hint=reply.hint)


def _kinds(kind: type[ProbeError]) -> Iterator[type[ProbeError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)


_KINDS = {kind.reason: kind for kind in _kinds(ProbeError)}

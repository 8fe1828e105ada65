"""The connection to a cloud: openstacksdk's configuration and session on a few threads, one GET at a time.

Paths begin with the version (`/v2.0/ports`, `/v2.1/servers`), whatever the catalogue's URL ends in, so that a
recording of one cloud reads like that of another. Logging in is the one thing that is not a GET; it is recorded as
well, without what was sent.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import requests
from keystoneauth1.access import AccessInfo
from keystoneauth1.exceptions import EndpointNotFound
from keystoneauth1.session import Session
from openstack.config.cloud_region import CloudRegion

from base.errors import UsageError
from probes.api import Api, ApiRequest, of_patience, pause
from probes.cloud import answers, remote
from probes.cloud.attempt import CURRENT, Attempt, Stopped
from probes.cloud.login import Login, Who, access_of, user_of, who
from probes.cloud.threads import Threads
from probes.cloud.wire import was_idle
from probes.errors import ProbeTimeout
from probes.exchange import Reply, Request

if TYPE_CHECKING:
    from probes.toolbox import LiveToolbox

MOST_THREADS = 4
_TARGET = "cloud:"
_VERSION = re.compile(r"/v\d+(?:\.\d+)?(?:/(?:AUTH_)?[0-9a-f-]{32,36})?/?$")
_NEWEST = {"compute": (2, 96), "placement": (1, 39)}
"""Microversions whose answers our shapes know; what the server offers may be less."""
_ROOT = {"compute": ("v2.1", ""), "placement": ("",)}
_OWN_TOKEN = ("v3", "auth", "tokens")
_LATER = frozenset({429, 502, 503, 504})
"""Says nothing of what was asked for; may pass."""


def open_api(name: str, toolbox: LiveToolbox) -> Api:
    """Nothing is read or sent before the first GET."""
    cloud = next((one for one in toolbox.site.clouds if one.name == name), None)
    if cloud is None:
        raise UsageError(f"{_TARGET}{name}: no such target", hint="`deadhop site show` lists clouds and clusters")
    return CloudApi(Login(cloud), toolbox)


Noted = tuple[str, Reply, datetime]


class CloudApi:
    def __init__(self, login: Login, toolbox: LiveToolbox) -> None:
        self.target = _TARGET + login.cloud.name
        self._login, self._toolbox = login, toolbox
        self._threads = Threads(self.target, MOST_THREADS)
        self._reading = asyncio.Lock()
        self._offered = _Offered()

    async def get(self, request: ApiRequest) -> Reply:
        begun = time.monotonic()
        attempt = Attempt(begun + request.timeout, request.limit)
        try:
            async with asyncio.timeout(request.timeout):
                await self._read_credentials()
                reply = await self._until_answered(request, attempt)
        except TimeoutError:
            reply = _overdue(request, attempt)
        except Stopped as stopped:
            reply = answers.reply_of_error(stopped, attempt, "") or Reply(None)
        return replace(reply, seconds=round(time.monotonic() - begun, 3))

    async def _read_credentials(self) -> None:
        """Of a control node, where this machine has none. They stay in memory."""
        cloud = self._login.cloud
        if not cloud.host or cloud.config is not None or self._login.given is not None:
            return
        async with self._reading:
            if self._login.given is None:
                self._login.given, self._login.authority = await remote.credentials(cloud, self._toolbox)

    async def _until_answered(self, request: ApiRequest, attempt: Attempt) -> Reply:
        """Again, when the server says when; within the deadline."""
        times = 0
        while True:
            work = _Work(request, attempt, self._login, self._offered)
            try:
                answer = await self._threads.run(work)
            finally:
                for text, noted, at in work.noted:
                    self._toolbox.record(Request(self.target, text), noted, at)
            assert isinstance(answer, _Answer)
            if answer.again is None or pause(answer.again, times) > attempt.left - 0.1:
                return answer.reply
            await asyncio.sleep(pause(answer.again, times))
            times += 1

    async def close(self) -> None:
        await self._threads.close()
        await asyncio.to_thread(self._login.close)


def _overdue(request: ApiRequest, attempt: Attempt) -> Reply:
    if not attempt.url:
        message = f"`{request.text}`: no end within {request.timeout:g} s"
        return Reply(None, "", attempt.where().text, failure=ProbeTimeout.reason, message=message)
    reply = answers.reply_of_error(attempt.overdue(), attempt, "")
    assert reply is not None
    return reply


@dataclass(slots=True)
class _Offered:
    """What services say they can: asked once each."""

    microversions: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Busy(Exception):
    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@dataclass(frozen=True, slots=True)
class _Answer:
    reply: Reply
    again: float | None = None
    """Seconds after which the server wants to be asked again."""


def _in(reply: Reply, seconds: float | None) -> _Answer:
    return _Answer(reply if seconds is None else replace(reply, hint=of_patience(seconds)), seconds)


@dataclass(eq=False, slots=True)
class _Work:
    """One try in a thread."""

    request: ApiRequest
    attempt: Attempt
    login: Login
    offered: _Offered
    noted: list[Noted] = field(default_factory=list)
    """Exchanges on the way to the one that was asked for: the login, what a service offers."""

    def stop(self) -> None:
        self.attempt.stop()

    def run(self) -> _Answer:
        CURRENT.attempt = self.attempt
        user = ""
        try:
            region, session = self.login.session()
            user = user_of(region)
            return self._ask(region, session)
        except _Busy as busy:
            return self._answer(busy.response, Who())
        except Exception as error:
            reply = answers.reply_of_error(error, self.attempt, user)
            if reply is None:
                raise
            return _in(reply, answers.retry_after(str(getattr(error, "retry_after", 0) or "")))
        finally:
            del CURRENT.attempt

    def _ask(self, region: CloudRegion, session: Session) -> _Answer:
        access = self._access(session)
        base = _base(region, access, self.request.service)
        headers = self._headers(session, base, access)
        response = self._send(session, base, self.request, headers)
        return self._answer(response, who(access))

    def _answer(self, response: requests.Response, asker: Who) -> _Answer:
        reply = answers.reply_of(response, self.request, asker)
        if response.status_code not in _LATER:
            return _Answer(reply)
        return _in(reply, answers.retry_after(response.headers.get("retry-after", "")))

    def _access(self, session: Session) -> AccessInfo | None:
        before = getattr(session.auth, "auth_ref", None)
        at = datetime.now(UTC)
        access = access_of(session)
        if access is not None and access is not before:
            seen = who(access)
            told = {"user": seen.user, "project": seen.project, "roles": seen.roles, "expires": str(access.expires)}
            self.noted.append(("POST identity /v3/auth/tokens", Reply(201, json.dumps(told)), at))
        return access

    def _headers(self, session: Session, base: str, access: AccessInfo | None) -> dict[str, str]:
        headers = {"Accept": self.request.accept}
        if self.request.segments == _OWN_TOKEN and access is not None:
            headers["X-Subject-Token"] = access.auth_token or ""
        newest = self._microversion(session, base)
        if newest:
            headers["OpenStack-API-Version"] = f"{self.request.service} {newest}"
        return headers

    def _microversion(self, session: Session, base: str) -> str:
        """The newest that both know; empty for services without."""
        service = self.request.service
        if service not in _NEWEST or not self.request.segments:  # a service's root has no version
            return ""
        with self.offered.lock:
            known = self.offered.microversions.get(service)
            return self._discover(session, base) if known is None else known

    def _discover(self, session: Session, base: str) -> str:
        service, at = self.request.service, datetime.now(UTC)
        root = "/" + "/".join(_ROOT[service])
        response = session.get(base + root, authenticated=False, raise_exc=False, log=False)
        if response.status_code in _LATER:  # nothing is known of what it offers, nor is to be kept
            raise _Busy(response)
        text = response.content.decode("utf-8", "replace")
        self.noted.append((f"GET {service} {root}", Reply(response.status_code, text), at))
        found = re.search(r'"(?:max_)?version": ?"(\d+)\.(\d+)"', text)
        offered = (int(found[1]), int(found[2])) if found else (0, 0)
        newest = "{}.{}".format(*min(offered, _NEWEST[service])) if found else ""
        if response.status_code < 500:
            self.offered.microversions[service] = newest
        return newest

    def _send(self, session: Session, base: str, request: ApiRequest, headers: dict[str, str]) -> requests.Response:
        query = f"?{urlencode(request.query)}" if request.query else ""
        url = base + request.path + query
        try:
            return session.get(url, headers=dict(headers), raise_exc=False, log=False)
        except Exception as error:
            if self.attempt.stopped or not was_idle(error):  # stopped, we closed it ourselves
                raise
            return session.get(url, headers=dict(headers), raise_exc=False, log=False)


def _base(region: CloudRegion, access: AccessInfo | None, service: str) -> str:
    """The service's URL without version and project; EndpointNotFound when the cloud has none."""
    url = region.get_endpoint(service) or _of_catalogue(region, access, service)
    if not url and service == "identity":
        url = str(region.config.get("auth", {}).get("auth_url") or "")
    if not url:
        interface, area = region.get_interface(service) or "public", region.get_region_name(service)
        where = f" in region {area}" if area else ""
        raise EndpointNotFound(f"there is no {interface} endpoint for {service}{where}")
    return _VERSION.sub("", str(url)).rstrip("/")


def _of_catalogue(region: CloudRegion, access: AccessInfo | None, service: str) -> str:
    interface, area = region.get_interface(service) or "public", region.get_region_name(service)
    if access is None or not access.has_service_catalog():
        return ""
    try:
        url = access.service_catalog.url_for(service_type=service, interface=interface, region_name=area)
    except EndpointNotFound:
        return ""
    return url or ""

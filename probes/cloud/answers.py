"""Statuses and errors become replies: each says which layer it was, whose fault it may be, and what to do."""

from __future__ import annotations

import email.utils
import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import keystoneauth1.exceptions as refusals
import msgspec
import openstack.exceptions
import requests
import urllib3

from base.errors import DeadhopError
from base.text import clip, inert
from probes.api import ApiRequest
from probes.cloud.attempt import Attempt, Stopped
from probes.cloud.login import WITHOUT_NAME, Who, said
from probes.cloud.where import Where
from probes.cloud.wire import broken, chain, plain
from probes.decoding import decoded
from probes.errors import (
    AccessDenied,
    CommandFailed,
    Forbidden,
    NotFound,
    ProbeError,
    Unavailable,
    UnreadableOutput,
)
from probes.exchange import Reply

_LOGIN_HINT = "user, password, project and domains of the cloud, in clouds.yaml or OS_*"


def reply_of(response: requests.Response, request: ApiRequest, who: Who) -> Reply:
    """An answer, cut to the request's shape; or its refusal."""
    status, url = response.status_code, plain(str(response.url))
    if status >= 400 or status > 300:
        kind, message, hint = _refusal(status, request, url, who, _reason(response.content))
        return _failed(kind, Where("answer", str(status), url), message, hint, status)
    try:
        body = _cut(response.content, request)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what = _form(response)
        message = f"{url}: answers {what} instead of what was asked for ({said(error)})"
        where = Where("answer", str(status), url)
        return _failed(UnreadableOutput, where, message, "is a proxy or a portal in between?", status)
    return Reply(status, body, Where(url=url, date=_given_at(response)).text)


def _given_at(response: requests.Response) -> str:
    try:
        moment = email.utils.parsedate_to_datetime(response.headers.get("date", ""))
    except (TypeError, ValueError):
        moment = datetime.now(UTC)
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _cut(content: bytes, request: ApiRequest) -> str:
    if request.shape is not None:
        return msgspec.json.encode(decoded(content, request.shape)).decode()
    if "json" in request.accept:
        decoded(content, msgspec.Raw)
    return content.decode()


def _form(response: requests.Response) -> str:
    kind = response.headers.get("content-type", "").partition(";")[0]
    return f"`{clip(inert(kind), 60)}`" if kind and "json" not in kind else "another form"


def _refusal(
    status: int, request: ApiRequest, url: str, who: Who, reason: str
) -> tuple[type[ProbeError], str, str]:
    service = request.service or "the cloud"
    why = f": {reason}" if reason else ""
    if status == 401:
        message = f"{url}: does not accept the token that Keystone gave{why}"
        return AccessDenied, message, "is the service's own login to Keystone (`keystone_authtoken`) in order?"
    if status == 403:
        message = f"{service} does not let {who.text} look at `{request.path}`{why}"
        return (
            Forbidden,
            message,
            "a role that may: `admin`, or a reader of the whole system, by the service's policy",
        )
    if status == 404:
        return NotFound, f"{service} has no `{request.path}`{why}", ""
    if status == 429 or status >= 500:
        return (
            Unavailable,
            f"{url}: answers {_named(status)}{why}",
            "are the service and what it depends on running?",
        )
    if status < 400:
        return UnreadableOutput, f"{url}: answers {_named(status)}, which leads nowhere", ""
    return CommandFailed, f"{url}: answers {_named(status)}{why}", ""


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _reason(content: bytes) -> str:
    """What the service says of it: each has a form of its own, and a proxy in front has none."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    words = next(_messages(data, 0), "")
    return clip(inert(" ".join(words.split())), 300)


def _messages(data: Any, depth: int) -> Any:
    if not isinstance(data, dict) or depth > 2:
        return
    for key in ("message", "detail", "title"):
        if isinstance(data.get(key), str) and data[key]:
            yield data[key]
    for inner in list(data.values())[:10]:
        yield from (
            [inner[:300]] if isinstance(inner, str) and depth and inner else _messages(_first(inner), depth + 1)
        )


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


# ------------------------------------------------------------------ errors of the libraries


def reply_of_error(error: BaseException, attempt: Attempt, user: str) -> Reply | None:
    """None for what is no error of the world: a bug."""
    stopped = next((one for one in chain(error) if isinstance(one, Stopped)), None)
    if stopped is not None:
        return _failed(stopped.kind, stopped.where, stopped.message, stopped.hint)
    if attempt.stopped:
        return _of(attempt.overdue())
    if isinstance(error, DeadhopError):
        kind = type(error) if isinstance(error, ProbeError) else ProbeError
        return _failed(kind, Where("config"), error.message, error.hint)
    refused = next((one for one in chain(error) if isinstance(one, refusals.HttpError)), None)
    if refused is not None:
        return _login_refused(refused, attempt, user)
    if isinstance(error, _BROKEN) and not isinstance(error, _READ):
        return _broken(error, attempt)
    return _other(error, attempt) if isinstance(error, _FAMILIES) else None


_BROKEN = (refusals.ConnectionError, requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_READ = (openstack.exceptions.HttpException, ValueError)
"""Errors of connections by their bases, but somebody did answer."""
_FAMILIES = (
    refusals.ClientException,
    refusals.discovery.ImpliedVersionMismatch,
    refusals.RetriableConnectionFailure,
    openstack.exceptions.SDKException,
    msgspec.DecodeError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
)
"""The last five: libraries that read what a server says without looking whether it is what they think."""


def _broken(error: BaseException, attempt: Attempt) -> Reply:
    if any(isinstance(one, TimeoutError) for one in chain(error)):
        return _of(attempt.overdue())
    if type(error) is OSError:  # requests', of a CA or a key that is no file
        return _failed(ProbeError, Where("config"), f"the login cannot be tried: {said(error)}", _LOGIN_HINT)
    kind, message = broken(error)
    return _failed(kind, attempt.where(), f"{attempt.url}: {message}", "")


def _login_refused(error: refusals.HttpError, attempt: Attempt, user: str) -> Reply:
    status, url = int(error.http_status or 0), attempt.url
    at_login, at_answer = Where("login", str(status), url), Where("answer", str(status), url)
    why = said(error)
    if status in (401, 403) or (status == 404 and _of_keystone(error)):  # 404: a token that is not known
        message = f"{url}: Keystone refuses the login of {user}: {why}"
        return _failed(AccessDenied, at_login, message, _hint_for(user), status)
    if status == 400 and _of_keystone(error):
        message = f"{url}: Keystone cannot read the login of {user}: {why}"
        return _failed(AccessDenied, at_login, message, _LOGIN_HINT, status)
    if status == 429 or status >= 500:
        hint = "are Keystone and its database running?"
        return _failed(Unavailable, at_answer, f"{url}: Keystone cannot log anybody in: {why}", hint, status)
    message = f"{url}: is no Keystone that can be logged in to: {why}"
    return _failed(UnreadableOutput, at_answer, message, "does `auth_url` end in `/v3`?", status or None)


def _of_keystone(error: refusals.HttpError) -> bool:
    """Its own words on its own page: what stands elsewhere, or in between, does not speak so."""
    response = error.response
    if response is None or not urlsplit(str(response.url)).path.endswith("/auth/tokens"):
        return False
    try:
        said_so = json.loads(response.content)
    except (ValueError, RecursionError):
        return False
    return isinstance(said_so, dict) and isinstance(said_so.get("error"), dict)


def _hint_for(user: str) -> str:
    return "has the token expired, or was it revoked?" if user == WITHOUT_NAME else _LOGIN_HINT


def _other(error: BaseException, attempt: Attempt) -> Reply:
    if isinstance(error, refusals.EndpointNotFound):
        return _failed(NotFound, Where("catalogue", "", attempt.url), f"the catalogue: {said(error)}", "")
    if isinstance(error, refusals.DiscoveryFailure | refusals.InvalidResponse | refusals.AuthorizationFailure):
        hint = "does `auth_url` end in `/v3`?"
        message = f"{attempt.url}: is no Keystone that can be logged in to: {said(error)}"
        return _failed(UnreadableOutput, Where("answer", "", attempt.url), message, hint)
    if isinstance(error, refusals.ClientException | openstack.exceptions.SDKException):
        message = f"the login cannot be tried: {said(error)}"
        return _failed(ProbeError, Where("config", "", attempt.url), message, _LOGIN_HINT)
    message = f"{attempt.url}: answers in a form that is not known ({type(error).__name__})"
    return _failed(UnreadableOutput, Where(attempt.layer, "", attempt.url), message, "is it an API of OpenStack?")


def _of(stopped: Stopped) -> Reply:
    return _failed(stopped.kind, stopped.where, stopped.message, stopped.hint)


def _failed(kind: type[ProbeError], where: Where, message: str, hint: str, status: int | None = None) -> Reply:
    return Reply(status, "", where.text, failure=kind.reason, message=message, hint=hint)


# ------------------------------------------------------------------ again?


def retry_after(value: str) -> float | None:
    """Seconds, from a number or a date; None when the server does not say."""
    if value.isascii() and value.isdigit() and len(value) < 6:
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)

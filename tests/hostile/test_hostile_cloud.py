"""A cloud whose APIs misbehave: "could not look" in time and in bounds, nothing left, nothing given away."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import keystoneauth1.exceptions
import openstack.exceptions
import pytest
import requests

import probes.all
import probes.cloud.reach
from probes.api import ApiRequest
from probes.cloud import answers
from probes.cloud.attempt import CURRENT, Attempt, Stopped, connected
from probes.cloud.connection import MOST_THREADS
from probes.cloud.facts import CloudReach
from probes.exchange import Exchange, Reply
from probes.probe import checked_call, observe
from probes.site import Cloud, Site
from probes.toolbox import LiveToolbox
from tests.hostile.counting import memory_within, nothing_left
from tests.hostile.hostile_http import (
    Asked,
    Behaviour,
    Served,
    Writer,
    answer,
    authority,
    drips,
    mute,
    says,
    says_nothing,
    server_tls,
    serving,
)

assert probes.all

PASSWORD = "correct-horse-battery"
TOKEN = "gAAAAAB-token-of-the-hostile-cloud"
PORTS = ApiRequest(("v2.0", "ports"), (("limit", "1000"),), "network", timeout=5.0)
SHORT = ApiRequest(("v2.0", "ports"), (("limit", "1000"),), "network", timeout=1.0)
NO_PORTS = {"ports": []}


def logged_in(url: str) -> bytes:
    """Keystone's answer to a login; the catalogue leads back to the same server."""
    endpoints = [{"interface": "public", "region": "R", "region_id": "R", "url": url, "id": "e"}]
    catalogue = [
        {"type": kind, "name": kind, "id": kind, "endpoints": endpoints} for kind in ("network", "identity")
    ]
    token = {
        "user": {"id": "u", "name": "demo", "domain": {"id": "d", "name": "D"}},
        "project": {"id": "p", "name": "shop", "domain": {"id": "d", "name": "D"}},
        "roles": [{"id": "r", "name": "member"}],
        "methods": ["password"],
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2099-01-01T00:00:00.000000Z",
        "catalog": catalogue,
    }
    return answer(201, {"token": token}, X_Subject_Token=TOKEN)


def versions(url: str) -> bytes:
    links = [{"rel": "self", "href": f"{url}/v3/"}]
    return answer(200, {"version": {"id": "v3.14", "status": "stable", "links": links}})


def cloud_that(answers_ports: Behaviour, own: Callable[[], Served]) -> Behaviour:
    """A Keystone in good order, and a Neutron that does as it is told."""

    async def behave(asked: Asked, writer: Writer) -> None:
        if asked.method == "POST":
            writer.write(logged_in(own().url))
        elif asked.path.rstrip("/") == "/v3":
            writer.write(versions(own().url))
        else:
            await answers_ports(asked, writer)

    return behave


@asynccontextmanager
async def hostile(answers_ports: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Served]:
    held: list[Served] = []
    async with serving(cloud_that(answers_ports, lambda: held[0]), tls) as served:
        held.append(served)
        yield served


def clouds_yaml(folder: Path, url: str, **more: Any) -> Site:
    auth = {
        "auth_url": f"{url}/v3",
        "username": "demo",
        "password": PASSWORD,
        "project_name": "shop",
        "user_domain_name": "D",
        "project_domain_name": "D",
    }
    file = folder / "clouds.yaml"
    file.write_text(json.dumps({"clouds": {"x": {"auth": auth, "region_name": "R", **more}}}))
    return Site("test", clouds=(Cloud("x", file),))


async def asked_of(
    folder: Path, url: str, request: ApiRequest = PORTS, seen: list[Exchange] | None = None, **more: Any
) -> Reply:
    async with LiveToolbox(clouds_yaml(folder, url, **more), seen.append if seen is not None else None) as toolbox:
        return await (await toolbox.api("cloud:x")).get(request)


@asynccontextmanager
async def mute_cloud(folder: Path) -> AsyncIterator[tuple[Served, LiveToolbox]]:
    async with hostile(says_nothing) as served, LiveToolbox(clouds_yaml(folder, served.url)) as box:
        yield served, box


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("data", "close", "failure", "words"),
    [
        (answer(200, b"<html>log in</html>", Content_Type="text/html"), False, "unreadable", "`text/html`"),
        (answer(200, b'{"ports": [{"id": "a"'), False, "unreadable", "another form"),
        (answer(200, b"\xff\xfe\x00"), False, "unreadable", ""),
        (answer(200, b""), False, "unreadable", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", True, "unreachable", "in the middle"),
        (CHUNKED + b'5\r\n{"por\r\n', True, "unreachable", "in the middle"),
        (b"", True, "unreachable", "before it answered"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", True, "unreadable", ""),
        (b"\x15\x03\x01\x00\x02\x02\x46", True, "unreadable", ""),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", True, "unreadable", "headers"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n", True, "unreadable", "headers"),
        (
            b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"a" * 60_000 + b"\r\n") * 170 + b"\r\n",
            True,
            "unreadable",
            "headers",
        ),
        (answer(302, b"", Location="/elsewhere/again"), False, "unreadable", ""),
        (answer(399, b""), False, "unreadable", ""),
    ],
)
async def test_what_is_no_answer(tmp_path: Path, data: bytes, close: bool, failure: str, words: str) -> None:
    async with nothing_left(), memory_within(60), hostile(says(data, close=close)) as served:
        reply = await asked_of(tmp_path, served.url)
    assert (reply.failure, reply.stdout) == (failure, "")
    assert words in reply.message
    assert len(reply.message) < 1000


@pytest.mark.parametrize(
    ("status", "failure"),
    [(401, "denied"), (403, "forbidden"), (404, "not-found"), (409, "command-failed"), (500, "unavailable")]
    + [(status, "unavailable") for status in (429, 502, 503, 504)],
)
async def test_each_refusal_is_told_apart(tmp_path: Path, status: int, failure: str) -> None:
    said = answer(status, {"NeutronError": {"type": "T", "message": "the \x1b[31mreason", "detail": ""}})
    async with nothing_left(), hostile(says(said)) as served:
        reply = await asked_of(tmp_path, served.url)
    assert (reply.status, reply.failure) == (status, failure)
    assert "the ␛[31mreason" in reply.message
    assert "\x1b" not in reply.message


async def test_forbidden_says_who_asked_and_what_is_wanted(tmp_path: Path) -> None:
    async with hostile(says(answer(403, {}))) as served:
        reply = await asked_of(tmp_path, served.url)
    assert "demo of the project shop (roles: member)" in reply.message
    assert "`admin`" in reply.hint


# ------------------------------------------------------------------ time and memory


@pytest.mark.parametrize(
    "behave",
    [
        says_nothing,
        drips(b"", b"H"),
        drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        drips(CHUNKED, b"1\r\n \r\n"),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
    ],
)
async def test_what_takes_too_long_ends_in_time(tmp_path: Path, behave: Behaviour) -> None:
    async with nothing_left(), hostile(behave) as served:
        begun = time.monotonic()
        reply = await asked_of(tmp_path, served.url, SHORT)
        assert time.monotonic() - begun < 15
    assert reply.failure == "timeout"
    assert "the port is open" in reply.message


async def test_no_handshake(tmp_path: Path) -> None:
    async with nothing_left(), mute() as port:
        reply = await asked_of(tmp_path, f"https://127.0.0.1:{port}", SHORT)
    assert reply.failure == "timeout"
    assert json.loads(reply.stderr)["layer"] == "tls"


@pytest.mark.parametrize(
    "behave",
    [
        drips(CHUNKED, b"100000\r\n" + b" " * 0x100000 + b"\r\n", 0.0),
        drips(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" " * 0x100000, 0.0),
        says(answer(200, gzip.compress(b" " * (1 << 28)), Content_Encoding="gzip")),
    ],
)
async def test_what_has_no_end_is_cut(tmp_path: Path, behave: Behaviour) -> None:
    async with nothing_left(), memory_within(120), hostile(behave) as served:
        reply = await asked_of(tmp_path, served.url, ApiRequest(("v2.0", "ports"), (), "network", timeout=20.0))
    assert reply.failure == "too-long"


async def test_many_at_once_share_a_few_threads(tmp_path: Path) -> None:
    async with nothing_left(), mute_cloud(tmp_path) as (_, box):
        api = await box.api("cloud:x")
        before = threading.active_count()
        wanted = asyncio.gather(*(api.get(SHORT) for _ in range(20)))
        await asyncio.sleep(0.5)
        assert threading.active_count() <= before + MOST_THREADS
        assert {reply.failure for reply in await wanted} == {"timeout"}


async def test_cancelled_it_ends(tmp_path: Path) -> None:
    async with nothing_left(), mute_cloud(tmp_path) as (served, box):
        task = asyncio.create_task((await box.api("cloud:x")).get(PORTS))
        while not served.paths():
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# ------------------------------------------------------------------ credentials


async def test_a_redirect_elsewhere_is_not_followed(tmp_path: Path) -> None:
    async with nothing_left(), serving(says(answer(200, NO_PORTS))) as other:
        async with hostile(says(answer(302, b"", Location=f"{other.url}/v2.0/ports"))) as served:
            reply = await asked_of(tmp_path, served.url)
        assert other.connections == 0
    assert reply.failure == "unreadable"
    assert other.url in reply.message


@pytest.mark.parametrize(
    "location", ["http://[::1", "//evil.example/", "https://127.0.0.1:1/", "javascript:x", "%00"]
)
async def test_redirects_that_are_none(tmp_path: Path, location: str) -> None:
    async with nothing_left(), hostile(says(answer(307, b"", Location=location))) as served:
        reply = await asked_of(tmp_path, served.url)
    assert reply.failure


async def test_a_redirect_on_the_same_server_is(tmp_path: Path) -> None:
    async def moved(asked: Asked, writer: Writer) -> None:
        there = asked.path.startswith("/new")
        writer.write(answer(200, NO_PORTS) if there else answer(301, b"", Location="/new/v2.0/ports"))

    async with nothing_left(), hostile(moved) as served:
        reply = await asked_of(tmp_path, served.url)
    assert (reply.failure, json.loads(reply.stdout)) == ("", NO_PORTS)


async def test_a_login_that_is_redirected_gives_no_password_away(tmp_path: Path) -> None:
    async with nothing_left(), serving(says(answer(200, {}))) as other:

        async def redirects(asked: Asked, writer: Writer) -> None:
            target = f"{other.url}{asked.path}"
            writer.write(answer(307, b"", Location=target) if asked.method == "POST" else versions(served.url))

        async with serving(redirects) as served:
            reply = await asked_of(tmp_path, served.url)
        assert other.connections == 0
    assert reply.failure == "unreadable"


async def test_a_keystone_that_names_another_gives_no_password_away(tmp_path: Path) -> None:
    async with nothing_left(), serving(says(answer(201, {}))) as other:
        async with serving(says(versions(other.url))) as served:
            reply = await asked_of(tmp_path, served.url)
        assert not [one for one in other.asked if PASSWORD.encode() in one.body]
    assert reply.failure


async def test_an_expired_token_is_renewed_once(tmp_path: Path) -> None:
    refused = iter([True, False])

    async def expires(asked: Asked, writer: Writer) -> None:
        writer.write(answer(401, {}) if next(refused, False) else answer(200, NO_PORTS))

    async with nothing_left(), hostile(expires) as served:
        reply = await asked_of(tmp_path, served.url)
        assert len(served.paths("POST")) == 2
    assert (reply.status, reply.failure) == (200, "")


async def test_a_token_that_is_never_accepted_is_renewed_once(tmp_path: Path) -> None:
    async with nothing_left(), hostile(says(answer(401, {}))) as served:
        reply = await asked_of(tmp_path, served.url)
        assert len(served.paths("POST")) == 2
    assert reply.failure == "denied"


async def test_passwords_and_tokens_are_in_no_record_and_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for data in (answer(200, NO_PORTS), answer(401, {}), answer(500, {}), b"nonsense\r\n\r\n"):
        seen: list[Exchange] = []
        async with hostile(says(data, close=True)) as served:
            await asked_of(tmp_path, served.url, seen=seen)
        assert [one.request.text for one in seen][:1] == ["POST identity /v3/auth/tokens"]
        said = repr(seen) + caplog.text + "".join(capfd.readouterr())
        assert PASSWORD not in said
        assert TOKEN not in said


async def test_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with hostile(says(answer(200, NO_PORTS))) as served:
        await asked_of(tmp_path, served.url)
        assert not [one for one in served.asked if "authorization" in one.headers]


# ------------------------------------------------------------------ again


@pytest.mark.parametrize("status", [429, 503])
async def test_asked_again_when_the_server_says(tmp_path: Path, status: int) -> None:
    busy = iter([True, True])

    async def later(asked: Asked, writer: Writer) -> None:
        writer.write(answer(status, {}, Retry_After="0") if next(busy, False) else answer(200, NO_PORTS))

    async with nothing_left(), hostile(later) as served:
        reply = await asked_of(tmp_path, served.url)
        assert len([path for path in served.paths() if "ports" in path]) == 3
    assert reply.failure == ""


async def test_who_asks_for_no_time_is_not_asked_without_end(tmp_path: Path) -> None:
    async with nothing_left(), hostile(says(answer(503, {}, Retry_After="0"))) as served:
        reply = await asked_of(tmp_path, served.url, replace(PORTS, timeout=4.0))
        assert 2 <= len([path for path in served.paths() if "ports" in path]) <= 4
    assert (reply.status, reply.failure) == (503, "unavailable")
    assert reply.hint == "it says to ask again at once, and refuses then as well"


@pytest.mark.parametrize("when", ["3600", "Fri, 31 Dec 2049 23:59:59 GMT", "soon", "-1", "9" * 400, ""])
async def test_not_asked_again_past_the_deadline(tmp_path: Path, when: str) -> None:
    async with nothing_left(), hostile(says(answer(503, {}, Retry_After=when))) as served:
        reply = await asked_of(tmp_path, served.url)
        assert len([path for path in served.paths() if "ports" in path]) == 1
    assert (reply.status, reply.failure) == (503, "unavailable")


async def test_a_kept_connection_that_was_closed_is_opened_again(tmp_path: Path) -> None:
    """uWSGI's way: it closes after each answer without saying so."""
    async with nothing_left(), hostile(says(answer(200, NO_PORTS), close=True)) as served:
        box = LiveToolbox(clouds_yaml(tmp_path, served.url))
        api = await box.api("cloud:x")
        for _ in range(5):
            assert (await api.get(PORTS)).failure == ""
        await box.close()


# ------------------------------------------------------------------ the way


async def test_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    reply = await asked_of(tmp_path, f"http://127.0.0.1:{port}")
    assert reply.failure == "unreachable"
    assert json.loads(reply.stderr)["state"] == "refused"
    assert f"http://127.0.0.1:{port}/v3" in reply.message


async def test_no_such_name(tmp_path: Path) -> None:
    reply = await asked_of(tmp_path, "http://no-such-host.invalid:5000")
    assert reply.failure in ("unreachable", "timeout")
    assert json.loads(reply.stderr)["layer"] == "name"


async def test_the_endpoint_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        dead = f"http://127.0.0.1:{held.getsockname()[1]}"

    async def behave(asked: Asked, writer: Writer) -> None:
        writer.write(logged_in(dead) if asked.method == "POST" else versions(served.url))

    async with nothing_left(), serving(behave) as served:
        reply = await asked_of(tmp_path, served.url)
    assert reply.failure == "unreachable"
    assert f"{dead}/v2.0/ports" in reply.message


@pytest.mark.parametrize(
    ("days", "host", "trusted", "state", "words"),
    [
        ((-30, -1), "127.0.0.1", True, "expired", "expired on 20"),
        ((1, 30), "127.0.0.1", True, "not-yet-valid", "not valid before 20"),
        ((-1, 30), "127.0.0.1", False, "untrusted", "we do not know: theirs"),
        ((-1, 30), "api.example", True, "wrong-name", "other names: api.example"),
    ],
)
async def test_certificates(
    tmp_path: Path, days: tuple[int, int], host: str, trusted: bool, state: str, words: str
) -> None:
    ours, theirs = authority(tmp_path, "ours"), authority(tmp_path, "theirs")
    tls = server_tls(ours if trusted else theirs, tmp_path, days, host)
    async with nothing_left(), hostile(says(answer(200, NO_PORTS)), tls) as served:
        reply = await asked_of(tmp_path, served.url, cacert=str(ours.file))
        assert served.asked == []
    where = json.loads(reply.stderr)
    assert (reply.failure, where["state"]) == ("certificate", state)
    assert words in reply.message
    assert where["not_after"] > where["not_before"]


async def test_a_good_certificate(tmp_path: Path) -> None:
    ours = authority(tmp_path, "ours")
    async with nothing_left(), hostile(says(answer(200, NO_PORTS)), server_tls(ours, tmp_path)) as served:
        reply = await asked_of(tmp_path, served.url, cacert=str(ours.file))
    assert (reply.status, reply.failure) == (200, "")


async def test_https_where_there_is_no_tls(tmp_path: Path) -> None:
    async with nothing_left(), mute(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        reply = await asked_of(tmp_path, f"https://127.0.0.1:{port}")
    assert reply.failure == "certificate"
    assert "does not speak TLS" in reply.message


async def test_a_missing_authority_file(tmp_path: Path) -> None:
    reply = await asked_of(tmp_path, "https://127.0.0.1:1", cacert="/no/such/file.pem")
    assert reply.failure == "could-not-look"
    assert "/no/such/file.pem" in reply.message


# ------------------------------------------------------------------ proxies


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The environment names this proxy, and nothing else."""
    for name in ("all_proxy", "no_proxy", "http_proxy", "https_proxy"):
        for one in (name, name.upper()):
            monkeypatch.delenv(one, raising=False)

    def set_proxy(url: str) -> None:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, url)

    return set_proxy


def stands(reply: Reply) -> tuple[str, str, str]:
    where = json.loads(reply.stderr)
    return reply.failure, where["layer"], where.get("state", "")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_dead_proxy_is_not_taken_for_the_api(
    tmp_path: Path, scheme: str, proxied: Callable[[str], None]
) -> None:
    proxied("http://user:hunter2@127.0.0.1:1")
    async with nothing_left():
        reply = await asked_of(tmp_path, f"{scheme}://keystone.invalid:5000")
    assert stands(reply) == ("unreachable", "proxy", "refused"), reply
    said = f"{scheme}://keystone.invalid:5000/v3: the proxy 127.0.0.1:1 does not answer: Connection refused"
    assert reply.message == said
    assert "NO_PROXY" in reply.hint
    assert "hunter2" not in repr(reply)


@pytest.mark.parametrize(
    ("scheme", "status", "words"),
    [("https", 403, "refuses to connect: Tunnel connection failed: 403"), ("http", 407, "wants a login")],
)
async def test_a_proxy_that_refuses(
    tmp_path: Path, scheme: str, status: int, words: str, proxied: Callable[[str], None]
) -> None:
    async with nothing_left(), serving(says(answer(status, b"no"))) as proxy:
        proxied(proxy.url)
        reply = await asked_of(tmp_path, f"{scheme}://keystone.invalid:5000")
    assert stands(reply)[:2] == ("unreachable", "proxy"), reply
    assert words in reply.message
    assert PASSWORD not in repr(proxy.asked)


async def test_a_proxy_that_hangs_up_or_says_nothing(tmp_path: Path, proxied: Callable[[str], None]) -> None:
    async with nothing_left(), serving(says(b"", close=True)) as proxy:
        proxied(proxy.url)
        closed = await asked_of(tmp_path, "https://keystone.invalid:5000")
    async with nothing_left(), mute() as port:
        proxied(f"http://127.0.0.1:{port}")
        silent = await asked_of(tmp_path, "https://keystone.invalid:5000", SHORT)
    assert stands(closed)[:2] == ("unreachable", "proxy"), closed
    assert stands(silent) == ("timeout", "proxy", "silent"), silent
    assert f"no answer through the proxy 127.0.0.1:{port}" in silent.message


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        ("socks5://127.0.0.1:1080", "socks5://127.0.0.1:1080"),
        (f"socks5://user:{PASSWORD}@h:1", "socks5://h:1"),
        (f"http://user:{PASSWORD}/x@h:1", "http://h:1"),
        (f"user:{PASSWORD}@h:99999", "h:99999"),
    ],
)
async def test_what_is_no_proxy(tmp_path: Path, proxied: Callable[[str], None], proxy: str, told: str) -> None:
    proxied(proxy)
    reply = await asked_of(tmp_path, "http://keystone.invalid:5000")
    assert stands(reply)[:2] == ("unreachable", "proxy"), reply
    assert reply.message.endswith(f": {told} is no HTTP proxy")
    assert PASSWORD not in reply.message


async def test_a_proxy_at_an_address_of_ipv6(tmp_path: Path, proxied: Callable[[str], None]) -> None:
    proxied("http://[::1]:1")
    reply = await asked_of(tmp_path, "http://keystone.invalid:5000")
    assert "the proxy [::1]:1 does not answer" in reply.message


async def test_a_proxy_between_keystone_and_the_others(
    tmp_path: Path, proxied: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keystone is left out of it; what stands behind it may be as well as it likes."""
    proxied("http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    elsewhere = {"network_endpoint_override": "http://neutron.invalid:9696"}
    async with (
        hostile(keystone_and(says(answer(200, {})))) as served,
        LiveToolbox(clouds_yaml(tmp_path, served.url, **elsewhere)) as box,
    ):
        facts = (await observe(checked_call("cloud.reach", "x", {}), box, "e1")).facts
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.state, facts.silent) == ("proxy", "refused", ("network",)), facts
    assert "the proxy 127.0.0.1:1 does not answer" in facts.error


async def test_through_a_proxy_that_works(tmp_path: Path, proxied: Callable[[str], None]) -> None:
    url = "http://keystone.invalid:5000"
    cloud = cloud_that(says(answer(200, NO_PORTS)), lambda: Served(port=0, scheme="http"))

    async def forward(asked: Asked, writer: Writer) -> None:
        held = replace(asked, path=asked.path.removeprefix(url))
        if held.method == "POST":
            writer.write(logged_in(url))
        else:
            await cloud(held, writer)

    async with nothing_left(), serving(forward) as proxy:
        proxied(proxy.url)
        reply = await asked_of(tmp_path, url)
    assert (reply.failure, json.loads(reply.stdout)) == ("", NO_PORTS), reply


# ------------------------------------------------------------------ Keystone


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (answer(200, b"<html>", Content_Type="text/html"), "unreadable"),
        (answer(201, {"token": []}, X_Subject_Token="t"), "unreadable"),
        (answer(201, {"token": {"catalog": 5, "user": 7}}, X_Subject_Token="t"), "unreadable"),
        (answer(201, [1, 2], X_Subject_Token="t"), "unreadable"),
        (answer(201, {"token": {}}), "unreadable"),
        (answer(401, {"error": {"message": "no"}}), "denied"),
        (answer(403, {"error": {"message": "no"}}), "denied"),
        (answer(404, {}), "unreadable"),
        (answer(500, {}), "unavailable"),
        (answer(503, {}), "unavailable"),
        (answer(429, {}), "unavailable"),
        (answer(300, {"versions": 3}), "unreadable"),
    ],
)
async def test_logins_that_fail(tmp_path: Path, data: bytes, failure: str) -> None:
    async with nothing_left(), serving(says(data)) as served:
        reply = await asked_of(tmp_path, served.url)
    assert reply.failure == failure, reply
    assert served.url in reply.message


@pytest.mark.parametrize(
    ("key", "failure", "words"),
    [
        ("auth_url", "could-not-look", ""),
        ("username", "", ""),
        ("password", "could-not-look", "password is a required attribute"),
        ("project_name", "", ""),
        ("user_domain_name", "", ""),
        ("project_domain_name", "", ""),
    ],
)
async def test_a_key_of_the_login_is_left_out(tmp_path: Path, key: str, failure: str, words: str) -> None:
    """Some are for Keystone to judge; none of them is a bug of ours."""
    async with nothing_left(), hostile(says(answer(200, NO_PORTS))) as served:
        site = clouds_yaml(tmp_path, served.url)
        without(tmp_path / "clouds.yaml", key)
        async with LiveToolbox(site) as toolbox:
            reply = await (await toolbox.api("cloud:x")).get(PORTS)
    assert reply.failure == failure, reply
    assert words in reply.message
    assert json.loads(reply.stderr).get("layer", "") == ("config" if failure else "")


def without(file: Path, key: str) -> None:
    data = json.loads(file.read_text())
    del data["clouds"]["x"]["auth"][key]
    file.write_text(json.dumps(data))


async def test_an_address_without_a_scheme_is_a_matter_of_the_configuration(tmp_path: Path) -> None:
    reply = await asked_of(tmp_path, "keystone.example.net:5000")
    assert json.loads(reply.stderr)["layer"] == "config"
    assert "`auth_url` begins with neither" in reply.message


@pytest.mark.parametrize(
    ("status", "words", "layer", "failure"),
    [
        (401, "The request you have made requires authentication.", "login", "denied"),
        (404, "Failed to validate token", "login", "denied"),
        (400, "Expecting to find domain in user.", "login", "denied"),
        (404, "", "answer", "unreadable"),
        (400, "", "answer", "unreadable"),
        (429, "slow down", "answer", "unavailable"),
        (503, "", "answer", "unavailable"),
    ],
)
async def test_a_refused_login_and_a_keystone_that_is_ill_are_two(
    tmp_path: Path, status: int, words: str, layer: str, failure: str
) -> None:
    refusal: Any = {"error": {"message": words, "code": status}} if words else b"<html>no</html>"

    async def behave(asked: Asked, writer: Writer) -> None:
        writer.write(
            answer(status, refusal) if asked.method == "POST" else versions(f"http://{asked.headers['host']}")
        )

    async with nothing_left(), serving(behave) as served:
        reply = await asked_of(tmp_path, served.url)
    where = json.loads(reply.stderr)
    assert (where["layer"], where["state"], reply.failure) == (layer, str(status), failure), reply
    assert words in reply.message


async def test_a_token_that_was_revoked_is_no_password(tmp_path: Path) -> None:
    async def behave(asked: Asked, writer: Writer) -> None:
        gone = answer(404, {"error": {"message": "Failed to validate token", "code": 404}})
        writer.write(gone if asked.method == "POST" else versions(f"http://{asked.headers['host']}"))

    async with nothing_left(), serving(behave) as served:
        site = clouds_yaml(tmp_path, served.url, auth_type="v3token")
        data = json.loads((tmp_path / "clouds.yaml").read_text())
        data["clouds"]["x"]["auth"] = {"auth_url": f"{served.url}/v3", "token": TOKEN}
        (tmp_path / "clouds.yaml").write_text(json.dumps(data))
        async with LiveToolbox(site) as toolbox:
            reply = await (await toolbox.api("cloud:x")).get(PORTS)
    assert "Keystone refuses the login of the token: Failed to validate token" in reply.message
    assert reply.hint == "has the token expired, or was it revoked?"


def _family(kind: type[BaseException]) -> set[type[BaseException]]:
    return {kind}.union(*(_family(child) for child in kind.__subclasses__()))


FAMILIES = (
    keystoneauth1.exceptions.ClientException,
    keystoneauth1.exceptions.connection.RetriableConnectionFailure,
    openstack.exceptions.SDKException,
    requests.RequestException,
)


def _errors() -> list[type[BaseException]]:
    return sorted(set().union(*map(_family, FAMILIES)), key=repr)


def _made(kind: type[BaseException]) -> BaseException:
    """Some want more than a message."""
    try:
        return kind("said")
    except (TypeError, AttributeError):
        return kind.__new__(kind, "said")


@pytest.mark.parametrize("kind", _errors(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_error_of_the_libraries_is_mapped(kind: type[BaseException]) -> None:
    error = _made(kind)
    reply = answers.reply_of_error(error, Attempt(time.monotonic() + 1, 1, url="http://x"), "demo")
    assert reply is not None
    assert reply.failure
    assert reply.message


# ------------------------------------------------------------------ probes


async def test_a_probe_on_a_hostile_cloud_says_why(tmp_path: Path) -> None:
    endless = {"ports": [{"id": "a"}], "ports_links": [{"rel": "next", "href": "http://127.0.0.1:1/"}]}
    async with hostile(says(answer(200, endless))) as served, LiveToolbox(clouds_yaml(tmp_path, served.url)) as box:
        evidence = await observe(checked_call("cloud.ports", "x", {}), box, "e1")
    assert evidence.failure is not None
    assert "has no end" in evidence.failure.message


def test_nothing_is_imported_for_a_session(tmp_path: Path) -> None:
    """The SDK costs a second: only the connection may import it."""
    import subprocess
    import sys

    words = "import sys, probes.all, probes.toolbox; print({'openstack', 'keystoneauth1'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


async def test_a_slow_cloud_is_waited_for(tmp_path: Path) -> None:
    """Two seconds a call; facts all the same."""

    async def slow(asked: Asked, writer: Writer) -> None:
        await asyncio.sleep(2)
        writer.write(answer(200, NO_PORTS))

    async with nothing_left(), hostile(slow) as served:
        reply = await asked_of(tmp_path, served.url)
    assert (reply.status, reply.failure) == (200, "")
    assert reply.seconds >= 2


async def test_reach_names_the_layer_and_the_service(tmp_path: Path) -> None:
    """Keystone in order, a network API that never answers: what is known is said, and what is not."""

    async def half(asked: Asked, writer: Writer) -> None:
        if not asked.path.startswith("/v3/auth"):
            await says_nothing(asked, writer)
        token = {"user": {"name": "demo"}, "project": {"name": "shop"}, "roles": [{"name": "member"}]}
        kinds = [{"type": "network", "name": "n", "endpoints": []}]
        writer.write(answer(200, {"token": token} if "tokens" in asked.path else {"catalog": kinds}))

    async with hostile(half) as served, LiveToolbox(clouds_yaml(tmp_path, served.url)) as box:
        evidence = await observe(checked_call("cloud.reach", "x", {}), box, "e1")
    facts = evidence.facts
    assert isinstance(facts, CloudReach), evidence.failure
    assert (facts.stopped_at, facts.state, facts.silent) == ("service", "silent", ("network",))
    assert (facts.user, facts.roles) == ("demo", ("member",))


def keystone_and(others: Behaviour, seconds: float = 0.0) -> Behaviour:
    """Keystone in order; a catalogue of two services, which do as they are told."""

    async def behave(asked: Asked, writer: Writer) -> None:
        await asyncio.sleep(seconds)
        if asked.path.startswith("/v3/auth/tokens"):
            writer.write(answer(200, {"token": {"user": {"name": "demo"}, "roles": [{"name": "member"}]}}))
        elif asked.path.startswith("/v3/auth/catalog"):
            writer.write(answer(200, {"catalog": [{"type": "identity"}, {"type": "network"}]}))
        else:
            await others(asked, writer)

    return behave


async def test_reach_says_how_long_an_answer_takes(tmp_path: Path) -> None:
    slow = keystone_and(says(answer(200, {})), 0.4)
    async with hostile(slow) as served, LiveToolbox(clouds_yaml(tmp_path, served.url)) as box:
        facts = (await observe(checked_call("cloud.reach", "x", {}), box, "e1")).facts
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.untold) == ("", "")
    assert facts.seconds >= 0.4


async def test_a_catalogue_that_does_not_come_takes_nothing_from_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes.cloud.reach, "_CATALOGUE_SECONDS", 1.0)

    async def behave(asked: Asked, writer: Writer) -> None:
        if "auth/catalog" in asked.path:
            await says_nothing(asked, writer)
        await keystone_and(says_nothing)(asked, writer)

    async with hostile(behave) as served, LiveToolbox(clouds_yaml(tmp_path, served.url)) as box:
        facts = (await observe(checked_call("cloud.reach", "x", {}), box, "e1")).facts
    assert isinstance(facts, CloudReach)
    assert (facts.stopped_at, facts.state, facts.user) == ("answer", "silent", "demo")
    assert facts.untold == facts.error
    assert "no whole answer comes in time" in facts.untold


COMPUTE = ApiRequest(("v2.1", "os-services"), (), "compute", timeout=5.0)


@pytest.mark.parametrize("first", [answer(503, {}, Retry_After="0"), answer(429, {}), answer(500, {})])
async def test_a_hiccup_does_not_take_the_microversions_away(tmp_path: Path, first: bytes) -> None:
    """nova-api is restarted while somebody asks: what it offers is asked for again."""
    root = answer(200, {"version": {"id": "v2.1", "version": "2.96", "min_version": "2.1"}})
    roots = iter([first])

    async def behave(asked: Asked, writer: Writer) -> None:
        writer.write(next(roots, root) if asked.path.rstrip("/") == "/v2.1" else answer(200, {"services": []}))

    async with nothing_left(), hostile(behave) as served:
        site = clouds_yaml(tmp_path, served.url, compute_endpoint_override=f"{served.url}/v2.1")
        async with LiveToolbox(site) as box:
            api = await box.api("cloud:x")
            for _ in range(2):
                reply = await api.get(COMPUTE)
        last = [one for one in served.asked if "os-services" in one.path][-1]
    assert reply.failure == ""
    assert last.headers["openstack-api-version"] == "compute 2.96"


async def test_a_busy_service_says_for_how_long(tmp_path: Path) -> None:
    busy = answer(503, {}, Retry_After="3600")
    async with nothing_left(), hostile(says(busy)) as served:
        reply = await asked_of(tmp_path, served.url)
    assert reply.hint == "it asks for 3600 s of patience"


async def test_a_busy_keystone_says_for_how_long(tmp_path: Path) -> None:
    async def busy(asked: Asked, writer: Writer) -> None:
        later = answer(429, {"error": {"message": "slow down", "code": 429}}, Retry_After="3600")
        writer.write(later if asked.method == "POST" else versions(f"http://{asked.headers['host']}"))

    async with nothing_left(), serving(busy) as served:
        reply = await asked_of(tmp_path, served.url)
    assert (reply.failure, reply.hint) == ("unavailable", "it asks for 3600 s of patience")


def test_what_was_stopped_tries_no_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that tries again must not make the layer an earlier one."""
    attempt = Attempt(time.monotonic() + 5, 1, layer="answer", url="http://x", stopped=True)
    monkeypatch.setattr(CURRENT, "attempt", attempt, raising=False)
    with pytest.raises(Stopped) as stopped:
        connected("127.0.0.1", 1, ())
    assert stopped.value.where.layer == attempt.layer == "answer"

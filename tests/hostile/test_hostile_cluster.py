"""A Kubernetes API that misbehaves: the right "could not look" in time, bounded memory, nothing left, and no
credentials for anybody else."""

from __future__ import annotations

import asyncio
import dataclasses
import email.utils
import gzip
import json
import math
import re
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
import msgspec
import pytest

from base.korean import in_korean
from diagnosis.conclusion import partly_seen
from probes.api import ApiRequest
from probes.cluster import shapes
from probes.cluster.connection import HttpApi, login
from probes.cluster.kubeconfig import Login, Server, User
from probes.cluster.through_host import HostApi, OrThroughHost
from probes.cluster.tls import why_theirs
from probes.cluster.wire import proxy_of
from probes.cluster.wrong import no_way
from probes.exchange import Exchange, Reply
from probes.probe import checked_call, observe
from probes.site import Cluster, Site
from probes.toolbox import LiveToolbox
from tests.hostile.asking import valid_call
from tests.hostile.counting import memory_within, nothing_left
from tests.hostile.hostile_http import (
    Asked,
    Behaviour,
    Served,
    Writer,
    answer,
    drips,
    mute,
    says,
    says_nothing,
    serving,
)
from tests.hostile.strings import ALL, SHORT, acting
from tests.probes.pki import Pair, authority, kubeconfig, signed

BEARER = "s3cr3t-bearer-of-nobody-else"
PODS = ApiRequest(("api", "v1", "pods"), shape=shapes.PodList, timeout=5.0)
SOON = ApiRequest(("api", "v1", "pods"), shape=shapes.PodList, timeout=1.0)
NO_PODS = {"items": []}
HTML = b"<!DOCTYPE html><html><body>please log in</body></html>"
MIB = 1 << 20


def site(folder: Path, url: str, name: str = "lab", **more: Any) -> Site:
    file = kubeconfig(folder / f"{name}.conf", url, name=name, **{"user": {"token": BEARER}, **more})
    return Site("test", clusters=(Cluster(name, (file,)),))


async def asked_of(at: Site, request: ApiRequest = PODS, seen: list[Exchange] | None = None) -> Reply:
    """A first question imports the client: that is nobody's fault."""
    async with LiveToolbox(at, seen.append if seen is not None else None) as toolbox:
        return await (await toolbox.api(f"cluster:{at.clusters[0].name}")).get(request)


def layer(reply: Reply) -> str:
    return str(json.loads(reply.stderr).get("layer", ""))


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("data", "close", "failure", "words"),
    [
        (answer(200, HTML, Content_Type="text/html"), False, "unreadable", "a web page instead of an answer"),
        (answer(200, HTML), False, "unreadable", "a web page instead of an answer"),
        (answer(200, b'{"items": [{"metadata": {"name": "a'), False, "unreadable", "not in its form"),
        (answer(200, b"\xff\xfe\x00"), False, "unreadable", "not in its form"),
        (answer(200, b""), False, "unreadable", "not in its form"),
        (answer(200, b"[" * 100_000), False, "unreadable", "not in its form"),
        (answer(200, b"{}", Content_Encoding="gzip"), False, "unreadable", "no gzip"),
        (
            answer(200, gzip.compress(b"{}")[:-9], Content_Encoding="gzip"),
            False,
            "unreadable",
            "middle of its gzip",
        ),
        (answer(200, b"{}", Content_Encoding="br"), False, "unreadable", "packed in a way"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", True, "unreachable", "closed amid its answer"),
        (CHUNKED + b'5\r\n{"ite\r\n', True, "unreachable", "closed amid its answer"),
        (CHUNKED + b"zz\r\n", True, "unreadable", "does not answer in HTTP"),
        (b"", True, "unreachable", "closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", True, "unreadable", "does not answer in HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x46", True, "unreadable", "does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10 * MIB + b"\r\n\r\n", True, "unreadable", "does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 3000 + b"\r\n", True, "unreadable", "does not answer in HTTP"),
        (answer(301, b"", Location="/elsewhere"), False, "unreadable", "sends us elsewhere"),
        (answer(418, b"tea"), False, "command-failed", "answers 418"),
    ],
    ids=range(19),
)
async def test_what_is_no_answer(tmp_path: Path, data: bytes, close: bool, failure: str, words: str) -> None:
    async with serving(says(data, close=close)) as served:
        await asked_of(site(tmp_path, served.url))
        async with nothing_left(), memory_within(60):
            reply = await asked_of(site(tmp_path, served.url))
    assert (reply.failure, reply.stdout) == (failure, ""), reply
    assert words in reply.message
    assert len(reply.message) < 1000


def status(code: int, reason: str, message: str, **details: str) -> bytes:
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "details": details}
    return answer(code, {**body, "code": code})


WHO = 'User "dev"'


@pytest.mark.parametrize(
    ("data", "failure", "words"),
    [
        (status(401, "Unauthorized", "Unauthorized"), "denied", "does not accept our credentials"),
        (
            status(
                403, "Forbidden", f'pods is forbidden: {WHO} cannot list resource "pods" in API group "" at the'
            ),
            "forbidden",
            "dev may not list pods in the whole cluster (403)",
        ),
        (
            status(
                403, "F", f'{WHO} cannot get resource "deployments" in API group "apps" in the namespace "shop"'
            ),
            "forbidden",
            "dev may not get deployments.apps in the namespace shop (403)",
        ),
        (status(403, "Forbidden", "no\nreason"), "forbidden", "not allowed to read /api/v1/pods (403)"),
        (
            status(404, "NotFound", "x", name="web-0", kind="pods"),
            "not-found",
            "there is no web-0 among pods (404)",
        ),
        (answer(404, b"404 page not found"), "not-found", "does not know /api/v1/pods"),
        (status(409, "Conflict", "again"), "unavailable", "changed meanwhile (409)"),
        (status(410, "Expired", "too old"), "unavailable", "changed meanwhile (410)"),
        (status(429, "TooManyRequests", "slow down"), "unavailable", "answers 429: slow down"),
        (
            status(500, "InternalError", "etcdserver: no leader"),
            "unavailable",
            "answers 500: etcdserver: no leader",
        ),
        (status(503, "ServiceUnavailable", "starting"), "unavailable", "answers 503: starting"),
        (status(500, "x", "\x1b]0;title\x07<b>[red]"), "unavailable", "␛]0;title␇<b>[red]"),
    ],
)
async def test_each_refusal_is_told_apart(tmp_path: Path, data: bytes, failure: str, words: str) -> None:
    async with serving(says(data)) as served:
        reply = await asked_of(site(tmp_path, served.url))
    assert reply.failure == failure
    assert words in reply.message
    assert reply.status == int(data.split()[1])
    assert reply.hint


async def test_types_that_are_others(tmp_path: Path) -> None:
    for body in ({"items": 5}, {"items": [5]}, {"items": [{"metadata": []}]}, [], 1, None, {"items": [{}]}):
        async with serving(says(answer(200, body))) as served:
            reply = await asked_of(site(tmp_path, served.url))
        assert reply.failure == "unreadable", body


# ------------------------------------------------------------------ time and memory


@pytest.mark.parametrize(
    "behave",
    [
        says_nothing,
        drips(b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        drips(CHUNKED, b"1\r\n \r\n"),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
    ],
    ids=range(4),
)
async def test_what_takes_too_long_ends_in_time(tmp_path: Path, behave: Behaviour) -> None:
    async with nothing_left(), serving(behave) as served:
        begun = time.monotonic()
        reply = await asked_of(site(tmp_path, served.url), SOON)
        assert time.monotonic() - begun < 15
    assert reply.failure == "timeout", reply
    assert "within 1 s" in reply.message
    assert layer(reply) == "http"


async def test_no_handshake(tmp_path: Path) -> None:
    async with nothing_left(), mute() as port:
        reply = await asked_of(site(tmp_path, f"https://127.0.0.1:{port}"), SOON)
    assert (reply.failure, layer(reply)) == ("timeout", "tls")
    assert "no TLS handshake comes within 1 s" in reply.message


@pytest.mark.parametrize(
    "behave",
    [
        drips(CHUNKED, b"100000\r\n" + b" " * MIB + b"\r\n", 0.0),
        drips(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" " * MIB, 0.0),
        says(answer(200, gzip.compress(b" " * (1 << 28)), Content_Encoding="gzip")),
        says(answer(503, b"x" * (1 << 22))),
    ],
    ids=["chunks", "to the end", "gzip bomb", "refusal"],
)
async def test_what_has_no_end_is_cut(tmp_path: Path, behave: Behaviour) -> None:
    async with nothing_left(), memory_within(120), serving(behave) as served:
        reply = await asked_of(site(tmp_path, served.url), msgspec_free(timeout=30.0))
    assert reply.failure == "too-long", reply


def msgspec_free(timeout: float) -> ApiRequest:
    return ApiRequest(("api", "v1", "pods"), timeout=timeout)


async def test_cancelled_it_ends(tmp_path: Path) -> None:
    async with (
        nothing_left(),
        serving(says_nothing) as served,
        LiveToolbox(site(tmp_path, served.url)) as toolbox,
    ):
        asking = asyncio.create_task((await toolbox.api("cluster:lab")).get(PODS))
        while not served.paths():
            await asyncio.sleep(0.02)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_many_at_once_share_eight_connections(tmp_path: Path) -> None:
    async def slowly(asked: Asked, writer: Writer) -> None:
        await asyncio.sleep(0.02)
        writer.write(answer(200, NO_PODS))

    async with serving(slowly) as served, LiveToolbox(site(tmp_path, served.url)) as toolbox:
        api = await toolbox.api("cluster:lab")
        replies = await asyncio.gather(*(api.get(PODS) for _ in range(40)))
    assert {reply.failure for reply in replies} == {""}
    assert served.connections <= 8


# ------------------------------------------------------------------ credentials


def bearers(served: Served) -> list[str]:
    return [one.headers["authorization"] for one in served.asked if "authorization" in one.headers]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(tmp_path: Path, code: int) -> None:
    async with serving(says(answer(200, NO_PODS))) as other:
        async with nothing_left(), serving(says(answer(code, b"", Location=f"{other.url}/api/v1/pods"))) as served:
            reply = await asked_of(site(tmp_path, served.url))
        assert bearers(served) == [f"Bearer {BEARER}"]
        assert (other.connections, bearers(other)) == (0, [])
    assert reply.failure == "unreadable"
    assert other.url in reply.message


async def test_the_bearer_is_in_no_exchange(tmp_path: Path) -> None:
    for data in (answer(200, NO_PODS), answer(401, {}), status(403, "Forbidden", "no"), answer(200, HTML)):
        seen: list[Exchange] = []
        async with serving(says(data)) as served:
            await asked_of(site(tmp_path, served.url), seen=seen)
        assert bearers(served)
        assert [one.request.text for one in seen] == ["GET /api/v1/pods"]
        assert BEARER not in repr(seen)


async def test_a_secret_is_cut_to_its_shape(tmp_path: Path) -> None:
    class Names(msgspec.Struct):
        metadata: shapes.Meta

    secret = {"metadata": {"name": "db"}, "data": {"key": "aHVudGVyMg=="}}
    seen: list[Exchange] = []
    wanted = ApiRequest(("api", "v1", "namespaces", "shop", "secrets", "db"), shape=Names)
    async with serving(says(answer(200, secret))) as served:
        reply = await asked_of(site(tmp_path, served.url), wanted, seen)
    assert json.loads(reply.stdout) == {"metadata": {"name": "db"}}
    assert "aHVudGVyMg" not in repr(seen)


async def test_no_netrc_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    async with serving(says(answer(200, NO_PODS))) as served:
        await asked_of(site(tmp_path, served.url, user={}))
    assert bearers(served) == []


# ------------------------------------------------------------------ certificates


def https(folder: Path, by: Pair, days: tuple[float, float] = (-1, 30), host: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*signed(by, "api", days=days, hosts=(host,)).write(folder, "api"))
    return context


@pytest.mark.parametrize(
    ("days", "host", "words"),
    [
        ((-30, -1), "127.0.0.1", " expired on 20"),
        ((1, 30), "127.0.0.1", " is not valid before 20"),
        ((-1, 30), "kubernetes.default", " is for other names: kubernetes.default"),
    ],
)
async def test_certificates_of_theirs(tmp_path: Path, days: tuple[float, float], host: str, words: str) -> None:
    ours = authority("ours")
    async with nothing_left(), serving(says(answer(200, NO_PODS)), https(tmp_path, ours, days, host)) as served:
        reply = await asked_of(site(tmp_path, served.url, ca=ours))
    assert (reply.failure, layer(reply)) == ("certificate", "tls")
    assert words in reply.message
    assert served.asked == []


async def test_another_authority(tmp_path: Path) -> None:
    async with nothing_left(), serving(says(answer(200, NO_PODS)), https(tmp_path, authority("theirs"))) as served:
        reply = await asked_of(site(tmp_path, served.url, ca=authority("ours")))
    assert (reply.failure, layer(reply)) == ("certificate", "tls")
    assert "signed by an authority the kubeconfig does not know: theirs" in reply.message
    assert served.asked == []


async def test_insecure_only_when_the_kubeconfig_says_so(tmp_path: Path) -> None:
    more: dict[str, Any] = {"insecure-skip-tls-verify": True}
    async with nothing_left(), serving(says(answer(200, NO_PODS)), https(tmp_path, authority("theirs"))) as served:
        reply = await asked_of(site(tmp_path, served.url, **more))
    assert (reply.failure, json.loads(reply.stderr)["insecure"]) == ("", True)


async def test_the_name_to_ask_for(tmp_path: Path) -> None:
    ours = authority("ours")
    more: dict[str, Any] = {"tls-server-name": "kubernetes.default"}
    tls = https(tmp_path, ours, host="kubernetes.default")
    async with nothing_left(), serving(says(answer(200, NO_PODS)), tls) as served:
        reply = await asked_of(site(tmp_path, served.url, ca=ours, **more))
    assert reply.failure == ""


@pytest.mark.parametrize(
    ("days", "words"),
    [((-30, -1), "our client certificate (dev) expired on 20"), ((1, 30), "(dev) is not valid before 20")],
)
async def test_certificates_of_ours(tmp_path: Path, days: tuple[float, float], words: str) -> None:
    """A server that insists on it in the handshake, and one that says 401 after it."""
    ours = authority("ours")
    client = signed(ours, "dev", days=days)
    strict = https(tmp_path, ours)
    strict.verify_mode = ssl.CERT_REQUIRED
    strict.load_verify_locations(cadata=ours.pem.decode())
    for tls, data in ((strict, answer(200, NO_PODS)), (https(tmp_path, ours), answer(401, {}))):
        async with nothing_left(), serving(says(data), tls) as served:
            reply = await asked_of(site(tmp_path, served.url, ca=ours, client=client, user={}))
        assert reply.failure == "certificate"
        assert words in reply.message


@pytest.mark.parametrize(
    ("user", "hint"), [("kubernetes-admin", "kubeadm certs renew"), ("dev", "a new one issued")]
)
async def test_who_renews_a_certificate_of_ours(tmp_path: Path, user: str, hint: str) -> None:
    ours = authority("ours")
    client = signed(ours, user, days=(-30, -1))
    async with nothing_left(), serving(says(answer(401, {})), https(tmp_path, ours)) as served:
        reply = await asked_of(site(tmp_path, served.url, ca=ours, client=client, user={}))
    assert hint in reply.hint


async def test_a_certificate_of_ours_behind_a_closed_port(tmp_path: Path) -> None:
    """It lies here, and is seen all the same."""
    ours = authority("ours")
    out_of_time = {
        (-30.0, -1.0): "; and our client certificate (dev) expired on 20",
        (2.0, 30.0): "; and our client certificate (dev) is not valid before 20",
    }
    for days in (*out_of_time, (-1.0, 30.0)):
        client = signed(ours, "dev", days=days)
        reply = await asked_of(site(tmp_path, "https://127.0.0.1:1", ca=ours, client=client, user={}))
        assert "127.0.0.1:1 refuses connections" in reply.message
        assert out_of_time.get(days, "127.0.0.1:1") in reply.message
        assert ("; and" in reply.message) == (days in out_of_time)
        assert "certificate" not in in_korean(reply.message)
        assert (layer(reply), "API server run" in reply.hint) == ("port", True)


async def test_the_system_says_it_in_its_own_words(tmp_path: Path) -> None:
    """A proxy that is closed, and several addresses with an error each."""
    at = site(tmp_path, "https://10.0.0.1:6443", **{"proxy-url": "http://127.0.0.1:1"})
    reply = await asked_of(at)
    assert reply.message == "the proxy 127.0.0.1:1 does not answer: Connection refused"
    login = Login(Server("f", "https://api:6443"), User("f"))
    several = OSError(
        "Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 113] No route ('a', 1)"
    )
    stopped = no_way(aiohttp.ClientConnectorError(cast(Any, None), several), login, "")
    assert stopped.error.message == "no connection to api:6443: Connection refused, No route to host"


async def test_a_server_that_accepts_nothing_is_open_all_the_same(tmp_path: Path) -> None:
    """Its queue holds few connections; those after them are not answered, by no firewall."""
    with socket.socket() as frozen:
        frozen.bind(("127.0.0.1", 0))
        frozen.listen(0)
        at = site(tmp_path, f"https://127.0.0.1:{frozen.getsockname()[1]}")
        async with nothing_left(), LiveToolbox(at) as toolbox:
            api = await toolbox.api("cluster:lab")
            patient = [asyncio.create_task(api.get(dataclasses.replace(SOON, timeout=4.0))) for _ in range(3)]
            await asyncio.sleep(1.0)
            late = await asyncio.gather(*(api.get(SOON) for _ in range(3)))
            for one in patient:
                one.cancel()
            await asyncio.gather(*patient, return_exceptions=True)
    assert {layer(one) for one in late} == {"tls"}
    assert all("is open, but no TLS handshake comes" in one.message for one in late)


@pytest.mark.parametrize("frozen", [False, True], ids=["slow", "frozen"])
async def test_a_question_that_waits_for_its_turn_was_not_taken(tmp_path: Path, frozen: bool) -> None:
    """It is as far as those before it: behind a server that speaks no TLS nobody has come to an answer."""
    async with nothing_left(), serving(says_nothing) as slow, mute() as port:
        at = site(tmp_path, f"https://127.0.0.1:{port}" if frozen else slow.url)
        async with LiveToolbox(at) as toolbox:
            api = await toolbox.api("cluster:lab")
            before = [asyncio.create_task(api.get(dataclasses.replace(PODS, timeout=60.0))) for _ in range(8)]
            await asyncio.sleep(1.0)
            reply = await api.get(SOON)
            for one in before:
                one.cancel()
            await asyncio.gather(*before, return_exceptions=True)
    said = "is open, but no TLS handshake comes" if frozen else "had no time for this question within 1 s"
    assert (layer(reply), said in reply.message) == ("tls" if frozen else "http", True), reply.message


async def test_who_has_come_through_in_time_has_all_of_it_for_the_answer(tmp_path: Path) -> None:
    async def slowly(asked: Asked, writer: Writer) -> None:
        await asyncio.sleep(5.0)
        writer.write(answer(200, NO_PODS))

    await asked_of(site(tmp_path, "https://127.0.0.1:1"))  # the client is imported
    async with nothing_left(), serving(slowly) as served, mute() as port:
        for url, failure in ((served.url, ""), (f"https://127.0.0.1:{port}", "timeout")):
            cluster = site(tmp_path, url).clusters[0]
            api = HttpApi("lab", lambda cluster=cluster: login(cluster))  # type: ignore[misc]
            reply = await api.get(dataclasses.replace(PODS, timeout=60.0), knock=3.0)
            await api.close()
            assert reply.failure == failure
    assert "no TLS handshake comes within 3 s" in reply.message


async def test_no_tls_there(tmp_path: Path) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(400, b"Client sent an HTTP request to an HTTPS server, or the other way round"))
        await writer.drain()
        writer.close()

    async with nothing_left(), await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        reply = await asked_of(site(tmp_path, f"https://127.0.0.1:{port}"))
    assert (reply.failure, layer(reply)) == ("certificate", "tls")
    assert "does not speak TLS" in reply.message


# ------------------------------------------------------------------ asking again


async def test_waits_as_it_is_told(tmp_path: Path) -> None:
    refusals = iter([answer(429, {}, Retry_After="0"), answer(503, {}, Retry_After="1")])

    async def behave(asked: Asked, writer: Writer) -> None:
        writer.write(next(refusals, answer(200, NO_PODS)))

    async with nothing_left(), serving(behave) as served:
        reply = await asked_of(site(tmp_path, served.url))
    assert (reply.failure, len(served.asked)) == ("", 3)


@pytest.mark.parametrize("after", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT", "9" * 5000])
async def test_does_not_wait_past_its_time(tmp_path: Path, after: str) -> None:
    async with nothing_left(), serving(says(answer(503, {}, Retry_After=after))) as served:
        reply = await asked_of(site(tmp_path, served.url), SOON)
    assert (reply.failure, len(served.asked)) == ("unavailable", 1)
    assert "of patience" in reply.hint


async def test_who_asks_for_no_time_is_not_asked_without_end(tmp_path: Path) -> None:
    at_once = answer(429, {}, Retry_After="0")
    async with nothing_left(), serving(says(at_once)) as served:
        reply = await asked_of(site(tmp_path, served.url), dataclasses.replace(PODS, timeout=4.0))
    assert reply.failure == "unavailable"
    assert 2 <= len(served.asked) <= 4, "at once, then after a pause that grows"
    assert reply.hint == "it says to ask again at once, and refuses then as well"


async def test_a_moment_that_is_none(tmp_path: Path) -> None:
    async with serving(says(answer(503, {}, Retry_After="soon, -5, ²"))) as served:
        reply = await asked_of(site(tmp_path, served.url))
    assert (reply.failure, len(served.asked)) == ("unavailable", 1)


# ------------------------------------------------------------------ the way there


async def test_a_proxy_that_is_dead_refuses_or_hangs(tmp_path: Path) -> None:
    dead: dict[str, Any] = {"proxy-url": "http://user:hunter2@127.0.0.1:1"}
    reply = await asked_of(site(tmp_path, "https://api.invalid:6443", **dead), SOON)
    assert (reply.failure, layer(reply)) == ("unreachable", "proxy")
    async with nothing_left(), serving(says(answer(403, b"no"))) as proxy:
        refuses: dict[str, Any] = {"proxy-url": proxy.url}
        refused = await asked_of(site(tmp_path, "https://api.invalid:6443", **refuses), SOON)
    assert "refuses to connect: 403" in refused.message
    assert BEARER not in repr(proxy.asked)
    async with mute() as port:
        hangs: dict[str, Any] = {"proxy-url": f"http://127.0.0.1:{port}"}
        hung = await asked_of(site(tmp_path, "https://api.invalid:6443", **hangs), SOON)
    assert (hung.failure, layer(hung)) == ("timeout", "proxy")
    assert "hunter2" not in repr((reply, refused, hung))


@pytest.mark.parametrize(
    ("no_proxy", "host", "direct"),
    [
        ("192.0.2.0/24", "192.0.2.5", True),
        ("10.0.0.0/8, 192.0.2.0/24", "192.0.2.5", True),
        ("192.0.2.5:6443", "192.0.2.5", True),
        ("2001:db8::/32", "[2001:db8::5]", True),
        (".example.net", "api.example.net", True),
        ("*", "192.0.2.5", True),
        ("192.0.3.0/24,nonsense/99", "192.0.2.5", False),
        ("192.0.2.5:443", "192.0.2.5", False),
        ("2001:db8::/32", "192.0.2.5", False),
        ("", "192.0.2.5", False),
    ],
)
def test_what_no_proxy_leaves_out(no_proxy: str, host: str, direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert proxy_of(Server("x", f"https://{host}:6443")) == ("" if direct else "http://127.0.0.1:1")


async def test_a_certificate_is_not_looked_at_past_the_proxy(tmp_path: Path) -> None:
    late = ssl.SSLCertVerificationError("certificate has expired")
    late.verify_code = 10
    async with serving(says(b""), https(tmp_path, authority("ours"))) as served:
        login = Login(Server("x", served.url), User("x"))
        told = await why_theirs(late, login, "http://proxy:3128")
        assert served.connections == 0
        assert "expired on a date that is not known" in told.message
        assert "expired on 20" in (await why_theirs(late, login, "")).message


class Fake:
    """Neither gets through; the way from here takes all the time that it is given."""

    target = "cluster:lab"

    def __init__(self, *layers: str) -> None:
        self.layers = list(layers)
        self.given: list[float] = []

    async def get(self, request: ApiRequest, knock: float = math.inf) -> Reply:
        self.given.append(min(knock, request.timeout))
        layer = self.layers.pop(0)
        await asyncio.sleep(self.given[-1] if layer else 0)
        return Reply(
            None if layer else 200, stderr=json.dumps({"layer": layer}), failure="timeout" if layer else ""
        )

    async def close(self) -> None:
        pass


async def test_both_ways_together_have_the_time_of_one_request() -> None:
    direct, through = Fake("", "port", "port"), Fake("port")
    both = OrThroughHost(cast(HttpApi, direct), cast(HostApi, through))
    asked = dataclasses.replace(PODS, timeout=2.0)
    assert (await both.get(asked)).status == 200
    assert (await both.get(asked)).failure == "timeout"
    assert (direct.given, through.given) == ([1.0, 2.0], []), "nothing was left"
    assert (await both.get(asked)).failure == "timeout"
    assert direct.given[-1] + through.given[-1] <= 2.0, "the next one knocks first"


async def test_refused_and_unknown(tmp_path: Path) -> None:
    refused = await asked_of(site(tmp_path, "https://127.0.0.1:1"))
    assert (refused.failure, layer(refused)) == ("unreachable", "port")
    unknown = await asked_of(site(tmp_path, "https://no-such-host.invalid:6443"))
    assert (unknown.failure, layer(unknown)) in (("unreachable", "name"), ("timeout", "name"))


def test_every_error_of_aiohttp_is_mapped() -> None:
    """Also those of versions to come: nothing passes as a bug."""
    server = Server("x", "https://api:6443")
    for kind in _kinds(aiohttp.ClientError):
        error = kind.__new__(kind)
        error._os_error = OSError(111, "Connection refused")  # type: ignore[attr-defined]
        error.status, error.message, error.args = 400, "m", ("m",)  # type: ignore[attr-defined]
        error._url, error._description = "u", "d"  # type: ignore[attr-defined]
        stopped = no_way(error, Login(server, User("x")), "http://proxy:1")
        assert stopped.layer in ("name", "route", "port", "proxy", "tls", "http")
        assert stopped.error.message


def _kinds(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(one for child in kind.__subclasses__() for one in _kinds(child))]


# ------------------------------------------------------------------ exec plugins


def plugin(folder: Path, script: str, **more: Any) -> dict[str, Any]:
    file = folder / "plugin"
    file.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{script}\n")
    file.chmod(0o700)
    version = "client.authentication.k8s.io/v1"
    return {"exec": {"apiVersion": version, "command": "./plugin", "args": ["a b"], **more}}


GIVES = """
held = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
given = {"token": sys.argv[1].replace(" ", "") + os.environ.get("MORE", "") + str(len(held["spec"]))}
print(json.dumps({"apiVersion": held["apiVersion"], "kind": "ExecCredential", "status": given}))
open("ran", "a").write("x")
"""


async def test_a_plugin_is_run_once_and_again_when_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    user = plugin(tmp_path, GIVES, env=[{"name": "MORE", "value": "!"}], provideClusterInfo=True)
    async with (
        nothing_left(),
        serving(says(answer(200, NO_PODS))) as served,
        LiveToolbox(site(tmp_path, served.url, user=user)) as toolbox,
    ):
        api = await toolbox.api("cluster:lab")
        assert {(await api.get(PODS)).failure for _ in range(3)} == {""}
    assert set(bearers(served)) == {"Bearer ab!2"}
    assert (tmp_path / "ran").read_text() == "x"
    async with serving(says(answer(401, {}))) as served:
        reply = await asked_of(site(tmp_path, served.url, user=user))
    assert (reply.failure, len(served.asked)) == ("denied", 2)
    assert (tmp_path / "ran").read_text() == "xxx"


async def test_a_plugin_has_the_time_of_its_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a control node could tell meanwhile is of no use to it."""
    monkeypatch.chdir(tmp_path)
    async with nothing_left(), serving(says(answer(200, NO_PODS))) as served:
        cluster = site(tmp_path, served.url, user=plugin(tmp_path, f"time.sleep(3)\n{GIVES}")).clusters[0]
        api = HttpApi("lab", lambda: login(cluster))
        reply = await api.get(dataclasses.replace(PODS, timeout=60.0), knock=1.0)
        await api.close()
    assert (reply.failure, bearers(served)) == ("", ["Bearer ab1"])


@pytest.mark.parametrize(
    ("script", "failure", "words"),
    [
        ("sys.exit('no ticket')", "denied", "said 1: no ticket"),
        ("print('{}')", "denied", "gave no ExecCredential"),
        ("print('[' * 100000)", "denied", "gave no ExecCredential"),
        ("print('x' * (1 << 22))", "too-long", "says too much"),
        ("sys.stderr.write('x' * (1 << 22)); time.sleep(600)", "too-long", "says too much"),
        ("time.sleep(600)", "timeout", "the exec plugin gave nothing within 1 s"),
        ("os.fork() or time.sleep(600); time.sleep(600)", "timeout", "the exec plugin gave nothing"),
    ],
)
async def test_plugins_that_fail(tmp_path: Path, script: str, failure: str, words: str) -> None:
    async with nothing_left(), memory_within(60):
        reply = await asked_of(site(tmp_path, "http://127.0.0.1:1", user=plugin(tmp_path, script)), SOON)
    assert (reply.failure, layer(reply)) == (failure, "plugin"), reply
    assert words in reply.message


async def test_a_plugin_that_is_not_there(tmp_path: Path) -> None:
    user = {"exec": {"apiVersion": "v1", "command": "no-such-plugin", "installHint": "get it\x1b[31m"}}
    reply = await asked_of(site(tmp_path, "http://127.0.0.1:1", user=user))
    assert (reply.failure, reply.hint) == ("missing-command", "get it␛[31m")


# ------------------------------------------------------------------ hostile strings in every field


CLUSTER_PROBES = [f"k8s.{name}" for name in ("reach", "nodes", "pods", "events", "service", "logs", "object_of")]
CLUSTER_PROBES += ["k8s.pod_places", "k8s.service_places"]


def item(text: str) -> dict[str, Any]:
    """A node, a pod, a Service, an event and a slice at once, all of it hostile."""
    condition = {"type": "Ready", "status": text, "reason": text, "message": text}
    ended = {"terminated": {"exitCode": 1, "reason": text, "message": text}}
    container = {"name": text, "image": text, "state": ended, "lastState": ended}
    return {
        "metadata": {
            "name": text,
            "namespace": text,
            "labels": {text: text},
            "ownerReferences": [{"kind": text, "name": text}],
        },
        "spec": {
            "nodeName": text,
            "podCIDR": text,
            "providerID": text,
            "taints": [{"key": text, "effect": text}],
            "clusterIP": text,
            "selector": {text: text},
            "ports": [{"name": text, "port": 1, "targetPort": text}],
        },
        "status": {
            "phase": text,
            "conditions": [condition],
            "addresses": [{"type": "InternalIP", "address": text}],
            "nodeInfo": {"kubeletVersion": text},
            "podIPs": [{"ip": text}],
            "containerStatuses": [container],
        },
        "type": text,
        "reason": text,
        "message": text,
        "lastTimestamp": text,
        "endpoints": [{"addresses": [text], "nodeName": text, "targetRef": {"name": text}}],
    }


TEXTS = [text.encode("utf-8", "replace").decode() for text in SHORT]
ITEMS, LINES = json.dumps(list(map(item, TEXTS))).encode(), "\n".join(TEXTS).encode()


@pytest.mark.parametrize("name", CLUSTER_PROBES)
async def test_hostile_strings_in_every_field(tmp_path: Path, name: str) -> None:
    """All of them in the items of a list; each twentieth as the object itself."""
    held = [""]

    async def behave(asked: Asked, writer: Writer) -> None:
        plain = asked.path.startswith("/readyz") or "/log" in asked.path
        own = json.dumps({"gitVersion": held[0], **item(held[0])}).encode()
        writer.write(answer(200, LINES if plain else own[:-1] + b', "items": ' + ITEMS + b"}"))

    async with serving(behave) as served, LiveToolbox(site(tmp_path, served.url)) as toolbox:
        for held[0] in TEXTS[::20]:
            evidence = await observe(valid_call(name, "lab", "x", "10.0.0.1"), toolbox, "e1")
            assert evidence.failure is None, evidence.failure
            json.dumps(dataclasses.asdict(cast(Any, evidence.facts)))


@pytest.mark.parametrize("code", [200, 401, 403, 404, 500])
async def test_hostile_strings_as_what_is_wrong(tmp_path: Path, code: int) -> None:
    held = [""]

    async def behave(asked: Asked, writer: Writer) -> None:
        said = f'User "{held[0]}" cannot list resource "{held[0]}" in API group "" in the namespace "{held[0]}"'
        body = {"message": said, "details": {"name": held[0], "kind": held[0]}, "items": held[0]}
        writer.write(answer(code, body))

    async with serving(behave) as served, LiveToolbox(site(tmp_path, served.url)) as toolbox:
        api = await toolbox.api("cluster:lab")
        for held[0] in TEXTS[::8]:
            reply = await api.get(PODS)
            assert reply.failure
            assert not acting(reply.message + reply.hint)
            assert len(reply.message) < 1500


async def test_hostile_strings_as_the_answer(tmp_path: Path) -> None:
    held = [""]

    async def behave(asked: Asked, writer: Writer) -> None:
        writer.write(answer(200, held[0].encode("utf-8", "replace")))

    async with serving(behave) as served, LiveToolbox(site(tmp_path, served.url)) as toolbox:
        api = await toolbox.api("cluster:lab")
        for held[0] in ALL[::8]:
            reply = await api.get(PODS)
            assert reply.failure == "unreadable"
            assert not acting(reply.message)


async def test_a_probe_says_it_as_any_other(tmp_path: Path) -> None:
    page = says(answer(200, HTML, Content_Type="text/html"))
    async with serving(page) as served, LiveToolbox(site(tmp_path, served.url)) as toolbox:
        evidence = await observe(checked_call("k8s.reach", "lab", {}), toolbox, "e1")
    facts: Any = evidence.facts
    assert (facts.stopped_at, facts.reason, facts.server) == ("http", "unreadable", served.url)


def test_nothing_heavy_is_imported_before_a_question() -> None:
    code = "import probes.all, probes.site_file, sys; sys.exit(bool({'aiohttp', 'kubernetes'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


async def test_a_slow_api_is_said_to_be_slow(tmp_path: Path) -> None:
    async def behave(asked: Asked, writer: Writer) -> None:
        await asyncio.sleep(0.4)
        writer.write(answer(200, {"gitVersion": "v1.35.4"} if "version" in asked.path else b"ok"))

    async with serving(behave) as served, LiveToolbox(site(tmp_path, served.url)) as toolbox:
        facts: Any = (await observe(checked_call("k8s.reach", "lab", {}), toolbox, "e1")).facts
    assert (facts.stopped_at, facts.untold) == ("", "")
    assert facts.seconds >= 0.4


async def test_a_plugin_that_fails_says_nothing_of_the_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asked it; one that refuses what a plugin gave is another matter."""
    monkeypatch.chdir(tmp_path)
    for script, stopped_at in (("sys.exit('no ticket')", "plugin"), (GIVES, "login")):
        no = answer(401, {"kind": "Status", "message": "Unauthorized"})
        async with serving(says(no)) as served:
            at = site(tmp_path, served.url, user=plugin(tmp_path, script))
            async with LiveToolbox(at) as toolbox:
                facts: Any = (await observe(checked_call("k8s.reach", "lab", {}), toolbox, "e1")).facts
            assert bool(served.asked) == (stopped_at == "login")
        assert (facts.stopped_at, facts.reason) == (stopped_at, "denied")


async def test_a_node_whose_cluster_does_not_tell_says_why(tmp_path: Path) -> None:
    no = answer(401, {"kind": "Status", "message": "Unauthorized"})
    async with serving(says(no)) as served, LiveToolbox(site(tmp_path, served.url)) as toolbox:
        call = checked_call("node.machine", "lab", {"node": "w1"})
        evidence = await observe(call, toolbox, "e1")
    (gap,) = partly_seen(evidence)
    assert "does not accept our credentials (401)" in gap.message
    assert "are they expired?" in gap.hint


async def test_a_date_to_wait_for_is_shown_in_whole_seconds(tmp_path: Path) -> None:
    later = email.utils.format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    async with serving(says(answer(503, {}, Retry_After=later))) as served:
        reply = await asked_of(site(tmp_path, served.url), SOON)
    assert re.fullmatch(r"it asks for 3[56]\d\d s of patience", reply.hint)


async def test_an_auth_provider_without_a_token_is_not_anonymous(tmp_path: Path) -> None:
    async with serving(says(answer(200, NO_PODS))) as served:
        reply = await asked_of(site(tmp_path, served.url, user={"auth-provider": {"name": "oidc"}}))
        assert served.asked == []
    assert layer(reply) == "kubeconfig"
    assert "the auth-provider `oidc` holds no token" in reply.message

"""Each question once, and a silent place pays once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import probes.all
from diagnosis.session import Session
from diagnosis.sweep.store import Store
from journal.store import Journal, read
from probes.probe import checked_call
from probes.site_file import load_site

assert probes.all


@pytest.fixture
async def mute(tmp_path: Path) -> AsyncIterator[Session]:
    """A site of one host that lets everybody connect and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (tmp_path / "ssh_config").write_text(
            f"Host web1\n  HostName 127.0.0.1\n  Port {port}\n  UserKnownHostsFile /dev/null\n"
        )
        (tmp_path / "site.yaml").write_text("version: 1\nssh_config: ssh_config\n")
        journal = Journal.create(tmp_path, {"argv": ["sweep"]})
        session = Session(load_site(tmp_path / "site.yaml"), argv=(), journal=journal)
        yield session
        await session.close()


async def test_what_is_asked_twice_is_looked_at_once(mute: Session) -> None:
    store = Store(mute)
    looks = [store.look(checked_call("linux.addresses", "operator", {})) for _ in range(5)]
    assert len({id(look) for look in looks}) == 1
    assert (await looks[0]).facts is not None
    assert (store.silent, store.heard) == ((), frozenset({"operator"}))
    assert store.look(checked_call("linux.addresses", "operator", {})) is looks[0]
    assert [one.id for one in store.evidence] == ["e1"]


async def test_a_fresh_look_is_shared_while_it_runs_and_made_again_later(mute: Session) -> None:
    store = Store(mute)
    call = checked_call("linux.neighbours", "operator", {})
    first, second = store.look(call, fresh=True), store.look(call, fresh=True)
    assert first is second
    await first
    assert store.look(call, fresh=True) is not first
    await store.close()


async def test_a_silent_host_costs_its_limit_once(mute: Session) -> None:
    store = Store(mute)
    first = await store.look(checked_call("linux.routes", "web1", {}))
    assert first.failure is not None
    for probe in ("linux.addresses", "linux.links", "linux.firewall"):
        later = await store.look(checked_call(probe, "web1", {}))
        assert (later.failure, later.seconds, later.exchanges) == (first.failure, 0.0, ())
    assert (store.silent, store.heard) == (("host:web1",), frozenset())
    noted = [entry for entry in read(mute.journal_path).entries if entry.kind == "evidence"]
    assert len(noted) == 4


async def test_the_operators_own_machine_is_never_silent(mute: Session) -> None:
    store = Store(mute)
    failed = await store.look(checked_call("path.ping", "operator", {"target": "2001:db8::1", "count": 1}))
    assert (await store.look(checked_call("linux.addresses", "operator", {}))).facts is not None
    assert failed.target == "operator"


async def test_closing_ends_what_runs(mute: Session) -> None:
    store = Store(mute)
    look = store.look(checked_call("linux.routes", "web1", {}))
    await asyncio.sleep(0.2)
    assert store.running == (("linux.routes", "host:web1"),)
    await asyncio.wait_for(store.close(), 2)
    assert (look.cancelled(), store.running) == (True, ())


async def test_no_more_looks_at_once_than_allowed(mute: Session) -> None:
    store = Store(mute, at_once=2)
    looks = [
        store.look(checked_call(probe, "web1", {})) for probe in ("linux.routes", "linux.links", "linux.addresses")
    ]
    while len(store.running) < 2:
        await asyncio.sleep(0.01)
    assert [probe for probe, _ in store.running] == ["linux.routes", "linux.links"]
    await store.close()
    assert all(look.cancelled() for look in looks)

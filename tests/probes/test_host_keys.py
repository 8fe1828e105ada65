"""Who sees which host key: the probe on recorded exchanges."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

import probes.all  # noqa: F401  # fills the table of probes
from probes.exchange import REACH, Exchange, Reply, Request
from probes.facts import KeySighting, KeyVantages, Reach
from probes.host_keys import ON_DISK
from probes.keys import fingerprint, keys_in
from probes.probe import Evidence, checked_call, observe
from probes.replay import ReplayToolbox
from probes.site import Host, Site
from tests.probes.recorded import recorded

# Host keys of machines that are gone.
OLD = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPtUH2dgMPK+szESmENR2q4dLXC5wsO4rKq3xQgEo/Uo"
NEW = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFN9gteIgpniYbx2MCvHSAN7tG3v4Wal7Z/rSuo3IC1A"
SCAN = "ssh-keyscan -T 3 -t ed25519 -p 22 192.168.100.102"
DISK = " ".join(f"'{word}'" if word == "" or "*" in word else word for word in ON_DISK)


def reach(**changes: object) -> Reach:
    plain: dict[str, object] = {
        "asked": "compute",
        "host": "compute",
        "address": "192.168.100.102",
        "port": 22,
        "via": "jump",
        "stopped_at": "key",
        "port_state": "open",
        "banner": "SSH-2.0-OpenSSH_9.2p1",
        "key_state": "changed",
        "presented_key": NEW,
        "presented_fingerprint": fingerprint(NEW),
        "known_fingerprints": (fingerprint(OLD),),
        "known_hosts_file": "/root/.ssh/known_hosts",
        "known_hosts_line": 5,
        "login": "untried",
        "user": "root",
        "sudo": "untried",
        "has_console": False,
        "error": "",
        "known_name": "192.168.100.102",
    }
    return Reach(**{**plain, **changes})  # type: ignore[arg-type]


def exchange(target: str, text: str, stdout: str, status: int | None = 0, failure: str = "") -> Exchange:
    return Exchange(Request(target, text), Reply(status, stdout, failure=failure), datetime.now(UTC))


def scanned(host: str, key: str) -> Exchange:
    return exchange(f"host:{host}", SCAN, f"# 192.168.100.102:22 SSH-2.0\n192.168.100.102 {key}\n")


async def asked(exchanges: list[Exchange], seen: Reach | None = None, console: bool = False) -> Evidence:
    names = {"jump": "10.10.10.1", "near": "192.168.100.101", "far": "172.16.0.1", "dead": "192.168.100.103"}
    others = tuple(Host(name, (address,)) for name, address in names.items())
    site = Site("here", (*others, Host("compute", ("192.168.100.102",), ("sh",) if console else ())))
    first = exchange("host:compute", REACH, json.dumps(asdict(seen or reach())))
    toolbox = ReplayToolbox(site, [first, *exchanges])
    return await observe(checked_call("host.key_vantages", "operator", {"host": "compute"}), toolbox, "e1")


async def facts(exchanges: list[Exchange], seen: Reach | None = None, console: bool = False) -> KeyVantages:
    evidence = await asked(exchanges, seen, console)
    assert isinstance(evidence.facts, KeyVantages), evidence.failure
    return evidence.facts


async def test_all_see_the_same() -> None:
    dead = exchange("host:dead", SCAN, "", None, "unreachable")
    found = await facts([scanned("jump", NEW), scanned("far", NEW), scanned("near", NEW), dead])
    assert [one.seen_from for one in found.seen_from] == ["jump", "near", "far"]
    assert (found.agree, found.vantages, found.proven, found.contradicted) == (True, 3, False, False)
    assert (found.presented_key, found.known_name) == (NEW, "192.168.100.102")
    assert found.known_fingerprints == (fingerprint(OLD),)


async def test_somebody_in_between() -> None:
    """The jump host is shown another key than the host's neighbour."""
    found = await facts([scanned("jump", NEW), scanned("near", OLD)])
    assert found.agree is False
    assert KeySighting("near", fingerprint(OLD)) in found.seen_from


async def test_the_machine_itself_has_it() -> None:
    disk = exchange("console:compute", DISK, f"{NEW} root@compute\n")
    found = await facts([scanned("jump", NEW), disk], console=True)
    assert (found.proven, found.contradicted, found.vantages) == (True, False, 1)
    assert found.seen_from[-1] == KeySighting("console", fingerprint(NEW))


async def test_the_machine_itself_has_another() -> None:
    disk = exchange("console:compute", DISK, f"{OLD} root@compute\n")
    found = await facts([scanned("jump", NEW), disk], console=True)
    assert (found.proven, found.contradicted, found.agree) == (False, True, True)


async def test_a_console_that_does_not_answer_proves_nothing() -> None:
    disk = exchange("console:compute", DISK, "", None, "timeout")
    found = await facts([scanned("jump", NEW), disk], console=True)
    assert (found.proven, found.contradicted) == (False, False)


async def test_directly_the_operator_is_a_vantage() -> None:
    found = await facts([scanned("near", NEW)], reach(via=""))
    assert [one.seen_from for one in found.seen_from] == ["operator", "near"]


async def test_others_see_what_the_operator_cannot() -> None:
    unseen = reach(presented_key="", presented_fingerprint="", key_state="unseen", stopped_at="port", via="")
    wide = "ssh-keyscan -T 3 -t ed25519,ecdsa,rsa -p 22 192.168.100.102"
    near = exchange("host:near", wide, f"192.168.100.102 {NEW}\n")
    found = await facts([near], unseen)
    assert (found.presented_key, found.vantages, found.agree) == (NEW, 1, True)


async def test_nobody_sees_anything() -> None:
    unseen = reach(
        presented_key="", presented_fingerprint="", key_state="unseen", stopped_at="port", error="silent"
    )
    evidence = await asked([], unseen)
    assert evidence.failure is not None
    assert (evidence.failure.reason, evidence.failure.hint) == ("could-not-look", "silent")


async def test_a_jump_host_in_the_way() -> None:
    evidence = await asked([], reach(host="jump", error="no answer"))
    assert evidence.failure is not None
    assert "jump host jump" in evidence.failure.message


def test_keys_in_what_ssh_keyscan_says() -> None:
    assert list(keys_in(recorded("ssh-keyscan"))) == [OLD]


@pytest.mark.parametrize(
    "text", ["", "# comment", "ssh-ed25519", "ssh-ed25519 nonsense", "ssh-rsa " + OLD.split()[1]]
)
def test_what_is_no_key(text: str) -> None:
    assert list(keys_in(text)) == []

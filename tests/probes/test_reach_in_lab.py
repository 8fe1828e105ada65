"""Hosts that do not let us in, on real machines: what is seen from outside, and what the host itself says."""

from __future__ import annotations

import time

import pytest

import probes.all  # noqa: F401  # fills the table of probes
from lab.session import Lab
from probes.facts import KeyVantages, Reach
from probes.linux.facts import Sshd
from probes.probe import Evidence, Failure, checked_call, observe
from probes.reach import check_site
from probes.site_file import load_site
from probes.toolbox import LiveToolbox

pytestmark = pytest.mark.lab

LIMIT = 40.0
"""Nobody waits without end, on a busy machine too; how fast it is, the benches say."""


async def ask(lab: Lab, probe: str, asked: str, console: bool = True, **arguments: object) -> Evidence:
    async with LiveToolbox(load_site(lab.site(console))) as toolbox:
        return await observe(checked_call(probe, asked, arguments), toolbox, "e1")


async def reach_of(lab: Lab, host: str, console: bool = False) -> Reach:
    begun = time.monotonic()
    evidence = await ask(lab, "host.reach", "operator", console, host=host)
    assert time.monotonic() - begun < LIMIT
    assert isinstance(evidence.facts, Reach), evidence.failure
    return evidence.facts


async def looked_at(lab: Lab, host: str, console: bool = True) -> tuple[Reach, Sshd | Failure]:
    """As a walk asks: from outside first, then on the host itself; both within the time limit."""
    async with LiveToolbox(load_site(lab.site(console))) as toolbox:
        begun = time.monotonic()
        outside = await observe(checked_call("host.reach", "operator", {"host": host}), toolbox, "e1")
        inside = await observe(checked_call("linux.sshd", host, {}), toolbox, "e2")
        assert time.monotonic() - begun < LIMIT
    assert isinstance(outside.facts, Reach), outside.failure
    answer = inside.facts or inside.failure
    assert isinstance(answer, (Sshd, Failure))
    return outside.facts, answer


async def vantages_of(lab: Lab, host: str, console: bool = False) -> KeyVantages:
    evidence = await ask(lab, "host.key_vantages", "operator", console, host=host)
    assert isinstance(evidence.facts, KeyVantages), evidence.failure
    return evidence.facts


async def test_healthy(healed_lab: Lab) -> None:
    begun = time.monotonic()
    async with LiveToolbox(load_site(healed_lab.site())) as toolbox:
        answers = {host: answer async for host, answer in check_site(toolbox)}
    assert time.monotonic() - begun < LIMIT
    assert set(answers) == {host.name for host in load_site(healed_lab.site()).hosts}
    for answer in answers.values():
        assert isinstance(answer, Reach)
        assert (answer.stopped_at, answer.key_state, answer.sudo) == ("", "known", "root"), answer


async def test_healthy_key_and_sshd(healed_lab: Lab) -> None:
    seen = await vantages_of(healed_lab, "compute", console=True)
    assert (seen.agree, seen.proven, seen.contradicted) == (True, True, False)
    assert seen.vantages >= 2
    assert seen.known_fingerprints == (seen.presented_fingerprint,)
    _, sshd = await looked_at(healed_lab, "compute")
    assert isinstance(sshd, Sshd)
    assert (sshd.unit, sshd.active, sshd.process_state, sshd.listening) == ("ssh.service", "active", "S", True)
    assert sshd.fingerprints == (seen.presented_fingerprint,)


@pytest.mark.parametrize("console", [False, True])
async def test_sshd_down(healed_lab: Lab, console: bool) -> None:
    healed_lab.break_("sshd-down")
    reach, sshd = await looked_at(healed_lab, "controller", console)
    assert (reach.host, reach.via) == ("controller", "openstack-host")
    assert (reach.stopped_at, reach.port_state, reach.has_console) == ("port", "refused", console)
    if not console:
        assert isinstance(sshd, Failure)
        return
    assert isinstance(sshd, Sshd)
    assert (sshd.unit, sshd.active, sshd.process_state, sshd.listening) == ("ssh.service", "inactive", "", False)


@pytest.mark.parametrize("console", [False, True])
async def test_ssh_drop(healed_lab: Lab, console: bool) -> None:
    healed_lab.break_("ssh-drop")
    reach, sshd = await looked_at(healed_lab, "compute", console)
    assert (reach.host, reach.via) == ("compute", "openstack-host")
    assert (reach.stopped_at, reach.port_state) == ("port", "silent")
    if not console:
        assert isinstance(sshd, Failure)
        return
    assert isinstance(sshd, Sshd)
    assert (sshd.active, sshd.process_state, sshd.listening) == ("active", "S", True)


@pytest.mark.parametrize("console", [False, True])
async def test_ssh_frozen(healed_lab: Lab, console: bool) -> None:
    healed_lab.break_("ssh-frozen")
    reach, sshd = await looked_at(healed_lab, "compute2", console)
    assert (reach.host, reach.stopped_at, reach.port_state, reach.banner) == ("compute2", "banner", "open", "")
    if not console:
        assert isinstance(sshd, Failure)
        return
    assert isinstance(sshd, Sshd)
    assert (sshd.active, sshd.process_state, sshd.listening) == ("active", "T", True)


async def test_host_silent(healed_lab: Lab) -> None:
    """Also for a host behind it: the jump host is what is described."""
    healed_lab.break_("host-silent")
    reach = await reach_of(healed_lab, "kubernetes-host")
    assert (reach.via, reach.stopped_at, reach.port_state) == ("", "port", "silent")
    behind = await reach_of(healed_lab, "master")
    assert (behind.asked, behind.host, behind.stopped_at) == ("master", "kubernetes-host", "port")


async def test_host_falls_silent_after_the_login(healed_lab: Lab) -> None:
    """The login everybody shares is no proof that the jump host still answers."""
    async with LiveToolbox(load_site(healed_lab.site(console=False))) as toolbox:
        before = await observe(checked_call("host.reach", "operator", {"host": "master"}), toolbox, "e1")
        healed_lab.break_("host-silent")
        begun = time.monotonic()
        after = await observe(checked_call("host.reach", "operator", {"host": "master"}), toolbox, "e2")
        assert time.monotonic() - begun < LIMIT
    assert isinstance(before.facts, Reach)
    assert isinstance(after.facts, Reach), after.failure
    assert (before.facts.host, before.facts.stopped_at) == ("master", "")
    assert (after.facts.asked, after.facts.host, after.facts.port_state) == ("master", "kubernetes-host", "silent")


@pytest.mark.parametrize("console", [False, True])
async def test_hostkey_changed(healed_lab: Lab, console: bool) -> None:
    healed_lab.break_("hostkey-changed")
    reach = await reach_of(healed_lab, "compute", console)
    assert (reach.stopped_at, reach.key_state, reach.login) == ("key", "changed", "untried")
    assert (reach.known_name, reach.known_hosts_line > 0) == ("192.168.100.102", True)
    seen = await vantages_of(healed_lab, "compute", console)
    assert seen.presented_fingerprint == reach.presented_fingerprint
    assert seen.presented_fingerprint not in seen.known_fingerprints
    assert (seen.agree, seen.proven, seen.contradicted) == (True, console, False)
    assert seen.vantages >= 2
    assert seen.seen_from[0].seen_from == "openstack-host"
    assert [one.seen_from for one in seen.seen_from].count("console") == console


@pytest.mark.parametrize(("user", "sudo"), [("ops", "passwordless"), ("plain", "password")])
async def test_other_users(healed_lab: Lab, user: str, sudo: str) -> None:
    site = load_site(healed_lab.site())
    config = site.ssh_config[0].parent / f"ssh_config_{user}"
    config.write_text(f"Host compute\n  User {user}\n\n{site.ssh_config[0].read_text()}")
    try:
        async with LiveToolbox(load_site(config)) as toolbox:
            evidence = await observe(checked_call("host.reach", "operator", {"host": "compute"}), toolbox, "e1")
    finally:
        config.unlink()
    assert isinstance(evidence.facts, Reach)
    assert (evidence.facts.user, evidence.facts.login, evidence.facts.sudo) == (user, "ok", sudo)

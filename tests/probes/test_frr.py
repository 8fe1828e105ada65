"""FRR's sessions and configuration, as bgpd of the lab printed them."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probes.connection import Command
from probes.errors import UnreadableOutput
from probes.exchange import Exchange, Reply, Request
from probes.facts import State
from probes.frr.ask import DECISIVE, NEIGHBOURS, RUNNING
from probes.frr.bgp import bgp, is_wanted, parse_unit
from probes.frr.config import compared, config, parse_lines
from probes.frr.facts import Bgp
from probes.frr.neighbours import parse_neighbours
from probes.frr.state import parse_running, state
from probes.replay import ReplayToolbox
from probes.site import Host, Site
from tests.probes.recorded import recorded

FILE = "/etc/frr/frr.conf"
SHOWN = "Id=frr.service\nLoadState=loaded\nActiveState={}\nUnitFileState=disabled\n"
DRIFTED = "router bgp 65000 / address-family ipv4 unicast / redistribute connected"
PASSWORDS = """\
password l0gin-secret
enable password en4ble-secret
router bgp 65000
 neighbor 10.10.10.1 remote-as 65000
 neighbor 10.10.10.1 password s3cret-of-the-session
 neighbor 10.10.10.1 description route-map s3cret-too
"""


def decisive(text: str) -> str:
    """As grep on the far side leaves it."""
    return subprocess.run(["grep", "-E", DECISIVE], input=text, capture_output=True, text=True).stdout


# ------------------------------------------------------------------ sessions


def test_a_session_that_expects_another_as() -> None:
    bad, good = parse_neighbours(recorded("frr-neighbours-bad-as"))
    assert (bad.neighbour, bad.local_as, bad.remote_as) == ("10.10.10.1", "65000", "65001")
    assert (bad.wrong, bad.error) == ("down", "OPEN Message Error/Bad Peer AS")
    assert (good.state, good.wrong, good.error, good.received) == ("Established", "", "", 0), (
        "seconds after it came up"
    )


def test_sessions_without_a_policy() -> None:
    for one in parse_neighbours(recorded("frr-neighbours-no-policy")):
        assert (one.state, one.wrong) == ("Established", "policy")
        assert (one.family, one.lacks, one.received, one.sent) == ("ipv4 unicast", ("in", "out"), 0, 0)


def test_a_session_that_is_switched_off() -> None:
    up, shut = parse_neighbours(recorded("frr-neighbours-shut"))
    assert (up.wrong, shut.wrong) == ("", "shut")


def changed(**fields: object) -> str:
    whole = json.loads(recorded("frr-neighbours-bad-as"))
    whole["10.10.10.1"] |= fields
    return json.dumps(whole)


def test_numbers_of_four_bytes_and_with_dots() -> None:
    assert parse_neighbours(changed(remoteAs=4_200_000_001))[0].remote_as == "4200000001"
    assert parse_neighbours(changed(remoteAs="1.10"))[0].remote_as == "1.10"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "% BGP instance not found",
        "[]",
        "[" * 100_000,
        changed(bgpState="\x1b[2J"),
        changed(bgpState=["Idle"]),
        changed(remoteAs=2**32),
        changed(remoteAs=True),
        changed(remoteAs="65000; reboot"),
        changed(remoteAs="1" * 5000),
        changed(remoteAs=1).replace(": 1,", ": " + "1" * 5000 + ",", 1),
        changed(lastNotificationReason=7),
        changed(addressFamilyInfo=[1]),
        changed(addressFamilyInfo={"ipv4Unicast": {"acceptedPrefixCounter": -1}}),
    ],
    ids=range(14),
)
def test_other_forms_are_unreadable(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_neighbours(text)


@pytest.mark.parametrize("text", ["{}", '{"warning": "Default BGP instance not found"}'])
def test_no_sessions(text: str) -> None:
    assert parse_neighbours(text) == ()


def toolbox(*said: tuple[str, Reply]) -> ReplayToolbox:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    exchanges = [Exchange(Request("host:edge", text), reply, begun) for text, reply in said]
    return ReplayToolbox(Site("test", (Host("edge", ("10.10.10.2",)), Host("peer", ("10.10.10.1",)))), exchanges)


def text_of(argv: tuple[str, ...]) -> str:
    return Command(argv=argv).text


UNIT = "systemctl show frr.service -p Id,LoadState,ActiveState,UnitFileState"
DAEMONS = "grep -hs '^bgpd=' /etc/frr/daemons"


async def test_the_probe_names_the_hosts_at_the_other_ends() -> None:
    seen = await bgp(
        "edge",
        toolbox(
            (UNIT, Reply(0, SHOWN.format("active"))),
            (DAEMONS, Reply(0, "bgpd=yes\n")),
            ("pgrep -x bgpd", Reply(0, "212\n")),
            (text_of(NEIGHBOURS), Reply(0, recorded("frr-neighbours-bad-as"))),
        ),
    )
    assert (seen.runs, seen.unit, seen.active, seen.enabled, seen.wanted) == (
        True,
        "frr.service",
        "active",
        False,
        True,
    )
    assert [(one.neighbour, one.peer_host) for one in seen.sessions] == [("10.10.10.1", "peer"), ("10.10.10.3", "")]


async def test_a_machine_without_frr() -> None:
    seen = await bgp(
        "edge",
        toolbox(
            (UNIT, Reply(0, "Id=frr.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n")),
            (DAEMONS, Reply(2, "")),
            ("pgrep -x bgpd", Reply(1, "")),
        ),
    )
    assert seen == Bgp("edge", False, "", "", False, False, ())


async def test_a_machine_without_systemd_has_no_unit_of_frr() -> None:
    """As Debian's systemctl says it in a container or under another init."""
    refusal = "System has not been booted with systemd as init system (PID 1). Can't operate.\n"
    said = ((UNIT, Reply(1, "", refusal)), (DAEMONS, Reply(2)), ("pgrep -x bgpd", Reply(1)))
    seen = await bgp("edge", toolbox(*said))
    assert (seen.runs, seen.unit, seen.sessions) == (False, "", ())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("bgpd=yes", True), ('bgpd="yes"', True), ("bgpd=no", False), ("", False), ("bgpd=yes\nbgpd=no", False)],
)
def test_whether_the_list_of_daemons_wants_it(text: str, wanted: bool) -> None:
    assert is_wanted(text) is wanted


def test_a_unit_that_says_nothing() -> None:
    with pytest.raises(UnreadableOutput):
        parse_unit("")


# ------------------------------------------------------------------ configuration


def test_what_runs_and_what_the_file_says_are_told_apart() -> None:
    running, saved = parse_lines(recorded("frr-running-drifted")), parse_lines(decisive(recorded("frr-file")))
    seen = compared("edge", FILE, running, saved)
    assert (seen.missing, seen.unsaved) == ((DRIFTED,), ())
    assert seen.apply[1::2] == (
        "configure terminal", "router bgp 65000", "address-family ipv4 unicast", "redistribute connected",
        "exit", "exit",
    )  # fmt: skip
    assert seen.take_back[1::2][3] == "no redistribute connected"
    assert set(seen.apply[::2]) == {"-c"}


WRITTEN = """\
router bgp 65001
 neighbor 10.0.0.1 remote-as 65002
 neighbor 10.0.0.1 route-map ALL in
 network 10.1.2.3/24
 redistribute connected
!
route-map ALL permit 10
router ospf
 network 10.0.0.0/8 area 0
"""
RUNS = """\
router bgp 65001
 neighbor 10.0.0.1 remote-as 65002
 !
 address-family ipv4 unicast
  network 10.1.2.0/24
  redistribute connected
  neighbor 10.0.0.1 route-map ALL in
 exit-address-family
exit
!
route-map ALL permit 10
exit
"""


def test_the_same_written_in_an_older_way_is_no_difference() -> None:
    assert set(parse_lines(decisive(WRITTEN))) == set(parse_lines(decisive(RUNS)))


def test_a_value_that_was_replaced_is_what_the_undo_puts_back() -> None:
    other = RUNS.replace("route-map ALL in", "route-map NONE in")
    seen = compared("edge", FILE, parse_lines(other), parse_lines(WRITTEN))
    assert "neighbor 10.0.0.1 route-map ALL in" in seen.apply
    assert "neighbor 10.0.0.1 route-map NONE in" in seen.take_back


def test_another_direction_is_not_replaced() -> None:
    other = RUNS.replace("route-map ALL in", "route-map ALL out")
    seen = compared("edge", FILE, parse_lines(other), parse_lines(WRITTEN))
    assert "no neighbor 10.0.0.1 route-map ALL in" in seen.take_back
    assert "neighbor 10.0.0.1 route-map ALL out" not in seen.take_back


@pytest.mark.parametrize(
    ("running", "written"),
    [
        (RUNS.replace("remote-as 65002", "remote-as 65009"), WRITTEN),
        (RUNS, f"{WRITTEN}\nrouter bgp 65001\n neighbor 10.0.0.1 shutdown\nexit\n"),
    ],
    ids=["another AS", "shutdown"],
)
def test_lines_that_would_end_a_session_are_nobodys_to_apply(running: str, written: str) -> None:
    seen = compared("edge", FILE, parse_lines(running), parse_lines(written))
    assert (bool(seen.missing), seen.apply, seen.take_back) == (True, (), ())


def test_another_instance_is_nothing_for_single_lines() -> None:
    seen = compared("edge", FILE, parse_lines(RUNS.replace("65001", "65009")), parse_lines(WRITTEN))
    assert (bool(seen.missing), seen.apply, seen.take_back) == (True, (), ())


def test_without_a_file_there_is_nothing_to_compare_with() -> None:
    seen = compared("edge", "", parse_lines(RUNS), ())
    assert (seen.missing, seen.unsaved) == ((), ())


def test_a_network_that_is_none_is_unreadable() -> None:
    with pytest.raises(UnreadableOutput):
        parse_lines("router bgp 1\n network 999.1.1.1/24\n")


def test_passwords_stay_on_the_machine(tmp_path: Path) -> None:
    file = tmp_path / "frr.conf"
    file.write_text(PASSWORDS)
    said = subprocess.run(["grep", "-hEs", DECISIVE, str(file)], capture_output=True, text=True).stdout
    assert "remote-as 65000" in said
    assert "s3cret" not in said
    assert "-secret" not in said


async def test_the_older_file_counts_where_the_new_one_is_missing() -> None:
    seen = await config(
        "edge",
        toolbox(
            (text_of(RUNNING), Reply(0, RUNS)),
            (text_of(("grep", "-hEs", DECISIVE, FILE)), Reply(2, "")),
            (text_of(("grep", "-hEs", DECISIVE, "/etc/frr/bgpd.conf")), Reply(0, decisive(WRITTEN))),
        ),
    )
    assert (seen.file, seen.missing, seen.unsaved) == ("/etc/frr/bgpd.conf", (), ())


# ------------------------------------------------------------------ what a fix changes


async def test_the_state_is_what_runs_and_the_digest_of_the_file() -> None:
    summed = "a" * 64 + "  " + FILE
    tools = toolbox(
        (text_of(RUNNING), Reply(0, RUNS)),
        (f"sha256sum -- {FILE}", Reply(0, summed)),
        ("sha256sum -- /etc/frr/bgpd.conf", Reply(1, "")),
    )
    assert await state("edge", tools) == State("edge", (parse_running(RUNS),))
    saved = await state("edge", tools, saved=True)
    assert [one.lines for one in saved.kept] == [("a" * 64,), ("absent",)]


def test_another_line_is_another_state() -> None:
    assert parse_running(RUNS).digest != parse_running(RUNS.replace("65002", "65003")).digest

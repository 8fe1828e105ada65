"""A machine's clock beside those of others, from recorded answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from probes.errors import UnreadableOutput
from probes.exchange import Exchange, Reply, Request
from probes.linux.clock import clock, parse_date, parse_services
from probes.linux.facts import Clock
from probes.replay import ReplayToolbox
from probes.site import Host, Site

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
DATE = "date +%s.%N"
SHOW = (
    "systemctl show chrony.service chronyd.service systemd-timesyncd.service ntp.service ntpd.service "
    "ntpsec.service openntpd.service -p Id,LoadState,ActiveState,UnitFileState"
)


def unit(name: str, state: str = "inactive", load: str = "loaded", file: str = "disabled") -> str:
    return f"Id={name}.service\nLoadState={load}\nActiveState={state}\nUnitFileState={file}\n"


def toolbox(*, ours: tuple[str, ...] = ("1000.0",), **hosts: str) -> ReplayToolbox:
    """Hosts a, b … whose `date` said this; empty: no answer. Ours said these, one after the other."""
    said = [(f"host:{name}", text) for name, text in hosts.items() if text] + [("operator", text) for text in ours]
    exchanges = [
        Exchange(Request(target, DATE), Reply(0, text), BEGUN + timedelta(seconds=second))
        for second, (target, text) in enumerate(said)
    ]
    exchanges.append(Exchange(Request("host:a", SHOW), Reply(0, unit("chrony")), BEGUN))
    return ReplayToolbox(Site("test", tuple(Host(name) for name in hosts)), exchanges)


@pytest.mark.parametrize(
    ("hosts", "behind", "ahead", "beside"),
    [
        ({"a": "1000.2", "b": "1000.1"}, 0, 0, ("b", "operator")),
        ({"a": "400.0", "b": "1000.1", "c": "1000.0"}, 600, 0, ("b", "c", "operator")),
        ({"a": "1090.0", "b": "1000.0", "c": ""}, 0, 90, ("b", "operator")),
        ({"a": "940.0"}, 60, 0, ("operator",)),
    ],
)
async def test_a_clock_beside_others(
    hosts: dict[str, str], behind: int, ahead: int, beside: tuple[str, ...]
) -> None:
    assert await clock("a", toolbox(**hosts)) == Clock("a", ahead, behind, beside, "chrony.service", False)


async def test_an_operator_whose_own_clock_is_wrong_is_outvoted() -> None:
    seen = await clock("a", toolbox(ours=("4600.0",), a="1000.0", b="1000.2", c="1000.1"))
    assert (seen.behind, seen.ahead) == (0, 0)


async def test_of_what_was_long_under_way_only_the_certain_part_counts() -> None:
    assert (await clock("a", toolbox(ours=("1000.0", "1020.0"), a="985.0"))).behind == 15


async def test_a_clock_that_is_no_number() -> None:
    for text in ("", "nan", "Thu Jan 1", "inf"):
        with pytest.raises(UnreadableOutput):
            parse_date(text)
    assert parse_date("1790000000.%N\n") == 1790000000


@pytest.mark.parametrize(
    ("text", "service"),
    [
        (unit("chrony", load="not-found") + "\n" + unit("ntp", load="masked"), ("", False)),
        (unit("chrony") + "\n" + unit("systemd-timesyncd", "active"), ("systemd-timesyncd.service", True)),
        (unit("chrony") + "\n" + unit("ntpsec", file="enabled"), ("ntpsec.service", False)),
        (unit("chronyd", "failed", file="enabled"), ("chronyd.service", False)),
    ],
)
def test_the_service_that_is_meant(text: str, service: tuple[str, bool]) -> None:
    assert parse_services(text) == service

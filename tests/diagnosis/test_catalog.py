"""The catalog says of every probe what conditions may read of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from diagnosis.catalog import catalog, shape_of
from knowledge.shapes import BOOL, DOUBLE, INT, STRING, STRINGS, ListOf, MapOf, Record
from probes.linux.facts import Sysctls
from probes.probe import PROBES, Probe


def test_every_probe_is_in_it() -> None:
    assert set(catalog().probes) == set(PROBES)
    assert len(PROBES) >= 10


def test_facts_become_records() -> None:
    ping = catalog().probes["path.ping"]
    assert ping.parameters["target"] == "address"
    assert "count" in ping.optional
    assert ping.facts.fields["sent"] == INT
    assert ping.facts.fields["rtt_ms"] == DOUBLE
    hits = catalog().probes["path.firewall_hits"].facts.fields["hits"]
    assert isinstance(hits, ListOf)
    assert isinstance(hits.item, Record)
    assert (hits.item.fields["spec"], hits.item.fields["blanket"]) == (STRINGS, BOOL)


def test_maps() -> None:
    async def run() -> Sysctls:
        return Sysctls("web1", {})

    shape = shape_of(Probe("sysctls", run, Sysctls, {}, {}, 1.0, ()))
    assert shape.facts.fields["values"] == MapOf(STRING)


def test_facts_that_no_condition_can_read() -> None:
    @dataclass
    class Odd:
        when: complex

    async def run() -> Odd:
        return Odd(0j)

    with pytest.raises(TypeError, match="complex"):
        shape_of(Probe("odd", run, Odd, {}, {}, 1.0, ()))

"""docs/faults.md: what the tests saw of each fault, a row as soon as its test ends, however it ends.

Only where FAULTS_TABLE names the file. Rows of faults that were not run this time stay as they were.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.catalogue import EVERY_FAULT

NONE = "–"
AGAIN = "FAULTS_TABLE=docs/faults.md LABS=all .venv/bin/python -m pytest tests/end_to_end/test_sweep*.py"
INTRODUCTION = f"""# Faults of the lab, as a sweep finds them

Written by the tests on real machines (`tests/end_to_end/faults_table.py`), not by hand. Each fault is put in,
`deadhop sweep` runs without being told anything, `deadhop trace` sends packets along a path that is broken, and
`deadhop fix` repairs, verifies and takes back.

- **rank**: the place of the right cause among those that the sweep names; 1 is first.
- **seconds**: of the whole sweep. The machines of the lab share two cores.
- **hop**: where the trace says that packets die, with the rule where there is one; {NONE} where none are dropped.
- **verified**: by the fix's own look; a sweep afterwards no longer names the cause.
- **undone**: the undo ran, and the machines are as they were before the fix; {NONE} where the fix has none.
- **day**: of the run.

Again, as root, whole or in parts (rows of faults that are not run stay as they are):

    {AGAIN}

"""

NO_MATTER = {
    "Not faults": {
        "clusterip-ping": "a ClusterIP answers no ping",
        "dns-denied-by-policy": "flannel enforces no policy, so names resolve",
    },
    "Requests that were refused or wait, which no list shows: whoever made one names it (`deadhop diagnose`)": {
        "token-expired": "`node-cannot-join`",
        "node-not-prepared": "`node-cannot-join`",
        "kubeadm-too-new": "`node-cannot-join`",
        "pvc-leftover": "`claim-does-not-go`",
        "router-no-gateway": "`floating-ip-cannot-be-associated`",
        "cidr-overlap": "`subnet-cannot-be-attached`",
        "quota-exceeded": "`refused-by-quota`",
        "allowed-pairs-conflict": "`port-security-stays-on`",
        "binding-failed": "`port-stays-unbound`",
        "port-not-bound-again": "`port-stays-unbound`",
    },
    "Somebody may want it so (`may_be_meant`): a sweep mentions it and does not call it a fault": {
        "sg-no-icmp": "`security-group-lacks-rule`",
        "sg-no-ssh": "`security-group-lacks-rule`",
        "sg-ssh-from-others": "`security-group-excludes-asker`",
        "services-overlap": "`networks-overlap`",
        "dns-denied-for-real": "`network-policy-denies-dns`",
    },
    "Somebody may want it so, and clouds are full of it: a sweep says nothing, whoever misses it names it": {
        "server-shut-off": "`instance-unreachable`",
    },
    "What drops the packets is a stand-in that no cloud answers for: a sweep leaves it open": {
        "hostgw-port-security": "with a real Neutron it is `flannel-host-gw`",
        "directrouting-port-security": "with a real Neutron it is `flannel-directrouting`",
    },
}
"""Faults that a sweep does not name, and why: what is said of each."""


@dataclass
class Row:
    fault: str
    cause: str = NONE
    rank: str = NONE
    seconds: str = NONE
    hop: str = NONE
    fix: str = NONE
    verified: str = NONE
    undone: str = NONE
    day: str = NONE

    def swept(self, document: dict[str, Any], cause: str) -> None:
        """What the sweep named first, and the place of the right one."""
        named = [one["id"] for one in document["causes"]]
        self.cause = named[0] if named else "none"
        self.rank = str(named.index(cause) + 1) if cause in named else "not found"
        self.seconds = f"{document['seconds']:.1f}"

    def traced(self, document: dict[str, Any]) -> None:
        self.hop = hop_of(document)

    def fixed(self, document: dict[str, Any]) -> None:
        self.fix = str(document["fix"]["id"] if isinstance(document["fix"], dict) else document["fix"])
        self.verified = "yes" if document["verified"] is True else "no"


def hop_of(document: dict[str, Any]) -> str:
    if dead := document.get("dead_hop"):
        way = "" if dead["direction"] == "there" else ", on the way back"
        return f"{dead['host']}: {dead['rule'] or dead['reason']}{way}"
    if between := document.get("between"):
        circle = "; the routes lead in a circle" if document["loop"] else ""
        return f"between {between[0]} and {between[1]}{circle}"
    return str(document["verdict"])


@contextmanager
def row(fault: str) -> Iterator[Row]:
    seen = Row(fault, day=datetime.now(UTC).date().isoformat())
    try:
        yield seen
    finally:
        if path := os.environ.get("FAULTS_TABLE"):
            write(Path(path), seen)


def write(path: Path, seen: Row) -> None:
    rows = {one.fault: one for one in read(path)} | {seen.fault: seen}
    order = list(EVERY_FAULT)
    known = sorted(rows.values(), key=lambda one: order.index(one.fault))
    path.write_text(INTRODUCTION + table(known) + without_row(rows))


def without_row(rows: Collection[str]) -> str:
    """Why a fault has none; those that were not run are said to be so."""
    told = {fault: why for ones in NO_MATTER.values() for fault, why in ones.items()}
    parts = [f"- {why}: {_listed(ones)}.\n" for why, ones in NO_MATTER.items()]
    if left := [f"`{fault}`" for fault in EVERY_FAULT if fault not in rows and fault not in told]:
        parts.append(f"- Not run by these tests so far: {', '.join(left)}.\n")
    return f"\n## Faults without a row\n\n{''.join(parts)}"


def _listed(faults: Mapping[str, str]) -> str:
    return "; ".join(f"`{fault}` ({why})" for fault, why in faults.items())


def table(rows: Iterable[Row]) -> str:
    names = tuple(field.name for field in fields(Row))
    lines = [names, ("---",) * len(names), *(tuple(map(_cell, astuple(one))) for one in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def read(path: Path) -> list[Row]:
    """The rows of an earlier run."""
    lines = path.read_text().splitlines() if path.exists() else []
    cells = [[cell.strip().replace(r"\|", "|") for cell in line.split(" | ")] for line in map(_bare, lines)]
    return [Row(*found) for found in cells if len(found) == len(fields(Row)) and found[0] in EVERY_FAULT]


def _bare(line: str) -> str:
    return line.strip().removeprefix("|").removesuffix("|").strip()


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")

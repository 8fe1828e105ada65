"""A floating IP that is looked for on the wrong bridge: break, diagnose, sweep, fix, verify, undo."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import deadhop, diagnose

pytestmark = [pytest.mark.lab, pytest.mark.long]

FAULT, CAUSE = "fip-arp", "address-behind-another-host"


@pytest.mark.parametrize("console", [True, False], ids=["console", "no-console"])
def test_it_is_named_repaired_verified_and_undone(healed_lab: Lab, tmp_path: Path, console: bool) -> None:
    state = tmp_path / "state"
    healed_lab.break_(FAULT)
    before = healed_lab.at_rest()
    site = healed_lab.site(console)
    for found in (
        deadhop("sweep", "--site", str(site), "--json", state=state),
        diagnose(healed_lab.paste(FAULT), site, state),
    ):
        assert found.document["causes"], found.document["text"]
        cause = found.document["causes"][0]
        assert (cause["id"], cause["targets"]) == (CAUSE, ["host:openstack-host"]), found.document["text"]
    assert healed_lab.changes_since(before) == ""

    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", CAUSE, "--yes", "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    assert " 0% packet loss" in healed_lab.paste(FAULT)

    undone = deadhop("fix", session, "--undo", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert healed_lab.changes_since(before) == ""
    assert "Destination Host Unreachable" in healed_lab.paste(FAULT)

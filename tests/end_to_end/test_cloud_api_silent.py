"""A cloud's API of which nothing comes back, while its controllers can be asked: the rule is found, and opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import deadhop, diagnose

pytestmark = [pytest.mark.lab, pytest.mark.long]

API = "openstack-api-does-not-answer"
CAUSE = "firewall-blocks-flow"
RULE = "INPUT -p tcp --dport 5000 -j DROP"


@pytest.fixture
def silent(healed_openstack_lab: Lab) -> Iterator[Lab]:
    """Keystone's port is dropped on the controller; it runs, and SSH goes on."""
    lab = healed_openstack_lab
    assert lab.run("controller", f"iptables -I {RULE}").returncode == 0
    yield lab
    lab.run("controller", f"while iptables -D {RULE} 2>/dev/null; do :; done")


def test_the_rule_that_drops_the_api_is_named_opened_and_put_back(silent: Lab, tmp_path: Path) -> None:
    state, site = tmp_path / "state", silent.site()
    found = diagnose(API, site, state)
    cause = found.document["causes"][0]
    assert (cause["id"], cause["targets"]) == (CAUSE, ["host:controller"]), (found.document, found.stderr)
    session = found.document["session"]
    fixed = deadhop("fix", session, "--cause", CAUSE, "--yes", "--json", state=state)
    assert (fixed.status, fixed.document["verified"]) == (0, True), (fixed.document, fixed.stderr)
    again = diagnose(API, site, state)
    assert (again.status, again.document["causes"]) == (0, []), (again.document, again.stderr)
    undone = deadhop("fix", session, "--undo", "--yes", "--json", state=state)
    assert undone.status == 0, (undone.document, undone.stderr)
    assert diagnose(API, site, state).document["causes"][0]["id"] == CAUSE

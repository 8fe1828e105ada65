"""A recorded trace, played again by the real engine: it sees what it saw."""

from __future__ import annotations

from pathlib import Path

from diagnosis.tracing import Wanted
from probes.trace.facts import Trace
from tests.tui.recordings import TRACE, recorded_session


async def test_a_replay_has_its_captures(tmp_path: Path) -> None:
    session = recorded_session(TRACE, tmp_path)
    views = [view async for view in session.trace("master", "192.168.100.101", Wanted(), both=True)]
    there, back = (evidence.facts for _, evidence in views[-1].traced)
    assert isinstance(there, Trace)
    assert isinstance(back, Trace)
    assert {hop.by for hop in there.hops if hop.host != "controller"} == {"capture"}
    assert {(hop.by, hop.seen) for hop in back.hops} == {("capture", 20)}
    assert (there.dead[0].host, there.dead[0].entered, there.dead[0].left) == ("openstack-host", 20, 0)

"""A whole sweep of the network lab on which openstack-host does not forward, as deadhop recorded it there."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from base.errors import UsageError
from diagnosis.catalog import catalog
from diagnosis.session import Session
from diagnosis.sweep.engine import Sweep
from diagnosis.sweep.results import Rendering
from diagnosis.sweep.tree import Way
from diagnosis.sweep.trees import Wanted, lists_for, lone_trees, not_begun, not_swept, pair_trees
from diagnosis.sweep.views import SweepView
from journal.store import Journal, read
from knowledge.load import load, shipped
from knowledge.model import Goto, Verdict
from knowledge.tree import causes_from
from probes.exchange import from_json
from probes.site import Cloud, Cluster, Host, Site
from tests.diagnosis.sweep.record import RECORDED

EVERYTHING = Wanted()


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(RECORDED.read_bytes()).decode().splitlines()]


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    entries = lines()
    hosts = next(entry["data"]["hosts"] for entry in entries if entry["kind"] == "site")
    site = Site("recorded", tuple(Host(host["name"], tuple(host["addresses"])) for host in hosts))
    replayed = [from_json(entry["data"]) for entry in entries if entry["kind"] == "exchange"]
    own = Session(site, argv=("sweep",), journal=Journal.create(tmp_path, {"argv": ["sweep"]}), replayed=replayed)
    await own.ready()
    yield own
    await own.close()


async def swept(
    session: Session, wanted: Wanted = EVERYTHING, *, deadline: float = 60
) -> tuple[Sweep, list[SweepView]]:
    sweep = Sweep(session, wanted, deadline=deadline)
    views = [view async for view in sweep.run()]
    await sweep.close()
    return sweep, views


async def test_the_cause_is_named_once_with_all_who_saw_it(session: Session) -> None:
    _, views = await swept(session)
    result = views[-1].result
    assert result is not None
    (finding,) = result.causes
    assert (result.verdict, finding.cause.id, finding.cause.targets) == (
        Verdict.CAUSE,
        "ip-forward-off",
        ("host:openstack-host",),
    )
    assert len(finding.witnesses) == 12  # six pairs, each by small packets and by large ones
    assert finding.cause.fixes[0].actions[0].run == "sysctl -w net.ipv4.ip_forward=1"
    assert (result.may_be_meant, result.open_ends, result.questions, result.unknown) == ((), (), (), ())
    assert "sshd-not-running" in {one.id for one in result.ruled_out}
    assert views[-1].ended == views[-1].trees
    about, answer = (line.en for line in finding.case)
    values = finding.cause.values
    assert about == f"from: {values['source']}, to: {values['target']}"
    assert answer == f"Is forwarding off for the whole machine? Yes ({finding.cause.evidence[-1]})"


async def test_every_question_is_put_once(session: Session) -> None:
    sweep, views = await swept(session)
    asked = [(one.probe, one.target, str(one.arguments)) for one in sweep.evidence]
    assert len(asked) == len(set(asked)) == views[-1].looks


async def test_a_cause_comes_out_before_the_end(session: Session) -> None:
    session.replay_speed = 0.2
    _, views = await swept(session)
    early = [view for view in views if view.found and view.result is None]
    assert early
    assert early[0].found[0].id == "ip-forward-off"


async def test_the_journal_holds_what_a_fix_needs(session: Session) -> None:
    sweep, _ = await swept(session)
    entries = read(session.journal_path).entries
    (diagnosis,) = (entry.data for entry in entries if entry.kind == "diagnosis")
    assert diagnosis["causes"][0]["values"]["host"] == "openstack-host"
    ids = {entry.data["id"] for entry in entries if entry.kind == "evidence"}
    assert ids == {one.id for one in sweep.evidence}
    assert set(diagnosis["causes"][0]["evidence"]) <= ids


async def test_a_deadline_ends_it_with_what_is_known(session: Session) -> None:
    session.replay_speed = 1.0
    _, views = await swept(session, deadline=0.3)
    result = views[-1].result
    assert result is not None
    assert (views[-1].cut, result.verdict) == ("deadline", Verdict.UNKNOWN)
    assert views[-1].ended == views[-1].trees
    assert result.ruled_out == ()


async def test_cancelled_it_says_what_is_known(session: Session) -> None:
    session.replay_speed = 1.0
    sweep = Sweep(session, EVERYTHING, deadline=60)

    async def run() -> None:
        async for _ in sweep.run():
            pass

    task = asyncio.create_task(run())
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    view = sweep.partial()
    await asyncio.wait_for(sweep.close(), 2)
    assert view.result is not None
    assert (view.cut, view.ended) == ("interrupted", view.trees)
    assert any(outcome.way is Way.CUT for outcome in sweep.outcomes)
    assert sweep.view.running == ()


async def test_cut_before_its_pairs_were_known_it_says_what_was_not_begun(session: Session) -> None:
    """The hosts never say which routes they know."""
    session.replay_speed = 1e9
    sweep = Sweep(session, EVERYTHING, deadline=0.2)
    (*_, view) = [view async for view in sweep.run()]
    await sweep.close()
    assert view.result is not None
    assert (view.cut, view.result.verdict) == ("deadline", Verdict.UNKNOWN)
    assert {"no-answer-to-ping", "large-packets-vanish"} <= set(view.result.not_begun)
    assert "host-does-not-answer-ssh" not in view.result.not_begun, "it needs one host, and was under way"
    assert "host-does-not-answer-ssh" in {one.symptom for one in view.result.unfinished}


async def test_cut_before_anything_was_planned_all_of_it_was_not_begun(session: Session) -> None:
    sweep = Sweep(session, EVERYTHING)
    result = sweep.partial().result
    await sweep.close()
    assert result is not None
    assert result.verdict is Verdict.UNKNOWN
    assert "no cause was found by then" in result.text.en
    assert {"no-answer-to-ping", "host-does-not-answer-ssh"} <= set(result.not_begun)


async def test_what_came_to_its_end_was_begun(session: Session) -> None:
    _, views = await swept(session)
    assert views[-1].result is not None
    assert views[-1].result.not_begun == ()


def test_what_a_list_would_have_told_was_not_begun() -> None:
    knowledge = load([shipped()], catalog()).knowledge
    lists = lists_for(knowledge, EVERYTHING)
    told = set(not_begun(knowledge, EVERYTHING, pairs=False, lists=lists))
    assert "node-not-ready" in told
    assert "no-answer-to-ping" not in told
    assert not set(not_begun(knowledge, EVERYTHING, pairs=False, lists=()))


async def test_a_cause_whose_fixes_were_not_worked_out_by_then_does_not_say_that_it_has_none(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rendering, "begin", lambda self, groups: None)
    _, views = await swept(session)
    assert views[-1].result is not None
    (finding,) = views[-1].result.causes
    assert (finding.cause.fixes, finding.cause.fixes_later) == ((), True)
    with pytest.raises(UsageError, match="before the fixes of this cause were worked out"):
        session.repair(finding.cause)
    (diagnosis,) = (entry.data for entry in read(session.journal_path).entries if entry.kind == "diagnosis")
    assert diagnosis["causes"][0]["fixes_later"] is True


async def test_only_one_layer(session: Session) -> None:
    _, views = await swept(session, Wanted(layers=frozenset({"cluster"})))
    assert (views[-1].trees, views[-1].looks) == (0, 0)
    assert views[-1].result is not None
    assert views[-1].result.verdict is Verdict.UNKNOWN


async def test_only_one_host(session: Session) -> None:
    sweep, views = await swept(session, Wanted(hosts=frozenset({"kubernetes-host"})))
    assert {outcome.inputs.get("host", "kubernetes-host") for outcome in sweep.outcomes} == {"kubernetes-host"}
    assert views[-1].result is not None
    assert views[-1].result.causes[0].cause.id == "ip-forward-off"


# ------------------------------------------------------------------ which trees


def test_inputs_come_from_the_site_and_defaults(session: Session) -> None:
    site = Site("s", (Host("a", ("10.0.0.1",)), Host("b")), clouds=(Cloud("c"),), clusters=(Cluster("k"),))
    planned = [(one.symptom, dict(one.inputs)) for one in lone_trees(session.knowledge, site, EVERYTHING)]
    assert ("host-does-not-answer-ssh", {"host": "a"}) in planned
    assert ("kubernetes-api-does-not-answer", {"cluster": "k"}) in planned
    assert ("agents-or-services-down", {"cloud": "c"}) in planned
    assert ("networks-overlap", {}) in planned
    assert "no-answer-to-ping" not in {symptom for symptom, _ in planned}
    assert list(pair_trees(session.knowledge, site, EVERYTHING, ())) == []
    assert list(lone_trees(session.knowledge, Site("nothing"), EVERYTHING)) == []


def test_what_waits_for_an_operator_is_named_where_it_could_be() -> None:
    knowledge = load([shipped()], catalog()).knowledge
    bare, full = Site("bare"), Site("full", clouds=(Cloud("c"),), clusters=(Cluster("k"),))
    waiting = {one.symptom: one.needs for one in not_swept(knowledge, full, EVERYTHING)}
    assert waiting["server-gets-no-address-or-metadata"][0] == "cloud"
    assert not_swept(knowledge, bare, EVERYTHING) == ()


def test_a_tree_that_stands_for_another_comes_to_all_its_causes() -> None:
    knowledge = load([shipped()], catalog()).knowledge
    standing = [symptom for symptom in knowledge.symptoms.values() if symptom.swept_by]
    assert standing
    for symptom in standing:
        other = knowledge.symptoms[symptom.swept_by]
        own = set(causes_from(knowledge, symptom, Goto(symptom.first)))
        assert own <= set(causes_from(knowledge, other, Goto(other.first))), symptom.id


def test_the_first_look_of_every_swept_tree_can_say_that_all_is_well() -> None:
    """Or it would name what nobody has."""
    knowledge = load([shipped()], catalog()).knowledge
    well = (Verdict.NOTHING_FOUND, Verdict.NOT_A_FAULT)
    for symptom in knowledge.symptoms.values():
        if all(one.each or one.default for one in symptom.inputs.values()) and not symptom.swept_by:
            assert any(end.verdict in well or end.absent for end in symptom.ends.values()), symptom.id

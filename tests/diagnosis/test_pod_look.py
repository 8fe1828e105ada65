"""A look from short-lived pods: what is made, what is written down before and after, and that it is always removed.

`kubectl` is a program here that notes how it was called; the real one and real pods are in tests/end_to_end."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from base.errors import UsageError
from diagnosis.look_manifest import Place, checked_job, manifest_of, place_of
from diagnosis.past import DONE
from diagnosis.past_look import PastLook
from diagnosis.pod_look import PodLook
from diagnosis.policy import confirmation, refusals
from diagnosis.session import Session
from journal.store import open_for_append, read
from probes.node.tries import Try
from probes.site import Cluster, FixPolicy, Site
from probes.toolbox import LiveToolbox
from probes.wish import Wish
from tests.probes.pki import kubeconfig

WISH = Wish("lab", ("w1", "w2"), (Try("tcp", "10.96.7.7", 80), Try("tcp", "10.244.1.4", 8080)))
BY = confirmation("typed y", "kim")
KUBECTL = """\
#!/bin/sh
echo "$@" >> {folder}/calls
case "$*" in
  *create*) cat > {folder}/made; {create} ;;
  *get*job*) [ ! -e {folder}/made ] || echo job.batch/x ;;
  *delete*) rm -f {folder}/made; {delete} ;;
esac
"""


def kubectl(folder: Path, create: str = "echo made", delete: str = "echo deleted") -> None:
    program = folder / "kubectl"
    program.write_text(KUBECTL.format(folder=folder, create=create, delete=delete))
    program.chmod(0o755)


def calls(folder: Path) -> list[str]:
    """The verb of each call."""
    said = (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []
    return [next(verb for verb in ("create", "delete", "get") if verb in line.split()) for line in said]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Of a cluster whose API answers nobody."""
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    kubectl(tmp_path)
    file = kubeconfig(tmp_path / "conf", "https://127.0.0.1:1")
    cluster = Cluster(
        "lab", (file,), look_image="registry.local/bb:1", look_namespace="probe", look_pull_secret="pull"
    )
    return Site("test", clusters=(cluster,))


@pytest.fixture
async def session(site: Site) -> AsyncIterator[Session]:
    session = Session(site, argv=())
    yield session
    await session.close()


async def looked(look: PodLook) -> PodLook:
    async for _ in look.apply(confirmed_by=BY):
        pass
    return look


def entries(session: Session) -> list[tuple[str, dict[str, Any]]]:
    kinds = ("intent", "outcome", "undo-intent", "undo-outcome")
    return [(one.kind, dict(one.data)) for one in read(session.journal_path).entries if one.kind in kinds]


# ------------------------------------------------------------------ what is made


def test_the_pods_may_do_nothing_and_end_by_themselves() -> None:
    made = manifest_of(WISH, Place("busybox:1.36", "default", "pull"), "deadhop-look-1", "s1")
    job, pod = made["spec"], made["spec"]["template"]["spec"]
    assert (job["backoffLimit"], job["completions"], job["parallelism"]) == (0, 2, 2)
    assert job["activeDeadlineSeconds"] + job["ttlSecondsAfterFinished"] <= 300
    assert (pod["restartPolicy"], pod["automountServiceAccountToken"]) == ("Never", False)
    assert not {"hostNetwork", "hostPID", "hostIPC", "volumes", "nodeName"} & pod.keys()
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["resources"]["limits"].keys() == {"cpu", "memory"}
    terms = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert [term["matchFields"][0]["values"] for term in terms] == [["w1"], ["w2"]]
    assert made["metadata"]["annotations"]["deadhop/session"] == "s1"


def test_the_image_is_the_flags_the_sites_or_the_default(site: Site) -> None:
    assert place_of(site, "lab") == Place("registry.local/bb:1", "probe", "pull")
    assert place_of(site, "lab", "other:2").image == "other:2"
    assert place_of(Site("s"), "lab") == Place("busybox:1.36", "default")
    with pytest.raises(UsageError):
        place_of(site, "lab", "a b; rm -rf /")


def test_only_jobs_of_ours_are_asked_for() -> None:
    assert checked_job("deadhop-look-1234") == "deadhop-look-1234"
    for name in ("web", "deadhop-look-1; reboot", "--all"):
        with pytest.raises(UsageError):
            checked_job(name)


async def test_what_is_shown_is_one_line_that_holds_it_all(session: Session, tmp_path: Path) -> None:
    look = await session.pod_look(WISH)
    action = look.view.fix.actions[0]
    assert "\n" not in action.run
    made = json.loads(shlex.split(action.run)[2])
    assert made["metadata"]["name"] == look.view.fix.id
    assert f"delete job {look.view.fix.id} " in action.undo
    await looked(look)
    assert json.loads((tmp_path / "calls").read_text() and shlex.split(action.run)[2]) == made
    assert [entry["run"] for kind, entry in entries(session) if kind in ("intent", "undo-intent")] == [
        action.run,
        action.undo,
    ]


# ------------------------------------------------------------------ always removed


async def test_the_intent_comes_first_and_an_api_that_does_not_answer_leaves_nothing(
    session: Session, tmp_path: Path
) -> None:
    look = await looked(await session.pod_look(WISH))
    assert [kind for kind, _ in entries(session)] == ["intent", "outcome", "undo-intent", "undo-outcome"]
    assert calls(tmp_path) == ["create", "delete"]
    assert (look.view.phase, look.view.fix.actions[0].state) == ("failed", "undone")
    reply = session.looks.said(WISH)
    assert reply is not None
    assert reply.failure
    assert session.looks.said(WISH) is None  # read once: the next look is another one
    assert session.looks.why_not(WISH) == reply


async def test_what_the_api_refuses_is_said_and_there_is_nothing_to_remove(
    session: Session, tmp_path: Path
) -> None:
    said = 'Error from server (Forbidden): jobs.batch is forbidden: User "x" cannot create resource "jobs"'
    kubectl(tmp_path, create=f"echo '{said}' >&2; exit 1")
    look = await looked(await session.pod_look(WISH))
    assert (look.view.phase, look.view.message) == ("failed", f"the pod could not be made: {said}")
    assert calls(tmp_path) == ["create"]
    again = Session(session.site, argv=(), journal=None, past=read(session.journal_path))
    assert again.flying() == ()


async def test_whoever_stops_waiting_the_pods_are_removed(session: Session, tmp_path: Path) -> None:
    kubectl(tmp_path, create="sleep 5")
    task = asyncio.create_task(looked(await session.pod_look(WISH)))
    while "create" not in calls(tmp_path):
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await session.looks.close()
    assert calls(tmp_path) == ["create", "delete"]
    assert entries(session)[-1][0] == "undo-outcome"


async def test_what_cannot_be_removed_is_said_with_its_command(session: Session, tmp_path: Path) -> None:
    kubectl(tmp_path, delete="echo 'error: timed out waiting' >&2; exit 1")
    look = await looked(await session.pod_look(WISH))
    assert look.view.phase == "undo-failed"
    assert "timed out waiting" in look.view.message
    assert look.view.fix.actions[0].undo in look.view.hint


# ------------------------------------------------------------------ the site's rules


async def test_the_rules_of_the_site_hold_it(session: Session, tmp_path: Path) -> None:
    look = await session.pod_look(WISH)
    for policy in (
        FixPolicy(read_only=("lab",)),
        FixPolicy(read_only=("cluster:lab",)),
        FixPolicy(second_person=True),
    ):
        session.site = replace(session.site, fixes=policy)
        with pytest.raises(UsageError):
            await looked(look)
    assert calls(tmp_path) == []
    now = datetime.now().astimezone()
    assert not refusals(FixPolicy(max_risk="reversible"), look.view.fix, now=now, confirmed_by=("kim",))


# ------------------------------------------------------------------ after a crash


async def _killed(session: Session, *, removed: bool = False) -> Session:
    """The session's journal taken up by another, as it stood when the pods had been made."""
    look = await session.pod_look(WISH)
    action = look.view.fix.actions[0]
    session.note("intent", look._intent(BY), sync=True)
    session.note("outcome", {"action": 0, "state": "done"}, sync=True)
    if removed:
        session.note("undo-intent", {**look._of_fix(), "run": action.undo}, sync=True)
        session.note("undo-outcome", {"action": 0, "state": "done"}, sync=True)
    session.journal.close()
    path = session.journal_path
    return Session(session.site, argv=(), journal=open_for_append(path), past=read(path))


async def test_what_a_killed_deadhop_left_is_found_asked_after_and_removed(
    session: Session, tmp_path: Path
) -> None:
    again = await _killed(session)
    (tmp_path / "made").write_text("{}")
    (left,) = again.flying()
    assert left.state in DONE
    repair = await again.applied()
    assert isinstance(repair, PastLook)
    async for _ in repair.prepare():
        pass
    assert (repair.view.phase, repair.found[0][1].happened) == ("cut-short", True)
    async for _ in repair.undo():
        pass
    assert repair.view.phase == "undone"
    assert calls(tmp_path) == ["get", "delete"]
    await again.close()
    assert Session(session.site, argv=(), past=read(session.journal_path)).flying() == ()


async def test_what_the_cluster_has_removed_by_itself_is_gone(session: Session) -> None:
    again = await _killed(session)
    repair = await again.applied()
    assert isinstance(repair, PastLook)
    async for _ in repair.prepare():
        pass
    assert (repair.view.phase, repair.found[0][1].happened) == ("undone", False)
    await again.close()


async def test_a_look_that_was_removed_hides_no_fix_of_the_session(session: Session) -> None:
    again = await _killed(session, removed=True)
    assert again.flying() == ()
    assert await again.applied() is None
    toolbox = again.toolbox
    assert isinstance(toolbox, LiveToolbox)
    assert toolbox.phase == 0  # replies before and after it belong together
    await again.close()

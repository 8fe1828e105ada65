"""An object of an API that somebody changed since it was looked at is not changed over their head."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosis.session import Session, open_session
from lab.session import Lab
from tests.diagnosis.drilled import entries, seen

pytestmark = pytest.mark.lab

KNOWLEDGE = Path(__file__).parent / "knowledge"
LABELS = "kubectl -n default get service web -o jsonpath='{.metadata.labels}'"
OTHER = "kubectl -n default label service web deadhop.example/other=%s"


@pytest.fixture
def session(healed_kube_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path))
    return open_session(healed_kube_lab.site(console=False), argv=["test"], folders=[KNOWLEDGE])


async def test_a_changed_object_is_refused_unless_told_and_the_undo_is_compared(
    healed_kube_lab: Lab, session: Session
) -> None:
    lab = healed_kube_lab
    try:
        await session.ready()
        walk = session.walk("unlabelled", {"cluster": session.site.clusters[0].name})
        await seen(walk.run())
        assert walk.view.diagnosis is not None
        repair = session.repair(walk.view.diagnosis.causes[0])
        await seen(repair.prepare())
        assert repair.view.fix.actions[0].kept[0].what == "object default/services/web"

        assert lab.run("master", f"export KUBECONFIG=/etc/kubernetes/admin.conf; {OTHER % 'yes'}").returncode == 0
        await seen(repair.apply(confirmed_by="test"))
        assert repair.view.phase == "locked"
        assert "object default/services/web was changed by somebody else" in repair.view.message
        assert entries(session, "intent") == []
        assert "deadhop.example/seen" not in labels(lab)

        await seen(repair.apply(confirmed_by="test", take_lock=True))
        assert repair.view.phase == "verified"
        assert "deadhop.example/seen" in labels(lab)

        await seen(repair.undo())
        assert repair.view.phase == "undone"
        assert repair.view.fix.actions[0].restored is True
        assert "deadhop.example/seen" not in labels(lab)
    finally:
        await session.close()
        lab.run(
            "master",
            "kubectl --kubeconfig /etc/kubernetes/admin.conf -n default label service web deadhop.example/other-",
        )


def labels(lab: Lab) -> str:
    return lab.run("master", f"export KUBECONFIG=/etc/kubernetes/admin.conf; {LABELS}").stdout

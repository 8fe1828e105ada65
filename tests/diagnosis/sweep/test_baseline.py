"""A site beside its baseline: what differs, of what nobody can tell, and which baseline is this site's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from base.errors import ConfigError
from base.text import Lang, Text
from diagnosis.sweep.baseline import (
    GONE,
    NOT_READ,
    NOT_READ_THEN,
    NOT_THEN,
    Baseline,
    Comparison,
    Difference,
    Look,
    NotCompared,
    compared,
    look_at,
    look_of,
)
from diagnosis.sweep.differing import differs, placed
from diagnosis.sweep.keeping_good import Wish, as_kept, known, same_site, save
from probes.cluster.facts import Condition, Node, Nodes
from probes.facts import Setting, Snapshot, Unread
from probes.probe import Evidence, Failure
from probes.site import Cluster, Host, Site

FORWARDS = Setting("sysctl", "net.ipv4.ip_forward", ("1",))
CHAIN = Setting("firewall", "filter/INPUT", ("policy DROP", "-p tcp --dport 22 -j ACCEPT", "-j LOG"))
FILTER = Setting("sysctl", "net.ipv4.conf.eth0.rp_filter", ("2",))
ROUTE = Setting("route", "default", ("via 10.0.0.1 dev eth0",))
ALL = (FORWARDS, CHAIN, FILTER, ROUTE)
KINDS = ("sysctl", "firewall", "route", "bridge")
SITE = Site("/home/me/site.yaml", (Host("web1", ("10.0.0.2",)), Host("web2", ("10.0.0.3",))))
WEB1 = look_at("host:web1", ALL, KINDS)


def changed(setting: Setting, *lines: str) -> tuple[Setting, ...]:
    return tuple(replace(one, lines=lines) if one == setting else one for one in ALL)


def beside(*now: Look, then: Look = WEB1, whole: bool = True) -> Comparison:
    return compared(Baseline("2026-11-17T14:02:00+00:00", "/b", (), {then.place: then}), now, whole=whole)


def one_of(*settings: Setting) -> Difference:
    (found,) = beside(look_at("host:web1", settings, KINDS)).differences
    return found


# ------------------------------------------------------------------ what differs


def test_the_same_is_no_difference() -> None:
    assert beside(look_at("host:web1", reversed(ALL), KINDS)) == beside(WEB1)
    assert (beside(WEB1).differences, beside(WEB1).not_compared) == ((), ())


@pytest.mark.parametrize(
    ("settings", "en", "ko"),
    [
        (changed(FORWARDS, "0"), "net.ipv4.ip_forward 1 → 0", "net.ipv4.ip_forward 1 → 0"),
        (changed(FILTER, "1"), "rp_filter on eth0: 2 → 1", "eth0 의 rp_filter: 2 → 1"),
        (ALL[:3], "route default: via 10.0.0.1 dev eth0 → none", "라우트 default: via 10.0.0.1 dev eth0 → 없음"),
        (
            changed(CHAIN, "policy DROP", "-j LOG"),
            "chain filter/INPUT: − -p tcp --dport 22 -j ACCEPT",
            "체인 filter/INPUT: − -p tcp --dport 22 -j ACCEPT",
        ),
        (
            changed(CHAIN, "policy DROP", "-j LOG", "-p tcp --dport 22 -j ACCEPT"),
            "chain filter/INPUT: the same in another order",
            "체인 filter/INPUT: 내용은 같고 순서만 다름",
        ),
        (
            (*ALL, Setting("bridge", "br-tun", ("fail_mode secure", "port br-tun"))),
            "OVS bridge br-tun: + fail_mode secure; + port br-tun",
            "OVS 브리지 br-tun: + fail_mode secure; + port br-tun",
        ),
    ],
)  # fmt: skip
def test_in_words(settings: tuple[Setting, ...], en: str, ko: str) -> None:
    found = one_of(*settings)
    assert (differs(found)[Lang.EN], differs(found)[Lang.KO]) == (en, ko)
    assert placed(found).en == f"web1: {en}"


def test_sysctls_come_and_go_with_their_interface() -> None:
    """That the interface itself came is said by its link."""
    gone = look_at(
        "host:web1", (FORWARDS, CHAIN, ROUTE, Setting("sysctl", "net.ipv4.conf.eth7.rp_filter", ("1",))), KINDS
    )
    assert beside(gone).differences == ()
    module = look_at("host:web1", (*ALL, Setting("sysctl", "net.bridge.bridge-nf-call-iptables", ("1",))), KINDS)
    assert [one.name for one in beside(module).differences] == ["net.bridge.bridge-nf-call-iptables"]


# ------------------------------------------------------------------ what nobody can tell


def test_nothing_is_said_of_what_was_not_seen_then_or_now() -> None:
    dark = Look("host:web1", failure=Text("no answer", "no answer"))
    assert beside(dark).differences == ()
    assert beside(dark).not_compared == (NotCompared("host:web1", "", "now", Text("no answer", "no answer")),)
    assert beside(WEB1, then=dark).not_compared == (
        NotCompared("host:web1", "", "then", Text("no answer", "no answer")),
    )
    assert beside(WEB1, then=replace(WEB1, place="host:old")).not_compared == (
        NotCompared("host:web1", "", "then", NOT_THEN),
        NotCompared("host:old", "", "now", GONE),
    )
    assert beside(WEB1, then=replace(WEB1, place="host:old"), whole=False).not_compared[1:] == ()


def test_kinds_that_were_read_only_once_are_not_compared() -> None:
    denied = Text("sudo wants a password", "sudo wants a password")
    partly = look_at("host:web1", (FORWARDS,), ("sysctl", "route", "package"), {"firewall": denied})
    found = beside(partly)
    assert [(one.kind, one.name) for one in found.differences] == [("route", "default")]
    assert found.not_compared == (
        NotCompared("host:web1", "bridge", "now", NOT_READ),
        NotCompared("host:web1", "firewall", "now", denied),
        NotCompared("host:web1", "package", "then", NOT_READ_THEN),
    )
    neither = beside(look_at("host:web1", ALL, KINDS, {"swap": denied}))
    assert neither.not_compared == (NotCompared("host:web1", "swap", "now", denied),)


# ------------------------------------------------------------------ what probes say


def evidence(target: str, facts: object, failure: Failure | None = None) -> Evidence:
    return Evidence("e1", "p", target, {}, facts, failure, (), datetime.now(UTC), 0.0)


def test_of_hosts() -> None:
    snapshot = Snapshot("web1", ALL, KINDS, (Unread("package", "dpkg is broken"),))
    found = look_of(evidence("host:web1", snapshot))
    assert found == replace(WEB1, unread={"package": Text("dpkg is broken", "dpkg is broken")})
    failed = look_of(evidence("host:web1", None, Failure("timeout", "no answer")))
    assert failed.failure == Text("no answer", "no answer")


def test_of_nodes_without_what_changes_by_itself() -> None:
    ready = Condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")
    node = Node("w1", ("10.0.0.4",), "10.0.0.4", ("10.244.1.0/24",), "", "True", "", "", (ready,), (), False,
                "v1.35.4", "6.1", "containerd://1.6", "", ())  # fmt: skip
    then = look_of(evidence("cluster:k", Nodes("k", (node,))))
    words = replace(ready, message="posted a second later", reason="Again")
    drained = ("node.kubernetes.io/unschedulable=:NoSchedule",)
    assert (
        beside(
            look_of(evidence("cluster:k", Nodes("k", (replace(node, conditions=(words,)),)))), then=then
        ).differences
        == ()
    )
    sick = replace(node, conditions=(replace(ready, status="Unknown"),), unschedulable=True, taints=drained)
    (found,) = beside(look_of(evidence("cluster:k", Nodes("k", (sick,)))), then=then).differences
    assert differs(found).en == "node w1: − Ready True; + Ready Unknown; + cordoned"


# ------------------------------------------------------------------ on the disk


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    broken = Look("host:web2", failure=Text("no answer", "no answer"))
    file = save(tmp_path, SITE, [WEB1, broken], ["ip-forward-off"], "s1")
    found = known(SITE, Wish(use=True, file=tmp_path)).baseline
    assert found == known(SITE, Wish(use=True, file=file)).baseline
    assert found is not None
    assert (found.file, found.causes, found.looks) == (
        str(file),
        ("ip-forward-off",),
        {"host:web1": WEB1, "host:web2": broken},
    )
    assert datetime.fromisoformat(found.taken).tzinfo is not None
    assert file.stat().st_mode & 0o077 == 0


def test_the_newest_of_this_site_is_taken(tmp_path: Path) -> None:
    first = save(tmp_path, SITE, [WEB1], [], "s1")
    first.rename(tmp_path / "20200101-000000-aaaa.jsonl")
    newer = save(tmp_path, SITE, [WEB1], [], "s2")
    elsewhere = Site("/x", (Host("web1", ("192.0.2.1",)), Host("db", ())))
    save(tmp_path, elsewhere, [WEB1], [], "s3").rename(tmp_path / "29990101-000000-bbbb.jsonl")
    found = known(SITE, Wish(use=True, file=tmp_path)).baseline
    assert found is not None
    assert found.file == str(newer)


def test_no_baseline_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path))
    nothing = known(SITE, Wish(use=True))
    assert (nothing.baseline, nothing.refused) == (None, None)
    (tmp_path / "baselines").mkdir()
    assert known(SITE, Wish(use=True)) == nothing
    for named in (tmp_path / "baselines", tmp_path / "missing.jsonl"):
        with pytest.raises(ConfigError):
            known(SITE, Wish(use=True, file=named))


def test_of_another_site_it_is_refused_where_it_was_named(tmp_path: Path) -> None:
    file = save(tmp_path, SITE, [WEB1], [], "s1")
    other = Site("/srv/site.yaml", (Host("web1", ("192.0.2.1",)), Host("web2", ("192.0.2.2",))))
    with pytest.raises(ConfigError, match="another site") as refused:
        known(other, Wish(use=True, file=file))
    assert "/home/me/site.yaml" in refused.value.message
    assert "다른 사이트" in refused.value.korean[refused.value.message]


@pytest.mark.parametrize("hurt", ["cut", "torn", "altered", "emptied", "noise", "lost"])
def test_a_damaged_one_is_not_used_and_no_older_one_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hurt: str
) -> None:
    where = tmp_path / "baselines"
    save(where, SITE, [WEB1], [], "s1").rename(where / "20200101-000000-aaaa.jsonl")
    file = save(where, SITE, [WEB1, replace(WEB1, place="host:web2")], [], "s2")
    lines = file.read_bytes().splitlines(keepends=True)
    hurts = {
        "cut": b"".join(lines[:-1]),
        "torn": b"".join(lines)[:-40],
        "altered": b"".join(lines).replace(b'["1"]', b'["0"]', 1),
        "emptied": b"",
        "noise": b"\x00\xff" * 500,
        "lost": b"".join((lines[0], *lines[2:])),
    }
    file.write_bytes(hurts[hurt])
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path))
    found = known(SITE, Wish(use=True))
    assert found.baseline is None
    assert found.refused is not None
    assert str(file) in found.refused.en
    with pytest.raises(ConfigError, match="damaged"):
        known(SITE, Wish(use=True, file=file))


def test_a_site_grows_and_stays_the_same_one() -> None:
    then = {"host:a": ["10.0.0.1"], "host:b": ["10.0.0.2"], "cluster:k": []}
    assert same_site(then, {**then, "host:c": ["10.0.0.3"], "host:d": ["10.0.0.4"]})
    assert same_site(then, {"host:a": ["10.0.0.1"]}), "a site file of fewer hosts"
    assert same_site(then, {"host:a": [], "host:b": ["10.0.0.2"]}), "nobody says that it has another address"
    assert not same_site(then, {"host:a": ["192.0.2.1"], "host:b": ["192.0.2.2"], "cluster:k": []})
    assert not same_site({}, {})
    assert same_site({"cluster:k": []}, {"cluster:k": []})


def test_a_secret_in_a_rule_is_not_kept_and_is_no_difference(tmp_path: Path) -> None:
    told = '-m comment --comment "api_password=hunter2hunter2 for the probe" -j ACCEPT'
    look = look_at("host:web1", [replace(CHAIN, lines=(told,))], ["firewall"])
    file = save(tmp_path, SITE, [look], [], "s1")
    assert "hunter2" not in file.read_text()
    (tmp_path / "redaction.key").unlink()  # it was copied from elsewhere
    baseline = known(SITE, Wish(use=True, file=file)).baseline
    assert baseline is not None
    assert compared(baseline, [look], kept=as_kept).differences == ()
    other = replace(look, settings={("firewall", "filter/INPUT"): ("-j DROP",)})
    assert len(compared(baseline, [other], kept=as_kept).differences) == 1


def test_clusters_alone_are_a_site(tmp_path: Path) -> None:
    site = Site("kubeconfig", clusters=(Cluster("lab"),))
    file = save(tmp_path, site, [Look("cluster:lab", kinds=frozenset(["node"]))], [], "s1")
    assert known(site, Wish(use=True, file=file)).baseline is not None

"""What survives a reboot is written at once, keeps mode and owner, is done once, and is taken back to the byte."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.session import Lab
from tests.end_to_end.outages import OUTAGES, Ran, deadhop, diagnose
from tests.end_to_end.test_plan_script import run, written

pytestmark = pytest.mark.lab

RULE = "-A LIBVIRT_FWI -s 10.10.10.0/24 -d 192.168.100.0/24 -j ACCEPT"
RULES = "/etc/iptables/rules.v4"
REDHAT = "/etc/sysconfig/iptables"
FORWARD = "/etc/sysctl.d/90-deadhop-forward.conf"
FILTER = "/etc/sysctl.d/90-deadhop-rp-filter-enp8s0.conf"
HOST = "openstack-host"


class Case:
    """One outage, diagnosed; its fix is still to come."""

    def __init__(self, lab: Lab, fault: str, state: Path) -> None:
        self.lab, self.state = lab, state
        self.cause = next(outage.cause for outage in OUTAGES if outage.fault == fault)
        lab.break_(fault)
        found = diagnose(lab.paste(fault), lab.site(), state)
        assert found.document["causes"][0]["id"] == self.cause, found.stderr
        self.session = found.document["session"]

    def fix(self, *more: str) -> Ran:
        return deadhop("fix", self.session, *more, "--yes", "--json", state=self.state)

    def apply(self) -> Ran:
        done = self.fix("--cause", self.cause)
        assert (done.status, done.document["verified"]) == (0, True), done
        return done

    def persist(self) -> Ran:
        return self.fix("--cause", self.cause, "--persist")

    def undo(self) -> None:
        undone = self.fix("--undo")
        assert (undone.status, undone.document["phase"]) == (0, "undone"), undone

    def said(self, command: str) -> str:
        return self.lab.run(HOST, command).stdout


@pytest.fixture
def libvirt(healed_lab: Lab, tmp_path: Path) -> Iterator[Case]:
    """The lab's machine saves its rules as Red Hat does, or where a test says so as Debian's"""
    yield Case(healed_lab, "libvirt-reject", tmp_path / "state")
    healed_lab.run(HOST, f"rm -rf {Path(RULES).parent} {REDHAT}*; mv /root/saved {REDHAT}")


def saved_in(case: Case, path: str) -> None:
    """The saved rules are in that file alone, and it belongs to somebody in particular."""
    case.said(f"cp -p {REDHAT} /root/saved; rm {REDHAT}; mkdir -p {Path(RULES).parent}")
    if path:
        case.said(f"{{ echo '# ours'; cat /root/saved; }} > {path}; chmod 640 {path}; chown root:adm {path}")
        case.said(f"touch -d 2020-01-02T03:04:05 {path}")


@pytest.mark.parametrize("path", [REDHAT, RULES])
def test_saved_rules_keep_mode_owner_and_a_copy(libvirt: Case, path: str) -> None:
    saved_in(libvirt, path)
    before, first = libvirt.lab.snapshot(), libvirt.said(f"cat {path}")
    libvirt.apply()
    kept = libvirt.persist()
    assert (kept.status, kept.document["verified"]) == (0, True), kept
    assert libvirt.said(f"grep -c -x -e '{RULE}' {path}").strip() == "1"
    assert libvirt.said(f"stat -c '%a %U:%G' {path} {path}.deadhop").splitlines() == ["640 root:adm"] * 2
    assert libvirt.said(f"cat {path}.deadhop") == first
    assert libvirt.said(f"ls -d {path}*").split() == [path, f"{path}.deadhop"]
    assert libvirt.lab.run(HOST, f"iptables-restore --test {path}").returncode == 0
    libvirt.undo()
    assert libvirt.lab.snapshot() == before
    assert libvirt.said(f"stat -c %y {path}").startswith("2020-01-02 03:04:05")


def test_a_linked_file_stays_a_link(libvirt: Case) -> None:
    saved_in(libvirt, RULES)
    libvirt.said(f"mv {RULES} {RULES}.real; ln -s rules.v4.real {RULES}")
    before = libvirt.lab.snapshot()
    libvirt.apply()
    assert libvirt.persist().status == 0
    assert libvirt.said(f"readlink {RULES}").strip() == "rules.v4.real"
    assert libvirt.said(f"grep -c -x -e '{RULE}' {RULES}.real").strip() == "1"
    libvirt.undo()
    assert libvirt.lab.snapshot() == before


def test_where_no_service_restores_rules_it_says_so_and_leaves_nothing(libvirt: Case) -> None:
    saved_in(libvirt, "")
    before = libvirt.lab.snapshot()
    libvirt.apply()
    refused = libvirt.persist()
    assert refused.status == 4
    assert "none of these files is here" in refused.document["actions"][1]["output"]
    libvirt.undo()
    assert libvirt.lab.snapshot() == before


@pytest.mark.parametrize(
    ("fault", "path", "line"),
    [
        ("ip-forward-off", FORWARD, "net.ipv4.ip_forward=1"),
        ("rp-filter", FILTER, "net/ipv4/conf/enp8s0/rp_filter=2"),
    ],
)
def test_a_setting_lasts_in_a_file_of_its_own(
    healed_lab: Lab, tmp_path: Path, fault: str, path: str, line: str
) -> None:
    case = Case(healed_lab, fault, tmp_path / "state")
    before = healed_lab.snapshot()
    case.apply()
    kept = case.persist()
    assert (kept.status, kept.document["verified"]) == (0, True), kept
    assert case.said(f"cat {path}; stat -c '%a %U:%G' {path}; ls {path}*") == f"{line}\n644 root:root\n{path}\n"
    assert (
        case.said(f"sysctl -p {path}")
        .strip()
        .replace("/", ".")
        .endswith(line.replace("/", ".").replace("=", " = "))
    )
    case.undo()
    assert healed_lab.snapshot() == before


def test_a_file_of_somebody_else_is_neither_replaced_nor_removed(healed_lab: Lab, tmp_path: Path) -> None:
    healed_lab.run(HOST, f"echo net.ipv4.ip_forward=0 > {FORWARD}; chmod 600 {FORWARD}")
    case = Case(healed_lab, "ip-forward-off", tmp_path / "state")
    before = healed_lab.snapshot()
    case.apply()
    refused = case.persist()
    assert refused.status == 4
    assert "File exists" in refused.document["actions"][1]["output"]
    case.undo()
    assert healed_lab.snapshot() == before
    healed_lab.run(HOST, f"rm {FORWARD}")


def test_done_once_is_done(healed_lab: Lab, tmp_path: Path) -> None:
    """Through the exported script: a second `persist` finds everything done, from another folder too."""
    case = Case(healed_lab, "ip-forward-off", tmp_path / "state")
    before = healed_lab.snapshot()
    script = written(case.session, healed_lab.site(), tmp_path / "state", tmp_path)
    for words in (("apply", "--yes"), ("persist", "--yes")):
        assert run(script, *words).returncode == 0
    kept = healed_lab.snapshot()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    copy = elsewhere / "plan.sh"
    copy.write_text(script.read_text())
    again = run(copy, "persist", "--yes")
    assert (again.returncode, again.stdout.count("done already")) == (0, 2)
    assert healed_lab.snapshot() == kept
    assert run(script, "undo", "--yes").returncode == 0
    assert healed_lab.snapshot() == before


def test_known_hosts_changes_all_at_once_and_comes_back(healed_lab: Lab, tmp_path: Path) -> None:
    known = healed_lab.instance.known_hosts
    case = Case(healed_lab, "hostkey-changed", tmp_path / "state")
    known.write_text("# mine\n" + known.read_text())
    known.chmod(0o640)
    os.chown(known, 0, 4)
    os.utime(known, (1_600_000_000, 1_600_000_000))
    text, beside = known.read_text(), sorted(known.parent.iterdir())
    case.apply()
    now = known.stat()
    assert (now.st_mode & 0o7777, now.st_uid, now.st_gid) == (0o640, 0, 4)
    old, new = set(text.splitlines()), set(known.read_text().splitlines())
    assert "# mine" in new
    assert len(new - old) == 1
    assert len(old - new) >= 1
    assert sorted(known.parent.iterdir()) == sorted([*beside, known.with_name("known_hosts.deadhop")])
    case.undo()
    back = known.stat()
    assert known.read_text() == text
    assert (back.st_mode & 0o7777, back.st_uid, back.st_gid, int(back.st_mtime)) == (0o640, 0, 4, 1_600_000_000)
    assert sorted(known.parent.iterdir()) == beside

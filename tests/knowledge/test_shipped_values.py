"""No value of any shipped cause gets out of its word in a command, whatever a probe or a paste made of it."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from base.errors import DeadhopError, UsageError
from base.values import Value, check
from diagnosis.catalog import catalog
from knowledge.load import load, shipped
from knowledge.model import Action, Cause
from knowledge.render import render_actions

HOSTILE = (
    "10.0.0.0/24; rm -rf /",
    "$(touch PWNED)",
    "`touch PWNED`",
    "a b\tc",
    "x'; touch PWNED; '",
    'x"; touch PWNED; "',
    "| touch PWNED",
    "&& touch PWNED",
    "> PWNED",
    "line\ntouch PWNED",
    "{{ host }}",
    "~/.ssh",
    "/home/kim/my keys/known_hosts; touch PWNED",
    "/tmp/'$(touch PWNED)'",
    "/x > PWNED",
    "-rf",
    "*",
    "${HOME}",
    "!!",
    "\\",
    "",
    "방화벽 규칙; id",
)
GOOD: dict[str, object] = {
    "address": "192.168.100.101",
    "cidr": "192.168.100.0/24",
    "destination": "10.10.10.0/24",
    "host": "controller",
    "interface": "br-ex",
    "name": "INPUT",
    "fingerprint": "SHA256:jUfO3MLNacsHYB/6mijzhVWne5I3z+TQOBuNCq0gGHo",
    "unit": "ssh.service",
    "path": "/root/.ssh/known_hosts",
    "line": "filter",
    "public-key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOJ2toUCw+4QxgqUoQxd8WXoTYTTKaa",
    "port": 22,
    "count": 1,
    "yes-no": True,
    "cluster": "admin@lab",
    "cloud": "lab",
    "uuid": "0cf2f4c0-1f9f-46ff-bd58-17de29a30e85",
    "line[]": ["AMQP server on 192.168.100.101:5672 is unreachable"],
    "k8s-name": "kube-flannel",
    "path[]": ["/dev/vda2"],
    "words": ["failed to load kubelet config file"],
    "words[]": [["-i", "eth0", "-j", "DROP"]],
    "fingerprint[]": ["SHA256:jUfO3MLNacsHYB/6mijzhVWne5I3z+TQOBuNCq0gGHo"],
    "name[]": ["controller"],
    "uuid[]": ["0cf2f4c0-1f9f-46ff-bd58-17de29a30e85"],
    "k8s-name[]": ["kube-flannel"],
    "address[]": ["192.168.100.101"],
}
CAUSES = load((shipped(),), catalog()).knowledge.causes
SLOTS = [(cause.id, name) for cause in CAUSES.values() for name in cause.values]


def wrapped(kind: str, text: str) -> object:
    if kind == "words[]":
        return [[text, "-j", "DROP"]]
    return [text] if kind.endswith("[]") or kind == "words" else text


def with_hostile(cause: Cause, slot: str, text: str) -> dict[str, Value] | None:
    """Good values, and a hostile one in the slot; None when its kind refuses it."""
    values = {name: check(spec.kind, GOOD[spec.kind]) for name, spec in cause.values.items()}
    try:
        return {**values, slot: check(cause.values[slot].kind, wrapped(cause.values[slot].kind, text))}
    except UsageError:
        return None


def commands(cause: Cause, values: dict[str, Value]) -> Iterator[str]:
    """Everything that would be sent for any fix."""
    for fix in cause.fixes:
        for action in (*fix.actions, *fix.persist):
            yield from _of(action, values)


def _of(action: Action, values: dict[str, Value]) -> Iterator[str]:
    try:
        rendered = render_actions((action,), values)
    except DeadhopError:
        return
    for one in rendered:
        yield from filter(None, (one.run, one.undo, one.unless))


def words_a_shell_sees(command: str, folder: Path) -> list[str]:
    """By a real shell, with every program replaced by one that prints its words."""
    shown = "show() { printf '%s\\0' \"$@\"; }; show "
    bare = re.sub(r" >>? (?=\S)", " ", command)
    done = subprocess.run(["sh", "-c", shown + bare], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize(("cause", "slot"), SLOTS)
def test_a_hostile_value_is_refused_or_stays_one_word(cause: str, slot: str, tmp_path: Path) -> None:
    harmless = with_hostile(CAUSES[cause], slot, str(_plain(GOOD[CAUSES[cause].values[slot].kind])))
    assert harmless is not None
    for text in HOSTILE:
        values = with_hostile(CAUSES[cause], slot, text)
        if values is None:
            continue
        for plain, hostile in zip(commands(CAUSES[cause], harmless), commands(CAUSES[cause], values), strict=True):
            assert len(shlex.split(hostile)) == len(shlex.split(plain)), hostile
            assert len(words_a_shell_sees(hostile, tmp_path)) == len(shlex.split(_bare(plain))), hostile
    assert list(tmp_path.iterdir()) == []


def _plain(value: object) -> object:
    while isinstance(value, list):
        value = value[0]
    return value


def _bare(command: str) -> str:
    return re.sub(r" >>? (?=\S)", " ", command)


def test_who_makes_a_security_group_is_told_what_it_opens_by_itself() -> None:
    """Neutron lets all out of every new group: a fix that opens one port would open more than it says."""
    makes = [
        fix
        for cause in CAUSES.values()
        for fix in cause.fixes
        if any("security group create" in str(action.run) for action in fix.actions)
    ]
    assert len(makes) >= 6
    for fix in makes:
        assert fix.caution is not None, fix.id
        assert "two rules that let all out" in fix.caution.en, fix.id
        assert "모든 송신을 허용하는 규칙 두 개" in fix.caution.ko, fix.id

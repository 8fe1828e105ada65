"""Actions on values: repeated over lists, refused where a value is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.model import Cause
from knowledge.render import readable, render_actions
from knowledge.template import RenderError
from tests.knowledge.authoring import CAUSE, broken, loaded, write

ACTIONS = """\
    actions:
      - on: host
        sudo: true
        run: iptables -D FORWARD {{ spec }}
        undo: iptables -I FORWARD {{ spec }}
"""
EACH = """\
    actions:
      - on: host
        sudo: true
        each: rules
        run: iptables -D FORWARD {{ item }}
        undo: iptables -I FORWARD {{ item }}
        unless: iptables -C FORWARD {{ spec }}
"""


def cause_of(folder: Path, text: str) -> Cause:
    found = loaded(write(folder, cause=text))
    assert found.problems == ()
    return found.knowledge.causes["rejected"]


def test_once(tmp_path: Path) -> None:
    (action,) = render_actions(cause_of(tmp_path, CAUSE).fixes[0].actions, {"host": "gate", "spec": ("-s", "a b")})
    assert (action.on, action.run) == ("gate", "iptables -D FORWARD -s 'a b'")
    assert (action.undo, action.unless, action.sudo) == ("iptables -I FORWARD -s 'a b'", "", True)


def test_once_for_each_member(tmp_path: Path) -> None:
    text = broken(CAUSE, ACTIONS, EACH)
    cause = cause_of(tmp_path, broken(text, "  spec:", '  rules: {is: "words[]", optional: true}\n  spec:'))
    values = {"host": "gate", "spec": ("x",), "rules": (("-j", "DROP"), ("-s", "$(id)"))}
    actions = render_actions(cause.fixes[0].actions, values)
    assert [action.run for action in actions] == ["iptables -D FORWARD -j DROP", "iptables -D FORWARD -s '$(id)'"]
    assert [action.unless for action in actions] == ["iptables -C FORWARD x"] * 2
    with pytest.raises(RenderError, match="rules is empty"):
        render_actions(cause.fixes[0].actions, {**values, "rules": ()})
    with pytest.raises(RenderError, match="rules is not known"):
        render_actions(cause.fixes[0].actions, {"host": "gate", "spec": ("x",)})


def test_a_host_that_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="names no host"):
        render_actions(cause_of(tmp_path, CAUSE).fixes[0].actions, {"host": "", "spec": ()})


def test_conditions_read_optional_values_as_zero(tmp_path: Path) -> None:
    assert readable(cause_of(tmp_path, CAUSE), {"host": "gate"}) == {"host": "gate", "gateway": ""}

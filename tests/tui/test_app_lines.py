"""Values become text: readable, aligned, and inert whatever they hold."""

from dataclasses import replace

import pytest
from textual.content import Content

from base.errors import UsageError
from base.text import Lang, Text
from diagnosis.views import Diagnosis, RepairView
from knowledge.model import Risk, Verdict
from probes.exchange import Exchange, Reply, Request
from probes.linux.facts import Addresses, Sysctls
from probes.path.facts import Hit
from tests.tui.scripted import (
    ACTION,
    AT,
    BLIND,
    COUNTS,
    DIAGNOSIS,
    DROPS,
    HITS,
    REFUSES,
    cause,
    fix,
    reach,
    running,
)
from tui.lines import fix as fix_lines
from tui.lines import home, walk
from tui.lines.common import error_lines, key_rows, stacked
from tui.lines.facts import facts_table
from tui.widgets.hanging import Hanging, hung
from tui.widgets.rows import folded
from tui.words.en import EN
from tui.words.ko import KO

HOSTILE = "\x1b[31mred\x1b]8;;http://evil\x07 [bold]no[/] \u202egnp.exe\x00\x9b31m"
CONTROL = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066) if chr(code) != "\n"]


def assert_inert(content: Content) -> None:
    shown = content.plain
    assert not [repr(char) for char in CONTROL if char in shown]


def test_hostile_text_is_shown_and_does_nothing() -> None:
    nasty = replace(REFUSES, reason=HOSTILE, answer=Text(HOSTILE, HOSTILE), ask=Text(HOSTILE, HOSTILE))
    exchange = Exchange(Request("host:" + HOSTILE, HOSTILE), Reply(1, HOSTILE, HOSTILE), AT)
    evil = replace(HITS, exchanges=(exchange,), facts=Sysctls(HOSTILE, {HOSTILE: HOSTILE}))
    nasty = replace(nasty, evidence=evil, target="host:" + HOSTILE)
    contents = [
        walk.step_prompt(nasty, Lang.EN, EN),
        walk.evidence_head(nasty, Lang.EN, EN),
        *(stacked(walk.evidence_lines(nasty, mode, Lang.EN, EN)) for mode in walk.MODES),
        fix_lines.action_title(1, replace(ACTION, on=HOSTILE, run=HOSTILE), Lang.EN, EN),
        fix_lines.action_output(replace(ACTION, output=HOSTILE), EN),
        fix_lines.undo_line(replace(ACTION, undo=HOSTILE), EN),
        fix_lines.confirm_body(fix(), (replace(ACTION, run=HOSTILE),), "reversible", Lang.EN, EN),
        home.reach_line(replace(reach("x", "login"), asked=HOSTILE, user=HOSTILE), EN),
        home.pasted_line(HOSTILE * 3, EN),
        error_lines(EN, UsageError(HOSTILE, hint=HOSTILE)),
    ]
    for content in contents:
        assert_inert(content)
    assert "[bold]no[/]" in contents[0].plain


def test_steps_say_what_was_decided() -> None:
    assert walk.step_prompt(REFUSES, Lang.EN, EN).plain == (
        "✓ Who refuses the ping?\n  A machine on the way says port unreachable"
    )
    assert walk.step_prompt(running(COUNTS), Lang.EN, EN).plain.endswith(
        "asking openstack-host: path.firewall_hits"
    )
    assert "알 수 없음: sudo on worker1 wants a password" in walk.step_prompt(DROPS, Lang.KO, KO).plain
    assert walk.step_prompt(REFUSES, Lang.EN, EN, forgotten=True).plain.startswith("· ")


def test_facts_read_as_an_aligned_table() -> None:
    shown = facts_table(HITS.facts, EN).plain.splitlines()
    assert "host           openstack-host" in shown
    assert "out interface  virbr10" in shown
    assert "hits (1)" in shown
    assert shown[-1].startswith("· +20  REJECT  filter/LIBVIRT_FWI #3  -A LIBVIRT_FWI")
    assert facts_table(Addresses("a", ()), EN).plain.splitlines()[-1] == "addresses  –"


def test_facts_of_hundreds_of_rows_are_cut() -> None:
    hits = tuple(Hit("filter", "X", n, "rule", (), "DROP", n, False) for n in range(500))
    shown = facts_table(replace(HITS.facts, hits=hits), EN).plain  # type: ignore[type-var]
    assert "hits (500)" in shown
    assert shown.endswith("… 300 more")


def test_could_not_look_has_its_reason_and_hint() -> None:
    shown = stacked(walk.evidence_lines(replace(DROPS, evidence=BLIND), "facts", Lang.EN, EN)).plain
    assert shown == (
        "? could not look\n  sudo on worker1 wants a password\n  hint: allow `iptables-save` without one"
    )


def test_long_output_is_cut_with_a_note() -> None:
    assert walk.cut("short\n", EN).plain == "short"
    cut = walk.cut("x" * 300_000, EN).plain
    assert len(cut) < walk.CUT_CHARACTERS + 100
    assert "the export has all of it" in cut


def test_the_verdict_says_what_where_how_sure_and_why() -> None:
    shown = walk.verdict_lines(DIAGNOSIS, Lang.EN, EN).plain
    assert shown.startswith("✗ libvirt's NAT network rejects new inbound flows\nopenstack-host · certain")
    other = walk.other_lines(DIAGNOSIS, Lang.EN, EN).plain
    assert "It is not\n· not so: A route is missing\n  Who refuses the ping? [e1]" in other
    assert "Could not be seen\n? path.drops · worker1\n  sudo wants a password\n  hint: allow it" in other
    fine = Diagnosis(Verdict.NOT_A_FAULT, Text("A ClusterIP answers no ping", "ClusterIP 는 ping 에 답하지 않는다"))
    assert walk.verdict_lines(fine, Lang.KO, KO).plain == "✓ 장애가 아님\nClusterIP 는 ping 에 답하지 않는다"


@pytest.mark.parametrize(
    ("stopped_at", "port_state", "said"),
    [
        ("port", "silent", "no answer on port 22"),
        ("port", "refused", "port 22 is closed"),
        ("login", "open", "login as root refused"),
        ("name", "unknown", "its name has no address"),
        ("new-layer", "open", "new-layer"),
    ],
)
def test_what_stopped_the_way_to_a_host(stopped_at: str, port_state: str, said: str) -> None:
    assert home.stopped_text(reach("master", stopped_at, port_state), EN) == said


def test_a_jump_host_that_stops_is_named() -> None:
    stopped = replace(reach("worker1", "port", "silent"), host="jump")
    assert home.stopped_text(stopped, EN) == "no answer on port 22 (jump)"


def test_health_counts_and_columns() -> None:
    reached = {"a": reach("a"), "b": reach("b", "port", "silent")}
    assert home.health_counts(["a", "b", "c"], reached, EN).plain == "✓ 1 answer   ✗ 1 do not   … 1 being asked"
    shown = home.health_lines(["a", "b", "c"], reached, EN, 8).plain.splitlines()
    assert [line.rstrip() for line in shown] == ["✗ b: no answer on port 22", "✓ a", "… c"]


def test_a_paste_in_one_line() -> None:
    assert home.pasted_line("a\nb\nc\n", EN).plain == "… 3 lines pasted (6 B)  a"
    assert home.pasted_line("x" * 1_000_000, KO).plain.startswith("… 1줄 붙여 넣음 (1.0 MB)")


def test_keys_wrap_by_cells_not_letters() -> None:
    assert key_rows([("a", "one"), ("b", "two")], 12) == [[0, 1]]
    assert key_rows([("a", "하나"), ("b", "둘셋")], 12) == [[0], [1]]
    assert key_rows([("a", "very long indeed")], 5) == [[0]]


def test_wrapped_lines_hang_under_their_first_word() -> None:
    assert [part.plain for part in hung(Content("✓ one two three"), 10)] == ["✓ one two", "  three"]
    assert [part.plain for part in hung(Content("    aa bb cc dd"), 12)] == ["    aa bb cc", "    dd"]
    korean = hung(Content("  가나다 라마바 사아자"), 14)
    assert all(part.cell_length <= 14 for part in korean)
    assert Hanging(Content("a\n\nb")).wrapped(10).plain == "a\n\nb"


def test_risk_and_what_is_at_stake() -> None:
    view = RepairView("c", fix(Risk.DESTRUCTIVE), "planned")
    assert fix_lines.at_stake(view) == "openstack-host"
    assert fix_lines.risk_to_confirm(view) == "destructive"
    assert fix_lines.risk_to_confirm(RepairView("c", fix(), "blocked")) == "disruptive"
    assert fix_lines.risk_to_confirm(RepairView("c", fix(), "planned")) == "reversible"


def test_what_a_repair_allows() -> None:
    planned = RepairView("c", fix(), "planned")
    done = RepairView("c", fix(actions=(replace(ACTION, state="done"),)), "verified")
    assert (fix_lines.can_apply(planned), fix_lines.can_undo(planned), fix_lines.can_persist(planned)) == (
        True,
        False,
        False,
    )
    assert (fix_lines.can_apply(done), fix_lines.can_undo(done), fix_lines.can_persist(done)) == (False, True, True)
    assert not fix_lines.can_undo(replace(done, phase="applying"))
    assert not fix_lines.can_undo(
        RepairView("c", fix(actions=(replace(ACTION, state="done", undo=""),)), "verified")
    )
    assert not fix_lines.can_apply(RepairView("c", fix(unavailable="a value is missing"), "planned"))


def test_an_action_without_undo_says_so() -> None:
    assert "cannot be undone" in fix_lines.undo_line(replace(ACTION, undo=""), EN).plain
    by_hand = fix_lines.action_title(1, replace(ACTION, state="by-hand"), Lang.EN, EN).plain
    assert "run this at the console of openstack-host" in by_hand


def test_every_state_of_the_engine_has_words_and_a_symbol() -> None:
    for words in (EN, KO):
        assert set(words.action_state) == set(fix_lines.ACTION_SYMBOLS)
        assert set(words.phase) == set(fix_lines.PHASE_SYMBOLS)
        assert set(words.verdict) == set(walk.VERDICT_SYMBOLS)


def test_a_cause_with_refused_values_says_which() -> None:
    refused = replace(cause(), refused=("chain: '$(id)' is not of the kind `name`",))
    assert "? chain: '$(id)'" in walk.verdict_lines(replace(DIAGNOSIS, causes=(refused,)), Lang.EN, EN).plain


def test_all_of_a_step_shares_the_room_for_raw_output() -> None:
    exchange = Exchange(Request("host:a", "x"), Reply(0, "y" * 100_000), AT)
    lines = list(walk.raw_lines((exchange, exchange, exchange), EN))
    assert sum(len(line) for line in lines if isinstance(line, str)) == walk.RAW_CHARACTERS
    assert [str(line) for line in lines if "more characters" in str(line)] == [
        "… 50,000 more characters; the export has all of it",
        "… 100,000 more characters; the export has all of it",
    ]


def test_rows_lose_nothing() -> None:
    assert list(folded("abcdef", 4)) == ["abcd", "ef"]
    assert list(folded("", 4)) == [""]
    assert list(folded("가나다", 5)) == ["가나", "다"]
    assert list(folded("가", 5)) == ["가"]
    assert [str(row) for row in folded(Content("one two three"), 12)] == ["one two", "three"]


def test_failures_are_told_in_the_operators_language() -> None:
    from tui.words.ko import KO

    gone = UsageError("web1: no such target", hint="`deadhop site show` lists the hosts")
    assert "web1: 그런 대상이 없다" in error_lines(KO, gone).plain
    assert "호스트 목록: `deadhop site show`" in error_lines(KO, gone).plain
    assert "web1: no such target" in error_lines(EN, gone).plain

"""Every word of the screens, once for each language. A missing one is a type error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from base.text import Lang

if TYPE_CHECKING:
    from base.errors import DeadhopError


class Words(NamedTuple):
    """Texts with `{names}` are filled in where they are drawn. A tuple, for a dataclass of this size takes as long
    to make as the rest of the room to load."""

    lang: Lang

    # common
    hint: str
    yes: str
    no: str
    seconds: str
    this_machine: str
    cancel: str
    save: str
    drill: str
    drill_short: str
    read_only_short: str
    read_only: str
    room_busy: str
    room_through: str
    too_small: str
    disk_hint: str
    crashed: str
    crash_logged: str
    crash_not_logged: str

    # keys
    key_again: str
    key_anonymise: str
    key_apply: str
    key_back: str
    key_back_to_walk: str
    key_by_hand: str
    key_cancel: str
    key_change: str
    key_choose: str
    key_clear: str
    key_close: str
    key_copy: str
    key_edit: str
    key_know_undo: str
    key_export: str
    key_field: str
    key_fix: str
    key_pod_look: str
    key_go_on: str
    key_help: str
    key_home: str
    key_leave_it: str
    key_map: str
    key_next: str
    key_open: str
    key_palette: str
    key_panes: str
    key_persist: str
    key_quit: str
    key_save: str
    key_scroll: str
    key_sessions: str
    key_skip: str
    key_start: str
    key_sweep: str
    key_take: str
    key_take_lock: str
    key_trace: str
    key_undo: str
    key_view: str
    palette_placeholder: str
    palette_key: str
    palette_theme: str
    palette_theme_note: str

    # help
    help: Mapping[str, str]
    """Screen → what it is for."""
    help_keys: str
    help_symbols: str
    symbols: str

    # home
    home: str
    question: str
    placeholder: str
    placeholder_more: str
    home_idle: str
    searching: str
    matches: str
    not_confident: str
    nothing_matches: str
    pasted: str
    pasted_one: str
    site_health: str
    health_fine: str
    health_stopped: str
    health_asking: str
    no_hosts: str
    stopped: Mapping[str, str]
    """Layer of `probes.facts.Reach.stopped_at` → what stopped the way in."""
    port_state: Mapping[str, str]
    key_state: Mapping[str, str]
    recent: str
    no_sessions: str
    knowledge_problems: str

    # map
    site_map: str
    map_looking: str
    map_below: str
    map_counts: str
    map_contradictions: str
    map_unseen: str
    map_empty: str
    no_map: str

    # trace
    trace: str
    trace_from: str
    trace_to: str
    trace_end: str
    trace_by: str
    trace_port: str
    trace_both: str
    trace_count: str
    trace_size: str
    trace_idle: str
    trace_ends: str
    trace_cancelled: str
    trace_busy: str

    # sweep
    sweep: str
    sweep_trees: str
    sweep_looks: str
    sweep_hosts: str
    sweep_silent: str
    sweep_counts: str
    sweep_nothing_yet: str
    sweep_more_later: str
    sweep_seen_by: str
    sweep_explains: str
    sweep_explained_by: str
    sweep_may_be_meant: str
    sweep_not_explained: str
    sweep_asks: str
    sweep_not_swept: str
    sweep_left_out: str
    sweep_unfinished: str
    sweep_not_begun: str
    sweep_ruled_out: str
    not_so: str
    sweep_as_baseline: str
    sweep_partly_as_baseline: str
    sweep_unlike_baseline: str
    sweep_changed: str
    sweep_differences: str
    sweep_not_compared: str

    # inputs
    start: str
    captured: str
    input_missing: str
    input_refused: str
    kinds: Mapping[str, str]
    """Kind of `base.values` → an example in words."""

    # walk
    panes: tuple[str, str, str]
    modes: Mapping[str, str]
    thinking: str
    looking: str
    step_running: str
    step_asking: str
    step_unknown: str
    step_forgotten: str
    stepped_back: str
    by_hand: str
    by_hand_note: str
    leave_unknown: str
    dont_know: str
    could_not_look: str
    nothing_said: str
    exit_status: str
    cut_here: str
    more_rows: str
    started: str
    verdict: Mapping[str, str]
    confidence: Mapping[str, str]
    no_diagnosis: str
    be_sure: str
    fixes: str
    recommended: str
    unavailable: str
    ruled_out: str
    not_seen: str
    runner_up: str

    # fix
    fix: str
    risk: Mapping[str, str]
    caution: str
    runs_on: str
    by_hand_at: str
    undo_word: str
    cannot_be_undone: str
    switch_then: str
    undo_not_known: str
    state_kept: str
    state_not_kept: str
    other_than_before: str
    switch_first: str
    edited: str
    action_state: Mapping[str, str]
    phase: Mapping[str, str]
    in_flight: str
    nothing_in_flight: str
    blocked_next: str
    blocked_risk: str
    undo_offered: str
    persist_offered: str
    persist_title: str
    confirm_title: str
    run_now: str
    look_title: str
    look_now: str
    look_running: str
    look_removed_by: str
    type_this: str
    type_exactly: str
    second_person: str
    undo_title: str
    undo_now: str
    leave_title: str
    leave_running: str
    leave_now: str
    edit_title: str
    edit_note: str
    copied: str

    # export and sessions
    export_title: str
    export_note: str
    export_markdown: str
    export_html: str
    export_json: str
    anonymise_on: str
    anonymise_off: str
    exported: str
    sessions: str
    reading: str

    def told(self, message: str) -> str:
        """What the rooms below say of a failure, in the language of the screens."""
        if self.lang is Lang.EN:
            return message
        from base.korean import in_korean

        return in_korean(message)

    def told_error(self, error: DeadhopError) -> tuple[str, str]:
        """Its message and hint."""
        if self.lang is Lang.EN:
            return error.message, error.hint
        from base.korean import told

        return told(error, self.lang)


def words_of(lang: Lang) -> Words:
    """The screens' words in this language."""
    if lang is Lang.KO:
        from tui.words.ko import KO

        return KO
    from tui.words.en import EN

    return EN


def lang_of(environment: Mapping[str, str]) -> Lang:
    """`DEADHOP_LANG`, else the locale: LC_ALL, LC_MESSAGES, LANG."""
    names = ("DEADHOP_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    said = next((environment[name] for name in names if environment.get(name)), "")
    return Lang.KO if said.lower().startswith("ko") else Lang.EN

"""Every mistake in a cause has its file, line and column, and a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.authoring import CAUSE, at, broken, loaded, problems_of, where, write

SAVE = "run: netfilter-persistent save, undo: netfilter-persistent save"
OWN = "/etc/a.d/b.conf"
CAUSE_MISTAKES = [
    (
        "values:",
        "subject: [hots]\nvalues:",
        "subject: [‸hots]",
        "the subject `hots` is none",
        "did you mean `host`?",
    ),
    ("values:", "crowd: [hots]\nvalues:", "crowd: [‸hots]", "the crowd `hots` is none", "did you mean `host`?"),
    (
        "values:",
        "crowd: [host]\nvalues:",
        "crowd: ‸[host]",
        "a cause with fixes is one for each target",
        "leave `crowd`",
    ),
    ("values:", "explains: {cause: [a]}\nvalues:", "{‸cause", "unknown key `cause`", "did you mean `causes`?"),
    (
        "values:",
        "explains: {causes: [rejectd]}\nvalues:",
        "[‸rejectd]",
        "unknown cause `rejectd`",
        "did you mean `rejected`?",
    ),
    (
        "values:",
        "explains: {symptoms: [no-ech]}\nvalues:",
        "[‸no-ech]",
        "unknown symptom",
        "did you mean `no-echo`?",
    ),
    (SAVE, f"file: {{drop_in: {OWN}}}", "file: ‸{", "`drop_in` needs `lines`", ""),
    (SAVE, f"file: {{drop_in: {OWN}, lines: [a], key: b}}", "file: ‸{", "and nothing else", ""),
    (SAVE, "file: {lines: [a]}", "file: ‸{", "a file is either", ""),
    (SAVE, "file: {drop_in: etc/b, lines: [a]}", "file: ‸{", "a path begins with `/`", ""),
    (SAVE, 'file: {drop_in: "{{ target }}", lines: [a]}', "file: ‸{", "of the kind `path`", ""),
    (SAVE, 'file: {ini: /etc/x, section: "{{ target }}", key: a, value: b}', "file: ‸{", "`ini` needs", ""),
    (SAVE, f"file: {{drop_in: {OWN}, lines: [a]}}, undo: 'true'", "‸undo: 'true'", "has its own `undo`", "leave"),
    (SAVE, f"file: {{drop_in: {OWN}, lines: ['{{{{ spek }}}}']}}", "", "`spek` is none of the values", "`spec`?"),
    (SAVE, f"file: {{drop_in: {OWN}, lines: ['x{{{{ spec }}}}']}}", "", "must stand alone", ""),
    (SAVE, "text: {en: Save, ko: 저장}", "", "`run` is missing", "or the `file` it changes"),
    (
        SAVE,
        f"{SAVE}, state: {{probe: path.ping}}",
        "probe: ‸path.ping}}",
        "`path.ping` shows no state",
        "linux.state",
    ),
    (SAVE, f"{SAVE}, state: {{probe: linux.stat}}", "", "unknown probe `linux.stat`", "`linux.state`?"),
    (
        SAVE,
        f"{SAVE}, state: {{probe: linux.state, with: {{file: target}}}}",
        "‸file: target",
        "unknown name",
        "files",
    ),
    (SAVE, f"{SAVE}, state: {{probe: linux.state, with: {{files: target}}}}", "", "is list of string", ""),
    ("spec: {is: words}", "spec: {is: wrods}", "is: ‸wrods", "unknown kind `wrods`", "did you mean `words`?"),
    ("host: host\n", "host: hots\n", "host: ‸hots", "unknown kind `hots`", "`host`?"),
    (
        "{{ spec }}\n        undo",
        "{{ spek }}\n        undo",
        "run: ‸ipt",
        "`spek` is none of the values",
        "`spec`?",
    ),
    ("-D FORWARD {{ spec }}", "-D FORWARD x{{ spec }}", "run: ‸ipt", "must stand alone", ""),
    ("run: iptables -D FORWARD", "run: iptables -D FORWARD; id", "FORWARD‸; id", "`;` in a command", ""),
    ("run: iptables -D FORWARD", "run: iptables -F && id", "-F ‸&&", "`&&` would run without sudo", "two actions"),
    ("        undo: iptables -I FORWARD {{ spec }}\n", "", "- ‸on: host\n        sudo", "`undo` is missing", ""),
    ("risk: reversible", "risk: reversible\n    irreversible: true", "risk: ‸rev", "is not `reversible`", ""),
    ("risk: reversible", "risk: destructive", "risk: ‸destr", "names what is lost", "`loses: NAME`"),
    ("risk: reversible", "risk: reversible\n    loses: x", "loses: ‸x", "no value is called `x`", "one of: "),
    ("risk: reversible", "risk: harmless", "risk: ‸harmless", "none of the known words", "known: `destructive`"),
    ("    recommended: true\n", "", "fixes:\n  ‸- id", "no fix is recommended", ""),
    ("    verify: {", "    vorify: {", "  - ‸id: remove", "`verify` is missing", "seen that the fix worked"),
    ("verify.received > 0", "verify.recieved > 0", "verify.‸recieved", "no field `recieved`", "`received`?"),
    ("r.spec == spec", "r.spec == host", "r.spec ‸== host", "cannot compare list of string with string", ""),
    ("sudo: true\n        run", "sudo: true\n        each: target\n        run", "each: ‸target", "is no list", ""),
    ("-D FORWARD {{ spec }}", "-D FORWARD {{ item }}", "run: ‸ipt", "`item` is none of the values", "needs `each`"),
    ("host: host\n", "host: cluster\n", "  ‸sudo: true", "whether it needs root", "leave it out"),
    ("host: host\n", "host: cloud\n", "run: ‸iptables -D", "begin with `openstack`", "one call of the client"),
    ("attempts: 2", "attempts: two", "attempts: ‸two", "a whole number is wanted here", ""),
    ("values:\n  host: host", "values:\n  hast: host", "", "the target `host` is none of the values", ""),
    ("gateway: {is: address, optional: true,", "gateway: {is: address,", "  ‸gateway", "no tree ever sets", ""),
]


@pytest.mark.parametrize(("old", "new", "place", "message", "hint"), CAUSE_MISTAKES)
def test_mistakes_in_a_cause(tmp_path: Path, old: str, new: str, place: str, message: str, hint: str) -> None:
    text = broken(CAUSE, old, new)
    found = [one for one in problems_of(write(tmp_path, cause=text), "rejected.yaml") if message in one.message]
    assert found, [str(problem) for problem in problems_of(tmp_path)]
    assert hint in found[0].hint
    if place:
        assert at(found[0]) == where(text, place)
    assert loaded(tmp_path).knowledge.causes == {}

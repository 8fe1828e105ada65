"""A small symptom and its cause, as files, for tests to break."""

from __future__ import annotations

from pathlib import Path

from base.errors import Problem
from diagnosis.catalog import catalog
from knowledge.load import Loaded, load

SYMPTOM = """\
id: no-echo
title: {en: No echo, ko: 응답이 없다}
phrases: {en: [nothing comes back], ko: [아무것도 돌아오지 않는다]}
signatures:
  - 'From (?P<_rejecter>\\S+) no echo from (?P<target>\\S+)'
inputs:
  source: {is: host, each: site.hosts, ask: {en: "Which machine?", ko: "어느 장비?"}}
  target: {is: address, ask: {en: "Which address?", ko: "어느 주소?"}}
steps:
  reach:
    ask: {en: "What comes back?", ko: "무엇이 돌아오는가?"}
    probe: path.ping
    on: source
    with: {target: target, count: 5}
    branches:
      - {when: reach.received == reach.sent, end: answers}
      - {when: 'reach.error_from != ""', go: rule}
      - {go: powered}
    unknown: {go: powered}
  rule:
    ask: {en: "Which rule counts?", ko: "어느 규칙이 세는가?"}
    probe: path.firewall_hits
    on: host_of(reach.error_from)
    with: {source: source, target: target, packets: 20}
    branches:
      - when: rule.hits.exists(h, h.verdict == "REJECT")
        cause: rejected
        set: {host: rule.host, target: target, spec: 'rule.hits.filter(h, h.verdict == "REJECT")[0].spec'}
      - {conclude: nobody-knows}
    unknown: {conclude: nobody-knows}
  powered:
    ask: {en: "Is it powered?", ko: "전원이 켜져 있는가?"}
    options:
      on: {en: It is on, ko: 켜져 있다}
      off: {en: It is off, ko: 꺼져 있다}
    branches:
      - {when: powered.answer == "off", end: is-off}
      - {conclude: nobody-knows}
    unknown: {conclude: nobody-knows}
ends:
  answers: {verdict: nothing-found, text: {en: It answers, ko: 응답한다}}
  is-off: {verdict: not-a-fault, text: {en: It is switched off, ko: 전원이 꺼져 있다}}
  nobody-knows: {verdict: unknown, text: {en: It could not be told, ko: 알 수 없었다}}
"""

CAUSE = """\
id: rejected
title: {en: A rule rejects it, ko: 규칙이 거절한다}
why: {en: The rule rejects every packet., ko: 규칙이 모든 패킷을 거절한다.}
values:
  host: host
  target: address
  spec: {is: words}
  gateway: {is: address, optional: true, text: {en: The way around, ko: 우회로}}
fixes:
  - id: remove-rule
    title: {en: Remove the rule, ko: 규칙을 지운다}
    recommended: true
    risk: reversible
    impact: {en: Only this rule goes, ko: 이 규칙만 사라진다}
    precondition:
      {probe: linux.firewall, on: host, when: 'precondition.rules.exists(r, r.spec == spec)'}
    actions:
      - on: host
        sudo: true
        run: iptables -D FORWARD {{ spec }}
        undo: iptables -I FORWARD {{ spec }}
    persist:
      - {on: host, sudo: true, run: netfilter-persistent save, undo: netfilter-persistent save}
    verify: {probe: path.ping, on: operator, with: {target: target}, when: verify.received > 0, attempts: 2}
references: [https://example.org]
"""

CASES = """\
- name: a rule rejects
  inputs: {source: web1, target: 192.0.2.7}
  hosts: {192.0.2.1: gate}
  facts:
    reach: {sent: 5, error: port-unreachable, error_from: 192.0.2.1}
    rule: {host: gate, hits: [{verdict: REJECT, spec: [-d, 192.0.2.7, -j, REJECT]}]}
  expect:
    cause: rejected
    path: [reach, rule]
    values: {host: gate, spec: [-d, 192.0.2.7, -j, REJECT]}
    commands: {remove-rule: [iptables -D FORWARD -d 192.0.2.7 -j REJECT, netfilter-persistent save]}
    undo: {remove-rule: [iptables -I FORWARD -d 192.0.2.7 -j REJECT, netfilter-persistent save]}
- name: it answers
  inputs: {source: web1, target: 192.0.2.7}
  facts: {reach: {sent: 5, received: 5, rtt_ms: 0.3}}
  expect: {end: answers, path: [reach], ruled_out: [rejected]}
- name: nothing counts
  inputs: {source: web1, target: 192.0.2.7}
  hosts: {192.0.2.1: gate}
  facts: {reach: {sent: 5, error_from: 192.0.2.1}, rule: {}}
  expect: {end: nobody-knows, path: [reach, rule]}
- name: the machine that refuses is not known
  inputs: {source: web1, target: 192.0.2.7}
  hosts: {192.0.2.1: ""}
  facts: {reach: {sent: 5, error_from: 192.0.2.1}}
  expect: {end: nobody-knows, path: [reach, rule]}
- name: it is off
  inputs: {source: web1, target: 192.0.2.7}
  facts: {reach: {sent: 5}, powered: off}
  expect: {end: is-off, path: [reach, powered]}
- name: it is on
  inputs: {source: web1, target: 192.0.2.7}
  facts: {reach: unknown, powered: on}
  expect: {end: nobody-knows, path: [reach, powered]}
- name: nobody looks
  inputs: {source: web1, target: 192.0.2.7}
  facts: {reach: {sent: 5}, powered: unknown}
  expect: {end: nobody-knows, path: [reach, powered]}
"""


def write(folder: Path, symptom: str = SYMPTOM, cause: str = CAUSE, cases: str = CASES) -> Path:
    """A folder of knowledge with the three files."""
    for name, text in (
        ("symptoms/host/no-echo.yaml", symptom),
        ("symptoms/host/no-echo.cases.yaml", cases),
        ("causes/host/rejected.yaml", cause),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def loaded(*folders: Path) -> Loaded:
    return load(folders, catalog())


def broken(text: str, old: str, new: str) -> str:
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def problems_of(folder: Path, file: str = "") -> list[Problem]:
    found = loaded(folder)
    return [problem for problem in found.problems if file in problem.place.file]


def at(problem: Problem) -> tuple[int, int]:
    return problem.place.line, problem.place.column


def where(text: str, needle: str) -> tuple[int, int]:
    """Line and column of the first place that holds the needle; `‸` in it marks the column."""
    before, _, after = needle.partition("‸")
    index = text.index(before + after) + len(before)
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)

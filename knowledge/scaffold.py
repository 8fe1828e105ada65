"""A symptom, its cases and its cause to start from: they load, and every branch is reached by a case."""

from __future__ import annotations


def new_symptom(name: str) -> str:
    return _SYMPTOM.replace("ID", name).replace("WORDS", name.replace("-", " "))


def new_cases(name: str) -> str:
    return _CASES.replace("ID", name)


def new_cause(name: str) -> str:
    """`name` is the symptom's id; the cause is called NAME-cause."""
    return _CAUSE.replace("ID", name).replace("WORDS", name.replace("-", " "))


_SYMPTOM = """\
# What the operator sees, and the questions that lead to the cause. `deadhop kb lint` checks this file.
id: ID
title:
  en: "Here: WORDS"
  ko: "여기에 제목: WORDS"
phrases:                # how people say it, for the search
  en: ["WORDS does not work"]
  ko: ["WORDS 이(가) 안 된다"]
signatures: []          # error texts as regular expressions; a group (?P<target>…) fills the input of that name
inputs:
  source:
    is: host
    each: site.hosts
    ask: {en: "Which machine sees it?", ko: "어느 장비에서 보이는가?"}
  target:
    is: address
    each: site.addresses
    ask: {en: "Which address does not answer?", ko: "응답하지 않는 주소는?"}
steps:
  reach:
    ask: {en: "What comes back?", ko: "무엇이 돌아오는가?"}
    probe: path.ping
    on: source
    with: {target: target, count: 5}
    branches:
      - {when: reach.received == reach.sent, end: answers}
      - cause: ID-cause
        set: {host: source, target: target}
    unknown: {conclude: not-seen}
ends:
  answers: {verdict: nothing-found, text: {en: "It answers now", ko: "지금은 응답한다"}}
  not-seen: {verdict: unknown, text: {en: "It could not be looked at", ko: "확인할 수 없었다"}}
"""

_CASES = """\
# Facts in, the way through the tree and the commands out. `deadhop kb test` runs them.
- name: it answers
  inputs: {source: web1, target: 192.0.2.10}
  facts:
    reach: {sent: 5, received: 5}       # fields left out are zero, empty or false
  expect: {end: answers, path: [reach]}
- name: nothing comes back
  inputs: {source: web1, target: 192.0.2.10}
  facts:
    reach: {sent: 5}
  expect:
    cause: ID-cause
    path: [reach]
    values: {host: web1, target: 192.0.2.10}
    commands: {forget-neighbour: [ip neigh flush to 192.0.2.10]}
- name: the machine cannot be asked
  inputs: {source: web1, target: 192.0.2.10}
  facts:
    reach: unknown
  expect: {end: not-seen, path: [reach]}
"""

_CAUSE = """\
# What is wrong, why, how to be sure, and what repairs it. Trees of symptoms lead here.
id: ID-cause
title:
  en: "Here: what is wrong behind WORDS"
  ko: "여기에 원인: WORDS"
why:
  en: "Say here why it happens."
  ko: "왜 일어나는지 여기에 쓴다."
values:                 # what trees `set`, each of a kind; commands and conditions use it by name
  host: host
  target: address
fixes:
  - id: forget-neighbour
    title: {en: "Forget the old neighbour entry", ko: "옛 이웃 항목을 지운다"}
    recommended: true
    risk: disruptive    # reversible | disruptive | destructive
    irreversible: true  # or write `undo` in every action
    impact: {en: "The next packet asks again who has the address", ko: "다음 패킷이 주소의 주인을 다시 묻는다"}
    actions:
      - {on: host, sudo: true, run: 'ip neigh flush to {{ target }}'}
    verify: {probe: path.ping, on: host, with: {target: target}, when: verify.received > 0}
"""

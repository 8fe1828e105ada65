"""deadhop kb new, schema: a start for those who write knowledge."""

from __future__ import annotations

import os
import re
from pathlib import Path

from base.errors import ConfigError, UsageError
from base.paths import config_dir
from deadhop.front import Front
from deadhop.output import to_json

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

_SYMPTOM = """\
# What the operator sees, and the questions that lead to the cause. `deadhop kb lint` checks it.
id: {id}
title:
  en: "{words}"
  ko: "{words} 문제"
phrases:                # how people say it, for the search
  en: ["{words} does not work"]
  ko: ["{words} 이 안 된다"]
signatures: []          # error texts as regular expressions; (?P<target>…) captures an input
inputs:
  source:
    is: host
    each: site.hosts
    ask: {{en: "Which machine sees it?", ko: "어느 장비에서 보이는가?"}}
  target:
    is: address
    each: site.addresses
    ask: {{en: "Which address does not answer?", ko: "응답하지 않는 주소는?"}}
steps:
  reach:
    ask: {{en: "Does it answer?", ko: "응답하는가?"}}
    probe: path.ping
    on: source
    with: {{target: target}}
    branches:
      - {{when: reach.received == reach.sent, end: answers}}
      - {{cause: {id}-cause, set: {{host: source, target: target}}}}
    unknown: {{conclude: unseen}}
ends:
  answers: {{verdict: nothing-found, text: {{en: "It answers", ko: "응답한다"}}}}
  unseen: {{verdict: unknown, text: {{en: "It could not be asked", ko: "물어볼 수 없었다"}}}}
"""

_CAUSE = """\
# What is wrong, why, how to be sure, and what repairs it. Symptoms' trees lead here.
id: {id}-cause
title:
  en: "{words}: the cause"
  ko: "{words}: 원인"
why:
  en: "Say here why it happens."
  ko: "왜 일어나는지 여기에 쓴다."
values:
  host: {{is: host}}
  target: {{is: address}}
fixes:
  - id: add-route
    title: {{en: "Route the target through the loopback interface", ko: "대상을 루프백 인터페이스로 보낸다"}}
    recommended: true
    risk: reversible      # reversible | disruptive | destructive
    impact: {{en: "An example: replace it by what repairs your cause", ko: "예시: 원인에 맞는 조치로 바꾼다"}}
    actions:
      - on: host
        sudo: true
        run: ip route add {{{{ target }}}}/32 dev lo
        undo: ip route del {{{{ target }}}}/32 dev lo
    verify: {{probe: path.ping, on: host, with: {{target: target}}, when: verify.received > 0}}
"""

_CASES = """\
# Facts in, the way through the tree and the commands out; fields of facts that are not written are zero or empty.
# `deadhop kb test` runs them, and names every branch, `unknown` and fix that no case reaches.
- name: it answers
  inputs: {{source: web1, target: 192.0.2.10}}
  facts:
    reach: {{sent: 5, received: 5}}
  expect: {{end: answers, path: [reach]}}
- name: it does not answer
  inputs: {{source: web1, target: 192.0.2.10}}
  facts:
    reach: {{sent: 5, received: 0}}
  expect:
    cause: {id}-cause
    values: {{host: web1, target: 192.0.2.10}}
    commands:
      add-route: [ip route add 192.0.2.10/32 dev lo]
    undo:
      add-route: [ip route del 192.0.2.10/32 dev lo]
- name: nobody could look
  inputs: {{source: web1, target: 192.0.2.10}}
  facts:
    reach: unknown
  expect: {{end: unseen}}
"""


def new(front: Front) -> int:
    """Three files that pass `kb lint`, to be filled with what the author knows."""
    name, layer = front.arguments.id, front.arguments.layer
    for word in (name, layer):
        if not _ID.fullmatch(word):
            message = front.say("`{}` is no id", "`{}` 은(는) id 로 쓸 수 없다").format(word[:60])
            raise UsageError(
                message, hint=front.say("small letters, digits and hyphens", "영문 소문자, 숫자, 하이픈")
            )
    folder = Path(front.arguments.folder) if front.arguments.folder else config_dir() / "knowledge"
    words = name.replace("-", " ")
    written = [
        _write(folder / "symptoms" / layer / f"{name}.yaml", _SYMPTOM.format(id=name, words=words)),
        _write(folder / "symptoms" / layer / f"{name}.cases.yaml", _CASES.format(id=name)),
        _write(folder / "causes" / layer / f"{name}-cause.yaml", _CAUSE.format(id=name, words=words)),
    ]
    if front.out.json:
        front.out.object("kb-new", {"files": [str(path) for path in written]})
        return 0
    for path in written:
        front.out.line(str(path))
    front.out.talk(front.say("next: deadhop kb lint, deadhop kb test", "다음: deadhop kb lint, deadhop kb test"))
    return 0


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="deadhop kb new OTHER-ID, --folder FOLDER") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def schema(front: Front) -> int:
    """JSON Schema of one kind of file. It is JSON either way; `--json` puts it into the usual envelope."""
    document = _of_file(front.arguments.what)
    if front.out.json:
        front.out.object("kb-schema", {"of": front.arguments.what, "schema": document})
    else:
        front.out.raw(to_json(document) + "\n")
    return 0


def _of_file(what: str) -> dict[str, object]:
    """A cases file is a list of cases."""
    from knowledge.schema import json_schema

    if what != "cases":
        return json_schema(what)
    case = json_schema("case")
    shared: dict[str, object] = {key: case.pop(key) for key in ("$schema", "$defs") if key in case}
    return {**shared, "type": "array", "items": case}

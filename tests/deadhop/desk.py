"""An operator's desk: a home of its own, a site with one dead host, knowledge whose fixes touch files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SSH_CONFIG = """\
Host dead
  HostName 127.0.0.1
  Port {port}
  UserKnownHostsFile /dev/null
"""

SYMPTOM = """\
id: marker-is-missing
title: {en: The marker is missing, ko: 표시 파일이 없다}
phrases: {en: [the marker file is gone], ko: [표시 파일이 사라졌다]}
signatures: ['marker (?P<file>/\\S+) is gone']
inputs:
  dead: {is: host, ask: {en: "Which host is dead?", ko: "죽은 호스트는?"}}
  file: {is: path, ask: {en: "Which file is missing?", ko: "없어진 파일은?"}}
steps:
  seen:
    ask: {en: "Did you look yourself?", ko: "직접 보았는가?"}
    options:
      looked: {en: I looked, ko: 보았다}
      guessed: {en: I guess, ko: 추측이다}
    branches:
      - {when: seen.answer == "looked", go: reach}
      - {conclude: go-and-look}
    unknown: {conclude: go-and-look}
  reach:
    ask: {en: "How far does a login get?", ko: "로그인이 어디까지 되는가?"}
    probe: host.reach
    on: operator
    with: {host: dead}
    branches:
      - when: reach.stopped_at == "port"
        cause: marker-was-removed
        set: {host: '"operator"', dead: dead, file: file}
      - {end: alive}
    unknown: {conclude: go-and-look}
ends:
  go-and-look: {verdict: unknown, text: {en: Go and look, ko: 가서 봐야 한다}}
  alive: {verdict: nothing-found, text: {en: All is well, ko: 이상이 없다}}
"""

CAUSE = """\
id: marker-was-removed
title: {en: Somebody removed the marker, ko: 누군가 표시 파일을 지웠다}
why: {en: Files go when they are removed, ko: 파일은 지우면 없어진다}
values: {host: host, dead: host, file: path}
fixes:
  - id: put-back
    title: {en: Put it back, ko: 다시 만든다}
    recommended: true
    risk: reversible
    impact: {en: One empty file, ko: 빈 파일 하나}
    actions:
      - {on: host, run: "touch {{ file }}", undo: "rm -f {{ file }}"}
    verify: {probe: host.reach, on: operator, with: {host: dead}, when: verify.stopped_at == "port"}
  - id: fails
    title: {en: Fail, ko: 실패한다}
    risk: reversible
    impact: {en: None at all, ko: 없음}
    actions:
      - {on: host, run: "test -d {{ file }}", undo: "rm -f {{ file }}"}
    verify: {probe: host.reach, on: operator, with: {host: dead}, when: verify.stopped_at == "port"}
  - id: slow
    title: {en: Take long, ko: 오래 걸린다}
    risk: disruptive
    impact: {en: Half a minute, ko: 30초}
    actions:
      - {on: host, run: "touch {{ file }}", undo: "rm -f {{ file }}"}
      - {on: host, run: "sleep 29", undo: "true", timeout: 40}
    verify: {probe: host.reach, on: operator, with: {host: dead}, when: verify.stopped_at == "port"}
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded


@dataclass(frozen=True)
class Desk:
    """Runs the real command in a process of its own."""

    home: Path
    site: Path
    marker: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "VIRTUAL_ENV") if key in os.environ}
        own = {"HOME": str(self.home), "DEADHOP_STATE": str(self.home / "state"), "LANG": "C.UTF-8"}
        own["PYTHONPATH"] = str(Path(__file__).parents[2])  # this tree, wherever deadhop is installed from
        return kept | own | {"XDG_CONFIG_HOME": str(self.home / "config")}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "deadhop", *words]

    def run(self, *words: str, stdin: bytes = b"", **environment: str) -> Outcome:
        done = subprocess.run(
            self.command(*words),
            input=stdin,
            capture_output=True,
            cwd=self.home,
            env=self.environment | environment,
            timeout=60,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    @property
    def marked(self) -> tuple[str, ...]:
        """The words of a walk that ends with the cause of the marker."""
        known = ("--site", str(self.site), "--set", "dead=dead", "--set", "seen=looked")
        return ("diagnose", f"marker {self.marker} is gone", *known)

    def diagnose(self, *more: str) -> Outcome:
        return self.run(*self.marked, *more)


def lay(home: Path, closed_port: int) -> Desk:
    (home / "ssh_config").write_text(SSH_CONFIG.format(port=closed_port))
    site = home / "site.yaml"
    site.write_text("version: 1\nssh_config: ssh_config\n")
    knowledge = home / "config" / "deadhop" / "knowledge"
    for room, name, text in (
        ("symptoms", "marker-is-missing", SYMPTOM),
        ("causes", "marker-was-removed", CAUSE),
    ):
        folder = knowledge / room / "host"
        folder.mkdir(parents=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return Desk(home, site, home / "marker")

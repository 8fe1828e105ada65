"""A lab as tests use it."""

import difflib
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from lab import breaking, check, site
from lab.errors import LabError
from lab.inside import script
from lab.instance import Instance
from lab.snapshot import snapshot


@dataclass(frozen=True, slots=True)
class Lab:
    instance: Instance

    @property
    def ssh_config(self) -> Path:
        return self.instance.ssh_config

    def site(self, console: bool = True) -> Path:
        return site.write_site(self.instance, console)

    def break_(self, fault: str) -> None:
        breaking.break_(self.instance, fault)

    def undo(self, fault: str) -> None:
        breaking.undo(self.instance, fault)

    def heal(self) -> None:
        breaking.heal(self.instance)

    def paste(self, fault: str) -> str:
        return breaking.paste(self.instance, fault)

    def run(self, host: str, command: str) -> subprocess.CompletedProcess[str]:
        """bash text in a machine, past its network and sshd; stdout holds both streams."""
        return script(self.instance, host, command)

    def silent_paths(self) -> list[tuple[str, str]]:
        """Paths of the healthy lab that do not answer now."""
        return check.silent_paths(self.instance)

    def snapshot(self) -> dict[str, str]:
        return snapshot(self.instance)

    def at_rest(self, seconds: float = 60) -> dict[str, str]:
        """The state once the routing daemons have nothing more to tell each other. LabError when that takes
        longer than `seconds`."""
        end = time.monotonic() + seconds
        now = self.snapshot()
        while time.monotonic() < end:
            time.sleep(1)
            before, now = now, self.snapshot()
            if before == now:
                return now
        raise LabError(f"the lab did not come to rest in {seconds:g} s")

    def changes_since(self, before: dict[str, str], seconds: float = 20) -> str:
        """The lines that are other than before, by machine; empty as soon as there are none. Routes that are
        learned again, and addresses that are being tried, have `seconds` to come back."""
        end = time.monotonic() + seconds
        while changes := _differences(before, self.snapshot()):
            if time.monotonic() > end:
                return changes
            time.sleep(1)
        return ""


def _differences(before: dict[str, str], after: dict[str, str]) -> str:
    lines = []
    for machine, state in before.items():
        changed = difflib.unified_diff(state.splitlines(), after[machine].splitlines(), lineterm="", n=1)
        lines += [f"{machine}: {line}" for line in changed]
    return "\n".join(lines)

"""A lab as tests use it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab import breaking, check, site
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

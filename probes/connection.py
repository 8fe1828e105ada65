"""The only way to the outside. SSH, local processes, consoles, netlink and replay all look like this."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from probes.exchange import Exchange, Reply

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Command:
    """One program call. Arguments are quoted by construction: there is no way to pass raw shell text
    except `script`, which fixes use and which is shown to the operator as it is."""

    argv: tuple[str, ...] = ()
    script: str = ""
    """A whole command line for `sh`, instead of argv."""
    sudo: bool = False
    """As root: plainly where the login is root, else `sudo -n`; `denied` where that wants a password."""
    timeout: float = 10.0
    """Seconds; then it is ended on the far side and the reply's failure is `timeout`."""
    limit: int = MEBIBYTE
    """Bytes of output kept per stream; past it the reply's failure is `too-long`."""
    alone: bool = False
    """Takes long (ping, capture): gets an exec of its own instead of travelling with others."""
    changes: bool = False
    """A fix: what was seen before it, a login that failed included, may no longer hold after it."""
    private: bool = False
    """It prints credentials: that it was asked is recorded, what it printed is not."""
    gentle: bool = False
    """With low priority there, where all that travels with it is gentle too."""
    on_output: Callable[[str], None] | None = None
    """Called with each piece of output as it comes; implies an exec of its own."""

    @property
    def text(self) -> str:
        return self.script or shlex.join(self.argv)


@runtime_checkable
class Connection(Protocol):
    """One per target, shared by all probes. Never raises for what the far side does: the reply says it.
    Cancelling `run` ends the remote command."""

    target: str

    async def run(self, command: Command) -> Reply: ...

    async def close(self) -> None: ...


Recorder = Callable[[Exchange], None]

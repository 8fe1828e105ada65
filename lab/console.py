"""A machine's out-of-band console, as `virsh console`, IPMI or `lxc exec` is in a real site."""

import os

from lab.inside import enter
from lab.instance import current
from lab.processes import ENV


def console(machine: str, arguments: list[str]) -> None:
    """Becomes a root shell in the machine with our stdin, stdout and stderr; does not return.

    The shell dies with nsenter; what it started is in the same process group.
    """
    argv = [*enter(current(), machine), "setpriv", "--pdeathsig", "KILL", "/bin/sh", *arguments]
    os.execvpe(argv[0], argv, ENV)

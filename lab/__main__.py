"""The network lab: ten machines with real systemd, sshd, FRR, iptables and OVS, and faults to put in.

DEADHOP_LAB names the lab (default: main). Labs with different names run side by side, each started
from its own network namespace.
"""

import io
import signal
import sys

from lab.errors import LabError


def main(argv: list[str]) -> int:
    try:
        if argv[:1] == ["console"] and len(argv) > 1:  # before argparse: it is started often
            from lab.console import console

            console(argv[1], argv[2:])
        from lab.commands import run_command

        return run_command(argv, __doc__ or "")
    except LabError as error:
        print(f"error: {error}", *([f"hint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return 3


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup, ssh could not end its own jump
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a locale without arrows is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))

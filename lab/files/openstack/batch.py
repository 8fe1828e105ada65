"""Runs each line of stdin as a command of OpenStack's client, in one process: starting it is most of its time.

Ends with the first command that fails; with --all, what fails was so already.
"""

import shlex
import sys

from openstackclient import shell

for line in sys.stdin:
    if shell.main(shlex.split(line)) and "--all" not in sys.argv:
        sys.exit(1)

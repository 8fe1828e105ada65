"""What vtysh is asked. Passwords of neighbours stand in the configuration: the filter works on the far side, and
what it leaves out never leaves the machine."""

from __future__ import annotations

import shlex

from probes.connection import Connection
from probes.linux.ask import ask, reply_to

DAEMONS = "/etc/frr/daemons"
FILES = ("/etc/frr/frr.conf", "/etc/frr/bgpd.conf")
"""The whole configuration, and the older way of a file for each daemon, which counts where the first is missing."""
_OF_A_NEIGHBOUR = "remote-as|peer-group|interface|route-map|prefix-list|filter-list|distribute-list|shutdown"
DECISIVE = (
    "^router |^route-map |^exit$|^ *(exit-)?address-family|^ *(network|redistribute|aggregate-address) "
    f"|^ *neighbor [^ ]+ ({_OF_A_NEIGHBOUR})( |$)"
)
"""Lines that decide on sessions and routes. bgpd writes them as they were given; of others it leaves out what is
its default, and would look as if it had lost them."""
NEIGHBOURS = ("vtysh", "-c", "show bgp neighbors json")
RUNNING = ("vtysh", "-c", f"show running-config bgpd | include {DECISIVE}")
COMMANDS = (
    "systemctl show",
    f"grep -hs '^bgpd=' {DAEMONS}",
    "pgrep -x",
    shlex.join(NEIGHBOURS),
)
CONFIG_COMMANDS = (shlex.join(RUNNING), *(shlex.join(("grep", "-hEs", DECISIVE, file)) for file in FILES))


async def running_lines(connection: Connection) -> str:
    return await ask(connection, *RUNNING, sudo=True)


async def saved_lines(connection: Connection) -> tuple[str, str]:
    """The file that bgpd starts from, and its lines; an empty name where there is none."""
    for file in FILES:
        reply = await reply_to(connection, "grep", "-hEs", DECISIVE, file, sudo=True, ok=(0, 1, 2))
        if reply.status in (0, 1):
            return file, reply.stdout
    return "", ""

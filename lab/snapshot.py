"""What a diagnosis must not change: firewall, routes, addresses, sysctls and files of every machine."""

import re

from lab.errors import LabError
from lab.inside import script
from lab.instance import Instance
from lab.machines import MACHINES
from lab.processes import parallel

# OVS compacts its database by itself
_LOOK = r"""set -e
echo '== iptables'; iptables-save 2>&1
echo '== nft'; nft -s list ruleset 2>&1
echo '== ipset'; ipset save 2>&1
echo '== rules'; ip rule
echo '== routes'; ip route show table all
echo '== addresses'; ip addr
echo '== sysctls'; sysctl -a -r '^net\.ipv4\.(ip_forward|conf)' 2>&1
echo '== files'
cd /etc; find . ! -path './openvswitch/*conf.db*' \( -type d -o -type l \) -printf '%p %y %m %u:%g %l\n' | sort
find . ! -path './openvswitch/*conf.db*' -type f -printf '%p %m %u:%g\n' | sort
find . ! -path './openvswitch/*conf.db*' -type f -print0 | sort -z | xargs -0 sha256sum
"""


def snapshot(lab: Instance) -> dict[str, str]:
    """Text of the present state by machine; equal texts are equal states."""
    return dict(zip(MACHINES, parallel(lambda name: _machine(lab, name), MACHINES), strict=True))


def _machine(lab: Instance, name: str) -> str:
    done = script(lab, name, _LOOK)
    if done.returncode:
        raise LabError(f"cannot read the state of {name}: {done.stdout[-500:]}")
    return without_counters(done.stdout)


def without_counters(text: str) -> str:
    """Counters, dates and the numbers zebra gives its next hops say nothing about the state."""
    text = re.sub(r"^(:\S+ \S+) \[\d+:\d+\]$", r"\1 [0:0]", text, flags=re.MULTILINE)
    text = re.sub(r"^# .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r" nhid \d+", "", text)
    return re.sub(r"counter packets \d+ bytes \d+", "counter", text)

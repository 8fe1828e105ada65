"""path.drops: which of the kernel's own drop counters count the packets we send now."""

from __future__ import annotations

from probes.linux.host import read_counters
from probes.linux.proc import growth
from probes.path import send
from probes.path.facts import PathDrops
from probes.probe import Toolbox, probe


@probe(
    "path.drops",
    commands=("cat /proc/net/snmp /proc/net/netstat", *send.COMMANDS),
    timeout=20.0,
    source="host",
    target="address",
    packets="count",
)
async def drops(host: str, toolbox: Toolbox, source: str, target: str, packets: int = 20) -> PathDrops:
    """Kernel counters on this host before and after packets from source to target."""
    before = await read_counters(host, toolbox)
    sent = await send.send(toolbox, source, target, packets)
    after = await read_counters(host, toolbox)
    return PathDrops(
        host=host,
        source=source,
        target=target,
        sent=sent.sent,
        received=sent.received,
        forwarded=growth(before, after, "IpForwDatagrams"),
        in_addr_errors=growth(before, after, "IpInAddrErrors"),
        rp_filter=growth(before, after, "TcpExtIPReversePathFilter"),
        no_routes=growth(before, after, "IpExtInNoRoutes", "IpOutNoRoutes"),
        discards=growth(before, after, "IpInDiscards", "IpOutDiscards"),
    )

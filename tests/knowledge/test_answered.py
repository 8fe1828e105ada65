"""A ping that worked is said to have worked; one that lost anything, or has anything beside it, is not."""

from __future__ import annotations

import pytest

from diagnosis.catalog import catalog
from knowledge.load import load, shipped
from knowledge.search import Index

INDEX = Index(load([shipped()], catalog()).knowledge.symptoms.values())
IPUTILS = """PING web1 (192.0.2.10) 56(84) bytes of data.
64 bytes from 192.0.2.10: icmp_seq=1 ttl=64 time=0.045 ms
64 bytes from web1 (192.0.2.10): icmp_seq=2 ttl=64 time=0.045 ms
64 bytes from web1 (192.0.2.10): icmp_seq=3 ttl=64 time=0.045 ms

--- web1 ping statistics ---
3 packets transmitted, 3 received, 0% packet loss, time 2003ms
rtt min/avg/max/mdev = 0.040/0.045/0.045/0.001 ms
"""
IPV6 = """root@web2:~# ping -c1 web1
PING web1(web1 (2001:db8::1)) 56 data bytes
64 bytes from web1 (2001:db8::1): icmp_seq=1 ttl=64 time=1.2 ms

--- web1 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = 1.200/1.200/1.200/0.000 ms
"""
BUSYBOX = """PING 10.244.1.5 (10.244.1.5): 56 data bytes
64 bytes from 10.244.1.5: seq=0 ttl=62 time=0.612 ms
64 bytes from 10.244.1.5: seq=1 ttl=62 time=0.344 ms

--- 10.244.1.5 ping statistics ---
2 packets transmitted, 2 packets received, 0% packet loss
round-trip min/avg/max = 0.344/0.478/0.612 ms
"""
QUIET = """PING 192.0.2.10 (192.0.2.10) 56(84) bytes of data.

--- 192.0.2.10 ping statistics ---
20 packets transmitted, 20 received, 0% packet loss, time 19025ms
rtt min/avg/max/mdev = 0.040/0.045/0.045/0.001 ms, pipe 2
"""


@pytest.mark.parametrize(("text", "number"), [(IPUTILS, 3), (IPV6, 1), (BUSYBOX, 2), (QUIET, 20), (IPUTILS * 2, 6)])
def test_all_answered(text: str, number: int) -> None:
    found = INDEX.search(text)
    assert (found.matches, found.confident) == ((), False)
    assert found.well is not None
    assert found.well.en.startswith(f"All {number} were answered: nothing is wrong with this ping")
    assert found.well.ko.startswith(f"{number} 개 모두 응답이 왔다")


@pytest.mark.parametrize(
    "text",
    [
        IPUTILS.replace("3 received, 0%", "2 received, 33%"),
        IPUTILS.replace("3 received, 0%", "0 received, 100%"),
        IPUTILS.replace("3 received, 0%", "3 received, +1 duplicates, 0%"),
        IPUTILS.replace("time=0.045 ms", "time=0.045 ms (DUP!)"),
        IPUTILS.replace("3 packets", "4 packets"),
        IPUTILS.replace("3 packets transmitted, 3 received", "0 packets transmitted, 0 received"),
        IPUTILS.partition("---")[0],
        IPUTILS + "ssh: connect to host web1 port 22: Connection refused\n",
        IPUTILS + "but the web page does not load\n",
        BUSYBOX + QUIET.replace("20 received, 0%", "0 received, 100%"),
        "",
    ],
)
def test_anything_lost_or_anything_beside_it_is_not_well(text: str) -> None:
    assert INDEX.search(text).well is None

"""What a trace does not even begin with."""

from __future__ import annotations

import pytest

from base.errors import UsageError
from diagnosis.tracing import Wanted, planned
from probes.trace.ends import End

MASTER = End("host", "master", "master", "192.168.100.1")
WEB = End("service", "default/web", "", "10.96.7.7", ports=(80, 443), backends=("10.244.1.7:8080",))


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"])
def test_addresses_that_no_single_machine_has(address: str) -> None:
    with pytest.raises(UsageError, match="no single machine"):
        planned(MASTER, End("address", "", "", address), Wanted())


def test_an_address_that_is_another_machines_on_each_network() -> None:
    with pytest.raises(UsageError, match="another machine's"):
        planned(MASTER, End("address", "", "", "fe80::1"), Wanted())
    for address in ("169.254.169.254", "127.0.0.1", "::1"):
        end = End("address", "", "", address)
        assert planned(MASTER, end, Wanted("tcp", 80)).target is end


@pytest.mark.parametrize(
    ("target", "protocol", "becomes"),
    [(MASTER, "tcp", "tcp"), (MASTER, "udp", "udp"), (WEB, "tcp", "tcp"), (WEB, "", "tcp"), (MASTER, "", "icmp")],
    ids=str,
)
def test_a_size_goes_with_every_protocol(target: End, protocol: str, becomes: str) -> None:
    found = planned(MASTER, target, Wanted(protocol, 80 if protocol else 0, size=1400))
    assert (found.wanted.protocol, found.arguments["size"]) == (becomes, 1400)
    if protocol:
        assert found.note
        assert {"tcp": "OPTIONS", "udp": "DNS"}[protocol] in found.note.ko
        assert planned(MASTER, target, Wanted(protocol, 80)).note is None


def test_a_port_that_the_service_lacks() -> None:
    with pytest.raises(UsageError, match="has no TCP port 9999") as refused:
        planned(MASTER, WEB, Wanted("tcp", 9999))
    assert refused.value.hint == "it has 80, 443"
    assert planned(MASTER, WEB, Wanted("tcp", 443)).wanted.port == 443


def test_an_address_that_may_be_a_services_is_said_to_be() -> None:
    unknown = End("address", "", "", "10.96.7.7", unasked=("lab",))
    note = planned(MASTER, unknown, Wanted()).note
    assert note
    assert "lab could not be asked whether 10.96.7.7 is a Service's" in note.en
    assert planned(MASTER, unknown, Wanted("tcp", 80)).note is None
    assert planned(MASTER, End("address", "", "", "192.0.2.1"), Wanted()).note is None

"""Which port of a cloud's API is silent, so that its way can be followed without the API."""

from __future__ import annotations

import pytest

from probes.cloud.reach import port_of


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://192.168.200.10:5000/v3/auth/tokens", 5000),
        ("https://keystone.example/v3", 443),
        ("http://[fd00::10]/identity", 80),
        ("http://192.168.200.10:99999/v3", 0),
        ("", 0),
    ],
)
def test_the_port_of_an_api(url: str, port: int) -> None:
    assert port_of(url) == port

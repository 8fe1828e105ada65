"""Which of Calico's pools a pod has its address from, and who keeps it."""

from __future__ import annotations

import msgspec
import pytest

from probes.cluster.pod_network import IpPool, Pools, _pool, holding


def pool(name: str, cidr: str) -> IpPool:
    return IpPool(name, cidr, "Never", "CrossSubnet", nat_outgoing=True, disabled=False)


POOLS = (
    pool("wide", "10.244.0.0/16"),
    pool("narrow", "10.244.64.0/18"),
    pool("six", "fd00::/48"),
    pool("odd", "x"),
)


@pytest.mark.parametrize(
    ("pod", "held"),
    [
        ("10.244.1.5", ["wide"]),
        ("10.244.65.1", ["narrow"]),
        ("fd00::5", ["six"]),
        ("192.0.2.1", []),
        ("", []),
    ],
)
def test_the_narrowest_pool_around_a_pod_has_it(pod: str, held: list[str]) -> None:
    assert [one.name for one in holding(POOLS, pod) if one.holds] == held


def test_a_pool_that_tigeras_operator_keeps() -> None:
    labels = {"app.kubernetes.io/managed-by": "tigera-operator"}
    plain = {"items": [{"metadata": {"name": "a", "labels": labels}, "spec": {}}, {"metadata": {"name": "b"}}]}
    found = msgspec.convert(plain, Pools).items or []
    assert [_pool(one).managed for one in found] == [True, False]

"""What etcd says of itself. Texts are the lab's."""

from __future__ import annotations

import pytest

from probes.errors import UnreadableOutput
from probes.node.etcd import parse_etcd, parse_health, parse_metrics

METRICS = """\
# TYPE etcd_debugging_mvcc_compact_revision gauge
etcd_debugging_mvcc_compact_revision -1
etcd_debugging_mvcc_current_revision 1640
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.008"} 67
etcd_disk_wal_fsync_duration_seconds_sum 0.00012468
etcd_mvcc_db_total_size_in_bytes 2.574336e+07
etcd_mvcc_db_total_size_in_use_in_bytes 1.9329024e+07
etcd_network_known_peers{Local="2cf04ff793f84411",Remote="2cf04ff793f84411"} 1
etcd_server_has_leader 1
etcd_server_quota_backend_bytes 2.5165824e+07
"""
GHOST = 'etcd_network_known_peers{Local="2cf04ff793f84411",Remote="dc79554fdcef9ff3"} %d\n'
NO_SPACE = '{"health":"false","reason":"ALARM NOSPACE"}'
PATH = "/var/log/pods/kube-system_etcd-master_9b2d7c16/etcd/1.log"
PROBER = (
    '2026-11-22T12:38:14.5Z stderr F {"level":"warn","ts":"2026-11-22T12:38:14.5Z",'
    '"msg":"prober detected unhealthy status","remote-peer-id":"dc79554fdcef9ff3",'
    '"error":"dial tcp 172.20.112.199:2380: connect: no route to host"}'
)


def test_a_database_that_is_full() -> None:
    found = parse_etcd("master", NO_SPACE, METRICS, "", PATH)
    assert (found.answered, found.healthy, found.no_space, found.no_leader) == (True, False, True, False)
    assert (found.size, found.in_use, found.quota) == (25743360, 19329024, 25165824)
    assert (found.revision, found.compacted, found.pod) == (1640, 0, "etcd-master")


def test_before_version_3_5_the_sizes_tell() -> None:
    assert parse_etcd("master", '{"health":"false"}', METRICS, "", PATH).no_space
    assert not parse_etcd("master", '{"health":"true"}', METRICS, "", PATH).no_space


def test_a_member_that_never_came_and_itself_is_no_peer() -> None:
    metrics = METRICS.replace("has_leader 1", "has_leader 0") + GHOST % 1
    found = parse_etcd("master", '{"health":"false","reason":"RAFT NO LEADER"}', metrics, PROBER, PATH)
    assert (found.no_leader, found.peers, found.peers_lost, found.unreached) == (
        True,
        1,
        1,
        ("172.20.112.199:2380",),
    )


def test_a_peer_that_is_connected_is_not_lost_and_one_that_was_removed_is_none() -> None:
    active = GHOST.replace("known", "active") % 1
    assert parse_etcd("master", '{"health":"true"}', METRICS + GHOST % 1 + active, "", "").peers_lost == 0
    assert parse_metrics(METRICS + GHOST % 0)[1] == set()


def test_nothing_that_answers_is_not_well_and_says_nothing_else() -> None:
    found = parse_etcd("master", "", "", "", "")
    assert (found.answered, found.healthy, found.no_space, found.no_leader, found.pod) == (
        False,
        False,
        False,
        False,
        "",
    )


@pytest.mark.parametrize("text", ["<html>", "[]", "{}", '"well"'])
def test_what_is_no_health(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_health(text)


def test_numbers_beyond_all_bounds_are_cut() -> None:
    assert parse_metrics("etcd_server_has_leader 9e+999\n")[0] == {"etcd_server_has_leader": 2**63}

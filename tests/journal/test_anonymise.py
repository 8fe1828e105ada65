"""Another site, the same story: relations stay, names go."""

import ipaddress
import json
import random
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path

import pytest

from base.text import Lang
from journal.anonymise import Anonymiser, anonymised
from journal.export import to_json, to_markdown
from journal.reading import Recording
from journal.store import Journal, read


def shared(one: str, other: str) -> int:
    """Bits that two addresses have in common from the left."""
    a, b = ipaddress.ip_address(one), ipaddress.ip_address(other)
    return a.max_prefixlen - (int(a) ^ int(b)).bit_length()


@pytest.mark.parametrize("version", [4, 6])
def test_addresses_share_as_many_bits_as_before(version: int) -> None:
    chance, hide = random.Random(4), Anonymiser()
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    base = int(kind("45.120.120.154" if version == 4 else "2001:db8:10:20::1"))
    low = 8 if version == 4 else 64
    ones = [str(kind(base ^ (chance.getrandbits(20 if version == 4 else 44) << low) | 1)) for _ in range(300)]
    for one, other in pairwise(ones):
        if one != other:
            assert shared(hide.address(one), hide.address(other)) == shared(one, other)
    assert len({hide.address(one) for one in ones}) == len(set(ones))
    assert sum(hide.address(one) == one for one in ones) < 3


@pytest.mark.parametrize(
    "private", ["10.10.10.1", "172.20.112.101", "192.168.100.101", "100.64.1.1", "fd12:3456::1"]
)
def test_private_addresses_stay_private_and_public_ones_public(private: str) -> None:
    for _ in range(50):
        hide = Anonymiser()
        assert ipaddress.ip_address(hide.address(private)).is_private == ipaddress.ip_address(private).is_private
        public = ipaddress.ip_address(hide.address("8.8.4.4"))
        inside = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3")
        assert not any(public in ipaddress.ip_network(network) for network in inside)


def test_networks_stay_networks_and_their_members_members() -> None:
    for _ in range(50):
        hide = Anonymiser()
        for network, member in (
            ("10.244.0.0/16", "10.244.1.7"),
            ("192.168.100.0/24", "192.168.100.101"),
            ("45.120.120.128/26", "45.120.120.154"),
            ("2001:db8:10::/48", "2001:db8:10:5::7"),
        ):
            shown = ipaddress.ip_network(hide.text(network))  # strict: host bits are zero
            assert ipaddress.ip_address(hide.text(member)) in shown
        gateway = hide.text("inet 192.168.100.1/24 brd 192.168.100.255")
        assert gateway.endswith(".255")
        assert ".1/24" in gateway


UNCHANGED = (
    "127.0.0.1 ::1 0.0.0.0 :: 0.0.0.0/0 255.255.255.0 224.0.0.5 ff02::1",
    "at 11:43:01 [20:1680] fe80::1 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 33:33:00:00:00:01",
    "OpenSSH_9.2p1 v1.0.6 iptables v1.8.9 mtu 1500 icmp_seq=1 ttl=62 networking.k8s.io/v1",
    "root@operator localhost Accepted publickey for root from",
)


@pytest.mark.parametrize("text", UNCHANGED)
def test_what_names_nobody_stays(text: str) -> None:
    assert Anonymiser(["master"]).text(text) == text


def test_names_are_replaced_everywhere_and_alike() -> None:
    hide = Anonymiser(["master", "compute", "compute-2-host", "한국서버"])
    shown = hide.text("[kim@master ~]# ping compute; nova-compute on compute-2-host, master에서 compute.dc.corp")
    assert "master" not in shown
    assert "compute-2-host" not in shown
    assert "kim" not in shown
    assert "nova-compute" in shown
    one = hide.text("master")
    assert shown.count(one) == 2
    assert hide.text("host:master") == f"host:{one}"
    assert hide.text("project: secretproject").startswith("project: project-")
    assert hide.text("project_name='secretproject'") == f"project_name='{hide.text('project: secretproject')[9:]}'"
    assert "lee" not in hide.text("Failed password for invalid user lee from 45.120.120.154")
    assert "park" not in hide.text("/home/park/site.yaml")


def test_a_mac_and_the_address_made_of_it_stay_one_thing() -> None:
    hide = Anonymiser()
    mac, local = hide.text("fa:16:3e:09:06:eb"), hide.text("fe80::f816:3eff:fe09:6eb")
    assert mac.startswith("fa:16:3e:")
    assert mac != "fa:16:3e:09:06:eb"
    end = int(ipaddress.ip_address(local)) & 0xFFFFFF
    assert f"{end:06x}" == mac.replace(":", "")[6:]


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("range 192.168.4.7-192.168.4.9", ("192.168.4.",)),
        ("192.168.4.7_eth0 eth0_192.168.4.7", ("192.168.4.",)),
        ("host ip-192-168-4-7 up", ("192-168-4-7",)),
        ("52-54-00-12-34-56 and 5254.0012.3456", ("12-34-56", "12.3456")),
        ("WEB1 Web1 CTL-SEOUL-01", ("WEB1", "Web1", "SEOUL")),
        ("ctl-seoul-01-br-ex qrouter_ctl-seoul-01", ("seoul",)),
        ("MASTER down", ("MASTER",)),
    ],
)
def test_other_ways_to_write_them_go_too(text: str, gone: tuple[str, ...]) -> None:
    shown = Anonymiser(["web1", "ctl-seoul-01", "master"]).text(text)
    assert [part for part in gone if part in shown] == [], shown


def test_one_thing_written_in_many_ways_stays_one() -> None:
    hide = Anonymiser(["ctl-seoul-01"])
    address, mac = hide.text("192.168.4.7"), hide.text("52:54:00:12:34:56")
    assert hide.text("ip-192-168-4-7") == "ip-" + address.replace(".", "-")
    assert hide.text("192.168.4.7-192.168.4.7") == f"{address}-{address}"
    assert hide.text("52-54-00-12-34-56") == mac.replace(":", "-")
    assert hide.text("5254.0012.3456").replace(".", "") == mac.replace(":", "")
    assert hide.text("CTL-SEOUL-01-br-ex") == hide.text("ctl-seoul-01") + "-br-ex"
    assert hide.text("ctl-seoul-010 1.2.3.4-5ubuntu 2026-11-21") == "ctl-seoul-010 1.2.3.4-5ubuntu 2026-11-21"


def test_what_only_the_data_names_goes_wherever_it_stands(tmp_path: Path) -> None:
    uuid = "5f0c7f5e-1111-2222-3333-444455556666"
    with Journal.create(tmp_path, {"argv": []}) as journal:
        journal.append("search", {"text": "skt-prod-vm1 of SKT-PROD is gone from node-seoul-7"})
        facts = {"id": uuid, "device": uuid, "project": "skt-prod", "name": "skt-prod-vm1", "key": "node-seoul-7"}
        journal.append("evidence", {"id": "e1", "probe": "cloud.port", "target": "cloud:lab", "facts": facts})
        nodes = {"nodes": [{"name": "node-seoul-7", "version": "v1.29"}], "namespace": "skt-billing"}
        journal.append("evidence", {"id": "e2", "facts": nodes | {"raw": "kubectl -n skt-billing; kube-system"}})
        plain = {"project": "shopfloor", "namespace": "payroll"}
        journal.append(
            "evidence", {"id": "e3", "facts": plain | {"raw": "the quota of shopfloor, pods of payroll"}}
        )
        journal.append(
            "evidence", {"id": "e4", "facts": {"project": "admin", "host": "operator", "raw": "as admin"}}
        )
        journal.append("output", {"action": 0, "text": "OS_PROJECT_NAME=other-corp9\nother-corp9 has no quota"})
    hidden = anonymised(read(journal.path))
    shown = json.dumps([entry.stored for entry in hidden.entries]).lower()
    for name in ("skt", "seoul", "billing", "other-corp9", "shopfloor", "payroll", uuid):
        assert name not in shown
    assert "kube-system" in shown
    assert '"as admin"' in shown
    assert '"operator"' in shown
    evidence = hidden.entries[1].stored
    assert (evidence["id"], evidence["probe"]) == ("e1", "cloud.port")
    assert evidence["facts"]["id"] == evidence["facts"]["device"]
    assert evidence["facts"]["project"] in hidden.entries[0].stored["text"]


def drill() -> Recording:
    with as_file(files("drills") / "libvirt-reject.jsonl") as path:
        return read(path)


def test_a_whole_session_tells_the_same_story_of_another_site() -> None:
    recording = drill()
    hidden = anonymised(recording)
    shown = json.dumps(to_json(hidden), ensure_ascii=False) + to_markdown(hidden, Lang.KO)
    for name in ("openstack-host", "kubernetes-host", "compute-2-host", "k8s-worker-1"):
        assert name in json.dumps(to_json(recording))
        assert name not in shown
    for address in ("10.10.10.1", "192.168.100.101", "45.120.120.154", "172.20.112.101"):
        assert f'"{address}"' in json.dumps(to_json(recording))
        assert f'"{address}"' not in shown
    assert [(entry.n, entry.kind) for entry in hidden.entries] == [(e.n, e.kind) for e in recording.entries]
    causes = [entry.data["causes"][0]["id"] for entry in hidden.entries if entry.kind == "diagnosis"]
    assert causes == ["libvirt-rejects-new-flows"]
    run = next(entry.data["run"] for entry in hidden.entries if entry.kind == "intent")
    assert run.startswith("iptables -I LIBVIRT_FWI 1 -s 10.")
    source, target = (word for word in run.split() if "/" in word)
    assert ipaddress.ip_network(source).prefixlen == ipaddress.ip_network(target).prefixlen == 24
    other = anonymised(recording)
    assert json.dumps(to_json(other)) != json.dumps(to_json(hidden))

"""Probes only look. Every command they may run is on this list, and they run nothing they did not declare."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import probes.all
from probes.node import tries
from probes.path import burst, datagrams, send
from probes.probe import PROBES
from probes.trace import own_sizes
from tests.probes.readonly import CONNECTING as CONNECTS
from tests.probes.readonly import COUNTING, looks_only

assert probes.all

RECORDINGS = Path(__file__).parent / "recordings"

READ_ONLY = (
    r"GET (?:[a-z-]+ )?/[a-z0-9.{}_/-]*",
    r"cat /(?:proc|sys|etc|run)/\S*(?: /(?:proc|sys|etc)/\S*)*",
    r"cat --",
    r"command -v \S+",
    r"curl -q -s --noproxy '\*' --max-time 8",
    r"date \+%s",
    r"df -P(?:B1|i)",
    r"kubelet --version",
    r"kubeadm version -o short",
    r"dpkg-query -W",
    r"rpm -qa --qf",
    r"apt-cache madison",
    r"find /(?:etc/kubernetes/pki|etc/kubernetes /root /var/backups|var/log/pods)",
    r"find /var/log/kolla/neutron /var/log/neutron",
    r"journalctl -u",
    r"lsblk -Jbo",
    r"du -sB1 /var/log/journal",
    r"openssl x509",
    r"ps -eo comm=",
    r"tail",
    r"conntrack -[LSC]\b.*",
    r"getent \w+.*",
    r"grep -\w+.*",
    r"ip (?:-j )?(?:-s )?(?:-d )?(?:-[46] )?(?:addr|link|neigh|rule)(?: show.*)?",
    r"ip (?:-j )?(?:-[46] )?route (?:show.*|get.*)",
    r"ip -[46] route show table all exact",
    r"ip -o address show dev",
    r"bridge -j fdb show dev",
    r"ip6?tables(?:-legacy|-nft)?-save(?: -c)?(?: -t(?: \w+)?)?",
    r"ls\b.*",
    r"findmnt -nro",
    r"(?:(?:podman|docker) exec nova_conductor )?nova-manage cell_v2 list_(?:cells|hosts)",
    r"(?:(?:podman|docker) exec openvswitch_vswitchd )?ovs-ofctl dump-(?:aggregate|flows|ports)",
    r"(?:(?:podman|docker) exec openvswitch_vswitchd )?ovs-appctl ofproto/trace",
    r"ip -n qrouter-",
    r"(?:(?:podman|docker) exec openvswitch_vswitchd )?ovs-vsctl --format=json",
    r"ps -o u(?:ser|id)=",
    r"sed -n",
    r"stat (?:-f |-L )?-c",
    r"nc -z.*",
    r"nproc",
    r"netlink (?:addresses|links|neighbours|routes|rules)",
    r"nft (?:-j |-s |-a )*list .+",
    r"nstat\b(?=.* -s| -as).*",
    r"pgrep -x.*",
    r"ping -n (?:-M do )?-[cI].*",
    r"reach",
    r"pgrep -of",
    r"grep -(?:czx|rEHs)",
    r"ls -1d",
    r"readlink\b.*",
    r"sha256sum --",
    r"ss -\w+.*",
    r"ssh-keygen -l.*",
    r"ssh-keyscan\b.*",
    r"stat -L -c '[^']*' --",
    r"sysctl (?:-n |-e )*[a-z][\w./-]*",
    r"systemctl (?:show|is-active|is-enabled|status|cat|list-units)\b.*",
    r"tc -s -j qdisc show",
    r"sleep",
    r"timeout [\d.]+ tcpdump (?:-pnlei any|-pqnlei any -s 96) -c",  # -p: not promiscuous; no -w
    r"tracepath -n.*",
    r"traceroute -n.*",
    r"vtysh -c 'show (?:bgp neighbors json|running-config bgpd \| include [^']*)'",
)
CONNECTING = {
    *send.COMMANDS,
    *datagrams.COMMANDS,
    *tries.COMMANDS,
    *burst.COMMANDS,
    *own_sizes.COMMANDS,
    *COUNTING,
}
"""Opens TCP connections and closes them, or asks for nothing over them; the programs' whole texts are declared."""
NO_CHANGE = re.compile(
    r"\b(?:add|del|delete|set|flush|replace|restart|start|stop|insert|restore|rm|mv|tee|sysctl -w)\b|>"
)


def allowed(command: str) -> bool:
    return command in CONNECTING or any(re.fullmatch(pattern, command) for pattern in READ_ONLY)


@pytest.mark.parametrize("name", sorted(PROBES))
def test_every_declared_command_is_read_only(name: str) -> None:
    assert PROBES[name].commands
    for command in PROBES[name].commands:
        assert allowed(command), f"{name} declares `{command}`"
        assert command in CONNECTING or not NO_CHANGE.search(command)


@pytest.mark.parametrize(
    "command",
    [
        "ip route add 10.0.0.0/8 via 10.0.0.1",
        "ip link set eth0 up",
        "ip -j neigh flush all",
        "iptables -I INPUT -j ACCEPT",
        "iptables-restore",
        "nft flush ruleset",
        "nft -f rules.nft",
        "sysctl -w net.ipv4.ip_forward=1",
        "nstat -z",
        "systemctl restart ssh",
        "timeout 2 tcpdump -w packets.pcap",
        "sh -c",
        "conntrack -D",
        "sed -i",
        "vtysh -c 'configure terminal'",
        "vtysh -c 'write memory'",
        "vtysh -c 'show bgp neighbors json' -c 'clear bgp *'",
    ],
)
def test_the_list_refuses_what_changes(command: str) -> None:
    assert not allowed(command)


# ------------------------------------------------------------------ whole commands, as they were sent


def test_pings_side_by_side() -> None:
    plain, uncut = burst.COMMANDS
    assert looks_only(f"{plain} sh 2 61 10.0.0.9 2 1472 fd00::9")
    assert looks_only(f"{uncut} sh 2 1472 10.0.0.9")
    assert looks_only(f"{tries.COMMANDS[1]} sh 10.244.1.7 {plain} sh 2 61 10.0.0.9")
    assert not looks_only(f"{plain} sh 2 61 -f")
    assert not looks_only(f"{plain} sh 2 61 10.0.0.9; reboot")
    assert not looks_only("sh -c reboot sh 2 61 10.0.0.9")


@pytest.mark.parametrize(
    "question",
    [
        "GET /api/v1/namespaces/kube-system/pods/a-1/log?tailLines=200&limitBytes=262144",
        "GET /api/v1/pods?fieldSelector=status.podIP%3D10.0.0.1&resourceVersion=0",
        "GET network /v2.0/ports?device_id=0b5d",
    ],
)
def test_questions_to_apis(question: str) -> None:
    assert looks_only(question)


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_whole_commands_that_were_sent(path: Path) -> None:
    sent = {json.loads(line)["request"]["text"] for line in path.read_text().splitlines()}
    assert sent
    for command in sent:
        assert looks_only(command), command


@pytest.mark.parametrize(
    "command",
    [
        "ip -j addr; rm -rf /",
        "ip -j addr > /tmp/x",
        "ip -j addr && reboot",
        "ip -j route get $(reboot)",
        "ip -j route get 10.0.0.1 from 10.0.0.2 iif `id`",
        "ovs-appctl ofproto/trace br-int in_port=1,icmp -generate",
        "ovs-appctl ofproto/trace br-int in_port=1,icmp 50540000000a",
        "ovs-appctl ofproto/trace br-int in_port=1,icmp actions=drop",
        "ovs-appctl ofproto/trace-packet-out br-int in_port=1,icmp",
        "ovs-appctl ofproto/trace br-int '$(reboot)'",
        "ovs-appctl fdb/flush br-int",
        "ip -j -b /tmp/batch",
        "ip -j neigh flush all",
        "cat /etc/shadow",
        "cat /proc/net/snmp /proc/net/netstat /etc/shadow",
        "grep -Hs '' /etc/shadow",
        "grep -rhs '' /root/.ssh",
        "ss -K dst 10.0.0.1",
        "iptables-save -c -f /etc/rules",
        "iptables-save -M /tmp/modprobe",
        "nft -f x list ruleset",
        "cat /etc/hosts",
        "cat -- /etc/hosts /etc/shadow; id",
        "stat -f -c '%F|%a|%u|%g|%U|%G|%C' -- /etc/hosts",
        "sha256sum -c -- /etc/hosts",
        "iptables-save -t filter -f /etc/rules",
        "ip -4 route flush table all exact 10.0.0.0/8",
        "ping -n -f 10.0.0.1",
        "ping -n -c 1000000 -i 0.2 -W 1 -s 56 10.0.0.1",
        "timeout 3 tcpdump -pnlei any -c 4 -w /tmp/x 'icmp'",
        "timeout 3 tcpdump -nlei any -c 4 'icmp'",
        "timeout 3 tcpdump -pnlei any -c 4 -z reboot 'icmp'",
        "systemctl show ssh.service -p Id --force",
        "rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\\n' --erase kernel",
        "rpm -e kernel",
        "dpkg-query -W -f '${Package}\\n' --admindir=/tmp x; id",
        "grep -rHs '' /proc/sys/net/ipv4/conf /etc/shadow",
        "pgrep -x 'a' --signal KILL",
        f"{CONNECTS[0]} 10.0.0.1 22 5; reboot",
        "vtysh -c 'show bgp neighbors json' -c 'clear bgp *'",
        "vtysh -c 'write memory'",
        "sed -n 1,2w/etc/x /etc/hosts",
        "sed -n 1,2p -i /etc/hosts",
        "grep -hEs '' /etc/frr/frr.conf /etc/shadow",
        "POST /api/v1/nodes",
        "GET /api/v1/namespaces/a/pods/b/exec?command=reboot",
        "GET /api/v1/nodes/a/proxy/run",
        "GET /api/v1/nodes HTTP/1.1\r\nX: y",
        "GET /api/v1/nodes#x",
        "",
    ],
)
def test_flags_that_change_something_are_refused(command: str) -> None:
    assert not looks_only(command)

"""Pastes as terminals and logs give them."""

import random
import time

import pytest

from knowledge.paste import KEPT, Prompt, clean

LINES = {
    "\x1b[01;31m\x1b[Kerror\x1b[m\x1b[K: boom": "error: boom",
    "#033[31merror#033[0m: boom": "error: boom",
    "\x1b]0;title\x07error: boom": "error: boom",
    "e\u200brror: \x00boom\x07": "error: boom",
    "Feb 20 02:35:34 master systemd[1]: kubelet.service: Main exited": "kubelet.service: Main exited",
    'Feb  2 02:35:34 master kubelet[7974]: E0202 02:35:34.079864 7974 run.go:72] "failed"': '"failed"',
    'E0220 02:35:34.079864    7974 run.go:72] "command failed"': '"command failed"',
    "main.go:359] Error registering network": "Error registering network",
    "2025-02-20T02:35:34+0000 master kubelet[7974]: boom": "boom",
    "2025-02-20T02:35:34.123456Z boom": "boom",
    "[2026-01-01 10:00:00] [ERROR] boom": "boom",
    "2025-08-13 03:36:10.224 65970 ERROR nova.compute.manager [None req-5b - - - -] [instance: 4c] boom": "boom",
    "Aug 13 03:36:10 c2 nova-compute[6]: 2025-08-13 03:36:10.224 6 ERROR oslo_service.service [-] boom": "boom",
    "2025-08-12 09:11:18,891 - neutron.agent - ERROR - boom": "boom",
    "harbor-core-1  | boom": "boom",
    "[pod/harbor-core-1/core] boom": "boom",
    "[kubelet-check] The kubelet is not healthy": "The kubelet is not healthy",
    "[ 1234.567890] IPv4: martian source": "IPv4: martian source",
    'time="2025-02-20T02:35:34Z" level=error msg="boom"': 'msg="boom"',
    "22:32:24.893961 IP 10.10.10.2 > 192.168.100.101: ICMP": "IP 10.10.10.2 > 192.168.100.101: ICMP",
    "> quoted in a mail": "quoted in a mail",
    "From 10.10.10.1 icmp_seq=1 Destination": "From 10.10.10.1 icmp_seq=1 Destination",
    "-A LIBVIRT_FWI -d 192.168.100.0/24 -j REJECT": "-A LIBVIRT_FWI -d 192.168.100.0/24 -j REJECT",
    "2: enp7s0: <BROADCAST> mtu 1500": "2: enp7s0: <BROADCAST> mtu 1500",
    "rocky@192.168.100.29: Permission denied (publickey).": "rocky@192.168.100.29: Permission denied (publickey).",
}

PROMPTS = {
    "[root@master ~]# ping 10.0.0.1": ("root", "master", "ping 10.0.0.1"),
    "[root@master]# ping 10.0.0.1": ("root", "master", "ping 10.0.0.1"),
    "[rocky@k8s-worker-1 ~]$ ip a": ("rocky", "k8s-worker-1", "ip a"),
    "(venv) [stack@c1 dir name]$ ls": ("stack", "c1", "ls"),
    "root@master:~# ls": ("root", "master", "ls"),
    "user@host:/var/log$ tail x": ("user", "host", "tail x"),
    "(☁ |Lab:default) root@chhan-k8s-1:~/lab# k get nodes": ("root", "chhan-k8s-1", "k get nodes"),
    "user@mac ~ % ssh a": ("user", "mac", "ssh a"),
    "openstack-host# show ip bgp summary": ("", "openstack-host", "show ip bgp summary"),
    "$ ssh a": ("", "", "ssh a"),
    "# systemctl restart kubelet": ("", "", "systemctl restart kubelet"),
    "/ # nslookup kubernetes.default": ("", "", "nslookup kubernetes.default"),
    "sh-5.1# ls": ("", "", "ls"),
    ">>> import x": ("", "", "import x"),
    "^C[root@master ~]# ls": ("root", "master", "ls"),
    "\x1b[0;32mroot@master\x1b[0m:\x1b[34m~\x1b[0m# ls": ("root", "master", "ls"),
}


@pytest.mark.parametrize("line", LINES)
def test_prefixes_and_controls_go_and_the_message_stays(line: str) -> None:
    assert clean(line).text == LINES[line]


@pytest.mark.parametrize("line", PROMPTS)
def test_prompts_are_facts(line: str) -> None:
    (prompt,) = clean(line).prompts
    assert (prompt.user, prompt.host, prompt.command) == PROMPTS[line]
    assert clean(line).lines[-1] == prompt.command


@pytest.mark.parametrize(
    "line", ["# Host 192.168.100.29 found: line 1", "# 모든 호스트에서 실행", "git@github.com: denied"]
)
def test_what_only_looks_like_a_prompt_is_none(line: str) -> None:
    assert clean(line).prompts == ()


def test_blocks_belong_to_their_prompts() -> None:
    paste = clean("head\n[root@a ~]# one\nx\ny\n[root@b ~]# two\nz\n")
    assert paste.prompts == (Prompt("root", "a", "one", 1), Prompt("root", "b", "two", 4))
    assert [paste.block_at(line) for line in range(6)] == [(0, 1), (1, 4), (1, 4), (1, 4), (4, 6), (4, 6)]
    assert paste.prompt_at(0) is None


def test_the_host_of_a_log_line_is_kept() -> None:
    paste = clean("Feb 20 02:35:34 master kubelet[7974]: E0220 02:35:34.0 7974 run.go:72] boom\nplain")
    assert paste.log_hosts == ("master", "")


def test_decomposed_korean_becomes_composed() -> None:
    import unicodedata

    assert clean(unicodedata.normalize("NFD", "핑이 안 된다")).text == "핑이 안 된다"


def test_of_a_long_paste_head_and_tail_are_kept() -> None:
    paste = clean("first\n" + "middle line\n" * 100_000 + "last")
    assert paste.truncated
    assert (paste.lines[0], paste.lines[-1]) == ("first", "last")
    assert len(paste.raw) <= 2 * KEPT + 1
    assert not clean("short").truncated


HARD = {
    "line ends": "\n" * 10**6,
    "one line": "a" * 10**6,
    "escapes": "\x1b[" * 500_000,
    "titles": "\x1b]" * 500_000,
    "prompts": "[a@b " * 200_000,
    "ats": "a@" * 500_000,
    "brackets": "(" * 10**6,
    "binary": random.Random(1).randbytes(10**6).decode("latin-1"),
    "surrogates": random.Random(1).randbytes(10**6).decode("utf-8", "surrogateescape"),
    "digits": "2025-01-01 " * 90_000,
}


@pytest.mark.parametrize("name", HARD)
def test_any_megabyte_is_read_in_linear_time(name: str) -> None:
    start = time.thread_time()
    paste = clean(HARD[name])
    paste.text.encode()
    # Ten times the budget: this guards against a regular expression that explodes, not against a slow machine.
    assert time.thread_time() - start < 3

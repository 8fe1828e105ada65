"""Secrets go, everything an operator needs stays."""

import re

import pytest

from journal.redact import hushed, placeholder, redact, redact_text
from probes.probe import Failure

SECRETS = {
    "transport_url = rabbit://openstack:o5vKi2rnhxB@controller:5672/": ["o5vKi2rnhxB"],
    "rabbit://a:first1@h1:5672,c:second2@h2/": ["first1", "second2"],
    "connection = mysql+pymysql://nova:N0va!pw@db/nova": ["N0va!pw"],
    "password=hunter2 other": ["hunter2"],
    "MYSQL_ROOT_PASSWORD=abc123 other": ["abc123"],
    "openstack --os-password hunter2 token issue": ["hunter2"],
    "Authorization: Bearer abcdefghijklmnop1234": ["abcdefghijklmnop1234"],
    "Authorization: Basic cm9vdDp0b29y": ["cm9vdDp0b29y"],
    "curl -H 'X-Auth-Token: gAAAAABk1xyz' http://keystone": ["gAAAAABk1xyz"],
    '{"password": "a b c", "token": "xyz"}': ["a b c", "xyz"],
    'inner {\\"password\\": \\"q1w2\\"}': ["q1w2"],
    "kubeadm join 172.20.112.101:6443 --token abcdef.0123456789abcdef": ["abcdef.0123456789abcdef"],
    "token list: abcdef.0123456789abcdef 23h": ["abcdef.0123456789abcdef"],
    " neighbor 10.10.10.2 password s3cret": ["s3cret"],
    "PrivateKey = aGVsbG8gd29ybGQ=": ["aGVsbG8gd29ybGQ"],
    "client-key-data: LS0tLS1CRUdJTi": ["LS0tLS1CRUdJTi"],
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJl.c2lnbmF0dXJl": ["c2lnbmF0dXJl"],
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\nAAAA==\n-----END OPENSSH PRIVATE KEY-----\nrest": [
        "b3BlbnNzaC1r"
    ],
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEcut": ["MIIEcut"],
    "git clone https://user:p4ss@host/x.git": ["p4ss"],
}

HARMLESS = (
    "-A LIBVIRT_FWI -d 192.168.100.0/24 -o virbr10 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    ":LIBVIRT_FWO - [0:0]\n[20:1680] -A LIBVIRT_FWI -o virbr10 -j REJECT --reject-with icmp-port-unreachable",
    "2: enp7s0: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc fq_codel state UP\n  link/ether fa:16:3e:09:06:eb",
    "inet6 fe80::f816:3eff:fe09:6eb/64 scope link",
    "192.168.100.0/24 via 10.10.10.1 dev enp1s0 proto static",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4xQ0123456789abcdefghijklmnopqrstuvwxyzAB root@master",
    "SHA256:zK+WinjcErcDpxXBvjNu/AATYoXPU1Tbo2YIJ7vgbNk",
    "Failed password for root from 10.0.0.1 port 22 ssh2",
    "root@10.0.0.1's password: ",
    "Permission denied (publickey,password).",
    "PasswordAuthentication no",
    "net.ipv4.tcp_syncookies = 1",
    "volumes:\n- secret:\n    secretName: harbor-tls",
    "tun_id=0x1,in_port=2 actions=resubmit(,2),key=flow",
    "iptables -I LIBVIRT_FWI 1 -s 10.10.10.0/24 -d 192.168.100.0/24 -j ACCEPT",
    "key: destination-port-unreachable/reach",
    "Chain KUBE-SVC-TCOU7JCQXEZGVUNU (1 references)",
)


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_blacked_out(text: str) -> None:
    shown = redact_text(text)
    assert "‹secret:" in shown
    for secret in SECRETS[text]:
        assert secret not in shown
    assert redact_text(shown) == shown


LEAKS = {
    "password: $ecret-hunter2xyz": ["$ecret", "hunter2"],
    "password=none-of-your-business9": ["business9"],
    "admin_password: yes!Really9": ["Really9"],
    "password: true.SECRET9": ["SECRET9"],
    "password: <angle>9": ["angle"],
    "metadata_proxy_shared_secret = [abc]9": ["abc"],
    "memcache_secret_key = (SECRET9)": ["SECRET9"],
    "password: *SECRET9*": ["SECRET9"],
    "secret_key: $aaaSECRET9": ["SECRET9"],
    "neighbor 10.0.0.1 password $ecret9": ["ecret9"],
    "OS_PASSWORD=abc&def123ghi": ["abc", "def123"],
    "env OS_PASSWORD=abc&def123;ghi openstack server list": ["abc", "def123", "ghi"],
    "password = ab;cdef9,xyz": ["cdef9", "xyz"],
    "password: correct horse battery staple": ["horse", "staple"],
    "wpa_passphrase=SECRET9 two": ["two"],
    'password: "ab\\"cdSECRET9"': ["ab", "SECRET9"],
    'password: "cut off here': ["off", "here"],
    "export OS_PASSWORD='it'\\''sSECRET9'": ["SECRET9"],
    'inner {\\"password\\": \\"q1 w2\\\\\\"e3\\"}': ["q1", "w2", "e3"],
    '"clouds.yaml": "clouds:\\n  password: abc def9\\n  region: x"': ["abc", "def9"],
    "mysql+pymysql://neutron:p@ssw0rdX@db/neutron": ["p@", "ssw0rdX"],
    "transport_url = rabbit://u:pa/ss9@h:5672/": ["pa/", "ss9"],
    "rabbit://a:f@rst1@h1:5672,c:s@cond2@h2/": ["rst1", "cond2"],
    "https://0123456789abcdefSECRET@git.example/x": ["SECRET"],
    "password: |\n  SECRET9\n\n  more9\nnext: 1": ["SECRET9", "more9"],
    "  password: >-\n    SECRET9\n  next: 1": ["SECRET9"],
    "- admin_password: !vault |\n      SECRET9": ["SECRET9"],
    "password:\n  SECRET9\nnext: 1": ["SECRET9"],
    "ansible_ssh_pass=SECRET9": ["SECRET9"],
    "web1 ansible_become_pass='SEC RET9'": ["RET9"],
    "ansible_become_pass: SECRET9": ["SECRET9"],
    "DB_PASS=SECRET9": ["SECRET9"],
    "MYSQL_PWD=SECRET9": ["SECRET9"],
    "Server=x;pwd=SECRET9;": ["SECRET9"],
    '{"pwd": "SECRET9"}': ["SECRET9"],
    "| adminPass       | SECRET9 more9    |": ["SECRET9", "more9"],
    'args: ["--db-password", "SECRET9"]': ["SECRET9"],
    "--os-password 'two words9'": ["words9"],
    '{"name": "DB_PASSWORD", "value": "it\'s9"}': ["s9"],
    "- name: DB_PASSWORD\n  value: it's9": ["s9"],
}
"""Passwords that look like something else, and those that go on after what looks like their end."""

STAYS = (
    "password: <none>",
    "password: <set by the installer>",
    "password: $OS_PASSWORD",
    "OS_PASSWORD=${OS_PASSWORD}; openstack token issue",
    "OS_PASSWORD=$(cat file) openstack server list",
    "admin_password: {{ keystone_admin_password }}",
    "password=True",
    "oslo option StrOpt(name='x', secret=True, default=None)",
    "password: none",
    "no password",
    "password_auth=yes",
    "password: ********",
    "private_key: /etc/ssl/private/neutron.key",
    "token: ~/.config/token",
    "PWD=/root OLDPWD=/var/lib",
    "bash: pwd: command not found",
    '{"password": {"user": {"name": "x"}}}',
    "- secret: {secretName: harbor-tls, defaultMode: 420}",
    "secret:\n  secretName: harbor-tls",
    "secret:\n- harbor-tls",
    "bypass=1 compass: north",
    "http://10.0.0.1:8774/v2.1/someone@example",
    "ssh://stack@10.0.0.1:22",
    'json {"token": null, "next": "web"}',
)


@pytest.mark.parametrize("text", LEAKS)
def test_odd_passwords_are_blacked_out_to_their_end(text: str) -> None:
    shown = redact_text(text)
    assert "‹secret:" in shown
    left = re.sub(r"‹secret:[0-9a-f]+›", "", shown)
    assert [secret for secret in LEAKS[text] if secret in left] == [], shown
    assert redact_text(shown) == shown


@pytest.mark.parametrize("text", STAYS)
def test_what_stands_in_place_of_a_secret_stays(text: str) -> None:
    assert redact_text(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    for text, around in (
        ("mysql://u:p@ss@db/nova?charset=utf8", ("mysql://u:", "@db/nova?charset=utf8")),
        ("rabbit://a:x1@h1:5672,c:x2@h2/", ("rabbit://a:", "@h1:5672,c:", "@h2/")),
        ("curl 'http://h/?token=abc&user=x'", ("curl 'http://h/?token=", "&user=x'")),
        ("password: |\n  abc\nnext: 1", ("password: |\n  ", "\nnext: 1")),
        ("level=info token=abc user=x", ("level=info token=", " user=x")),
        ('{"password": "a, b", "user": "x"}', ('{"password": "', '", "user": "x"}')),
    ):
        shown = redact_text(text)
        assert "‹secret:" in shown
        for part in around:
            assert part in shown


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


def test_equal_secrets_look_equal_and_others_do_not() -> None:
    assert placeholder("a") == placeholder("a") != placeholder("b")


def test_values_under_telling_keys_go_at_any_depth() -> None:
    shown = redact({"key": "a/b", "list": [{"admin_password": "x", "host": "h"}], "token": "", "count": (1, None)})
    assert shown["key"] == "a/b"
    assert shown["list"][0]["admin_password"] == placeholder("x")
    assert shown["list"][0]["host"] == "h"
    assert shown["token"] == ""
    assert shown["count"] == [1, None]


def test_the_name_of_a_session_is_no_secret() -> None:
    assert redact({"token": "20261121-124241-36be"}) == {"token": "20261121-124241-36be"}


def test_what_went_wrong_is_said_without_secrets() -> None:
    failure = Failure("access", "said 3: token=SECRETTOKENXYZ0123456789", "Bearer is in password=hunter22222")
    clean = hushed(failure)
    assert clean.message.startswith("said 3: token=‹secret:")
    assert "hunter" not in clean.hint
    assert clean.reason == "access"
    usual = Failure("timeout", "no answer in 3 s", "is it up?")
    assert hushed(usual) is usual
    assert hushed(None) is None

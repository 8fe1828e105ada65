"""What a secret looks like in one line of the tools, files and logs of this world. Each rule has words of which one
must be in the line (lower case), and a pattern whose group `secret` is blacked out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from journal.secret_names import NAMED, WORD, Rule

_REST = r"(?P<secret>[^\s'\"‹]{1,8192})"
_SPACE = r"[ \t]{1,20}"


def _rule(triggers: str, pattern: str, flags: int = re.IGNORECASE) -> Rule:
    return tuple(triggers.split()), re.compile(pattern, flags)


_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[23]:")
_LONGEST_KEY = 65_536


def key_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where private keys lie, also those that were cut off. One pass, however many there are."""
    done = 0
    for found in _KEY.finditer(text):
        start = found.end()
        if start <= done:
            continue
        stop = "-----" if found[0].startswith("-") else "Private-MAC:"
        end = text.find(stop, start, start + _LONGEST_KEY)
        done = end if end >= 0 else min(len(text), start + _LONGEST_KEY)
        if done > start and text[start:done].strip(" \n\r\\n"):
            yield start, done


RULES: tuple[Rule, ...] = (
    # URLs: a password, also one with `@` and `/` in it, and the lists of hosts that RabbitMQ and MongoDB take
    _rule(
        "@",
        r"://[\w.%+-]{0,100}:(?!\d{1,5}[/?#])"
        r"(?P<secret>[^\s,‹\"'<>]{1,200}(?:,(?![\w.%+-]{1,100}:)[^\s,‹\"'<>]{1,200}){0,3})@"
        r"(?=[\w\[])",
    ),
    _rule("@", r",[\w.%+-]{0,100}:(?P<secret>[^\s/,‹\"'<>]{1,200})@(?=[\w\[])"),
    _rule("@", r"(?:://|,)[\w.%+-]{0,100}:(?P<secret>[^\s/@,‹]{1,300})@(?=[\w\[])"),
    _rule("@", r"://(?P<secret>(?=[\w-]{0,300}\d)(?=[\w-]{0,300}[a-z])[\w-]{16,300})@(?=[\w\[])"),
    # HTTP
    _rule(
        "auth x-subject-token",
        r"\b(?:proxy-authorization|authorization|x-auth-token|x-subject-token)['\"]?\s{0,4}[:=]\s{0,4}"
        rf"['\"]?(?!(?:bearer|basic|token) ‹)(?:(?:bearer|basic|digest|negotiate|token) )?{WORD}"
        r"(?P<secret>[^\s'\"‹][^\n'\"‹]{0,8191})",
    ),
    # a cookie of HTTP has a name; one of Open vSwitch is a number
    _rule(
        "cookie",
        r"\b(?:set-)?cookie['\"]?:\s{0,4}['\"]?(?P<secret>[^\s'\"‹=;,]{1,200}=[^\n'\"‹]{1,8192})",
    ),
    *NAMED,
    # routers: FRR, Quagga, Cisco, BIRD, keepalived, SNMP
    _rule(
        "password",
        r"^[ \t]{0,20}(?:neighbor \S{1,100} |enable |username \S{1,100} |isis |area-|domain-)?password[ \t]{1,20}"
        rf"(?:(?:[0578]|clear|md5|encrypted) )?{WORD}\"?(?P<secret>[^\s‹\"]{{1,300}}?)\"?;?[ \t]{{0,20}}$",
    ),
    _rule(
        "md5 authentication-key key-string authentication",
        rf"\b(?:message-digest-key \d{{1,3}} md5|authentication-key|key-string|authentication string){_SPACE}"
        rf"(?:[078] )?(?!\d+$){_REST}",
    ),
    _rule("auth_pass auth-pass", rf"\bauth[_-]pass{_SPACE}{_REST}"),
    _rule(
        "community com2sec",
        rf"^[ \t]{{0,20}}(?:r[ow]community6?|snmp-server community|com2sec6?{_SPACE}\S+{_SPACE}\S+|trapcommunity)"
        rf"{_SPACE}{_REST}",
    ),
    _rule(
        "trapsess trapsink informsink",
        rf"^[ \t]{{0,20}}(?:trap2?sink|informsink){_SPACE}\S{{1,200}}{_SPACE}{_REST}",
    ),
    _rule(
        "createuser md5 sha",
        rf"\bcreateuser{_SPACE}(?:-e{_SPACE}\S+{_SPACE})?\S{{1,100}}{_SPACE}(?:md5|sha[-\d]*){_SPACE}"
        r"(?P<secret>[^\n‹]{1,400})",
    ),
    _rule("snmp", rf"\bsnmp\w{{1,20}} [^\n]{{0,200}}?-[cAX]{_SPACE}['\"]?{_REST}", 0),
    # tunnels: WireGuard, IPsec, OpenVPN
    _rule("wireguard wg", rf"\bwg set [^\n]{{0,200}}?(?:private-key|preshared-key){_SPACE}{_REST}"),
    _rule("psk xauth", r":[ \t]{0,20}(?:psk|xauth|eap)[ \t]{1,20}[\"']?(?P<secret>[^\n\"'‹]{1,400})"),
    _rule("auth-trunc enc aead auth", r"\b(?:auth-trunc|auth|enc|aead) \S{1,80} (?P<secret>0x[0-9a-f]{16,})"),
    # programs that take a password on the command line
    _rule("mysql mariadb", r"\b(?:mysql|mariadb)\w{0,12} [^\n]{0,200}?(?<=\s)-p(?P<secret>[^\s'\"‹]{1,300})", 0),
    _rule("sshpass", rf"\bsshpass -p[ \t]{{0,4}}['\"]?{_REST}"),
    _rule(
        "curl wget", r"\bcurl [^\n]{0,400}?(?:-u|--user)[ =]['\"]?[^\s:'\"]{1,100}:(?P<secret>[^\s'\"‹]{1,300})", 0
    ),
    _rule("redis-cli", rf"\bredis-cli [^\n]{{0,200}}?-a{_SPACE}['\"]?{_REST}", 0),
    _rule("ipmitool", rf"\bipmitool [^\n]{{0,200}}?-P{_SPACE}['\"]?{_REST}", 0),
    _rule(
        "rabbitmqctl", rf"\brabbitmqctl (?:add_user|change_password|authenticate_user) \S{{1,100}} ['\"]?{_REST}"
    ),
    _rule("login", rf"\b(?:docker|podman|helm registry|nerdctl) login [^\n]{{0,200}}?-p{_SPACE}['\"]?{_REST}", 0),
    _rule("pass:", r"-pass(?:in|out)? pass:(?P<secret>[^\s'\"‹]{1,300})", 0),
    _rule(
        "kinit chpasswd",
        r"\becho ['\"]?(?P<secret>[^\s'\"‹|]{1,300})['\"]? ?\| ?(?:sudo )?(?:kinit|chpasswd|sudo -S)",
    ),
    # files: Redis, HAProxy, .netrc, Ceph, Docker, shadow, libvirt
    _rule("requirepass masterauth", rf"^[ \t]{{0,20}}(?:requirepass|masterauth){_SPACE}['\"]?{_REST}"),
    _rule("stats auth", r"\bstats auth [^\s:]{1,100}:(?P<secret>[^\s‹]{1,300})"),
    _rule("password", rf"^[ \t]{{0,20}}user \S{{1,100}} (?:insecure-)?password{_SPACE}{_REST}"),
    _rule("password", rf"\blogin{_SPACE}\S{{1,200}}{_SPACE}password{_SPACE}{_REST}"),
    _rule("aq", r"\b(?P<secret>AQ[A-Za-z0-9+/]{36}==)", 0),
    _rule(
        "auth",
        r"\\?\"auth\\?\":\s{0,4}\\?\"(?=[a-z\d+/]*[A-Z])(?=[A-Za-z+/]*[\d=])(?P<secret>[A-Za-z0-9+/]{12,4096}={0,2})\\?\"",
        0,
    ),
    _rule("_auth", r"\b_auth(?:Token)?\s{0,4}=\s{0,4}['\"]?(?P<secret>[^\s'\"‹]{4,4096})"),
    _rule(
        "$1$ $5$ $6$ $y$ $2a$ $2b$ $2y$ $7$ $gy$ $apr1$ $argon2",
        r"(?P<secret>\$(?:1|5|6|7|y|gy|2[aby]|apr1|argon2\w{0,2})\$[\w./$=,+-]{10,500})",
    ),
    _rule("passwd=", r"\bpasswd=(?P<quote>['\"])(?P<secret>[^'\"‹]{1,300})(?P=quote)"),
    _rule("secret-set-value", rf"\bsecret-set-value (?:--secret )?\S{{36}} (?:--base64 )?{_REST}"),
    _rule(
        "user_data userdata",
        r"\buser_?data\\?['\"]?\s{0,4}[:=|]\s{0,4}\\?['\"]?(?P<secret>[A-Za-z0-9+/]{12,}={0,2})",
    ),
    # tokens that say what they are
    _rule("bearer ", r"\bbearer (?P<secret>[\w.~+/=-]{16,8192})"),
    _rule("eyj", r"\b(?P<secret>eyJ[\w-]{8,8192}\.[\w-]{8,8192}\.[\w-]{0,8192})", 0),
    _rule("gaaaa", r"\b(?P<secret>gAAAAA[\w=-]{40,8192})", 0),
    _rule("hvs. hvb. hvr.", r"\b(?P<secret>hv[sbr]\.[\w-]{20,500})", 0),
    _rule(
        "github_pat_ dop_v1_ age-secret-key-1 npm_",
        r"\b(?P<secret>(?:github_pat_|dop_v1_|npm_)\w{30,255}|AGE-SECRET-KEY-1\w{40,80})",
    ),
    _rule("aiza ya29.", r"\b(?P<secret>AIza[\w-]{35}|ya29\.[\w-]{20,500})", 0),
    _rule(
        "token kubeadm bootstrap",
        r"\b(?P<secret>(?=[a-z0-9]{0,5}[a-z.][a-z0-9.]{0,16}\d)[a-z0-9]{6}\.[a-z0-9]{16})\b",
        0,
    ),
)

TELLING_COMMANDS = re.compile(
    r"(?:^|[;&|/ ])(?:virsh (?:-\S+ )*secret-get-value|wg show \S+ (?:private-key|preshared-keys|dump)"
    r"|kubeadm (?:token create|certs certificate-key|init phase upload-certs)|openstack token issue\b.*-f value"
    r"|ceph auth (?:get-key|print-key|print_key)|wg gen(?:key|psk)"
    r"|kubectl [^|;&]*\bget secrets?\b[^|;&]*(?:jsonpath|go-template|custom-columns)"
    r"|cat [^|;&]*(?:fernet-keys/|credential-keys/|\.erlang\.cookie|/token\b|\.pgpass|ipsec\.secrets|/etc/shadow))"
)
"""Commands whose whole answer is a secret."""

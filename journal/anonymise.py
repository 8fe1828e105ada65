"""Addresses, names of hosts, projects and users replaced, the same by the same within one session.

Addresses keep their relations: two that share n bits from the left share n bits afterwards, so subnets stay
subnets, gateways stay inside them, and private ones stay private. Loopback, multicast and the unspecified address
say nothing of a site and stay. Two exports cannot be matched with each other: the key is made anew each time."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import Any

from journal.reading import Recording
from journal.site_names import PROJECT, is_telling, names_in

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_V4 = re.compile(
    r"(?<![a-zA-Z0-9.])(?<!(?<!\d)-)(?P<address>(?:\d{1,3}\.){3}\d{1,3})(?:/(?P<length>\d{1,2}))?"
    r"(?![a-zA-Z0-9]|\.\d|-(?!(?:\d{1,3}\.){3}\d))",
    re.A,
)
"""Also both ends of a range, and with the name of an interface after it; no version of a package."""
_DASHED = re.compile(r"(?<![a-zA-Z0-9])(?<!\d-)\d{1,3}(?:-\d{1,3}){3}(?![a-zA-Z0-9]|-\d)", re.A)
"""An address as it stands in names: `ip-192-168-4-7`."""
_V6 = re.compile(
    r"(?<![\w:.])(?P<address>(?:[0-9a-fA-F]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{1,4})?)"
    r"(?:/(?P<length>\d{1,3}))?(?![\w:]|\.\d)",
    re.A,
)
_MAC = re.compile(
    r"(?<![\w:])(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}(?![\w:])|(?<![\w-])(?:[0-9a-fA-F]{2}-){5}[0-9a-fA-F]{2}(?![\w-])"
    r"|(?<![\w.])(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}(?![\w.])",
    re.A,
)
_UUID = re.compile(r"(?<![\w-])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![\w-])", re.A)
_HASH = re.compile(r"(?<!\w)[0-9a-f]{32}(?!\w)", re.A)
_DOMAIN = re.compile(
    r"(?<![\w@/.-])(?:[a-zA-Z0-9](?:[\w-]{0,61}[a-zA-Z0-9])?\.){1,8}"
    r"(?:com|net|org|io|dev|local|internal|lan|corp|cloud|kr|invalid|test|home|arpa|int|svc)(?![\w-]|\.\w)",
    re.A,
)
_PUBLIC = (
    *("k8s.io", "kubernetes.io", "projectcalico.org", "cilium.io", "docker.io", "quay.io", "openstack.org"),
    *("freedesktop.org", "gnu.org", "ubuntu.com", "debian.org", "redhat.com", "openssh.com", "libvirt.org"),
)
"""Domains that name programs, not sites."""
_LOGIN = re.compile(r"(?<![\w.-])(?P<user>[a-z_][\w-]{0,31})@(?P<host>[a-zA-Z][\w.-]{0,62})(?<![.-])", re.A)
_HOME = re.compile(r"(?<=/home/)[\w.-]+", re.A)
_NAMED = {
    "project": PROJECT,
    "user": re.compile(
        r"(?<![a-z])(?:(?:user|username|user_name|OS_USERNAME)[\"']?\s{0,4}[=:|]\s{0,4}[\"']?"
        r"|(?:invalid user|publickey for|[pP]assword for|authenticating user|session opened for user) "
        r"(?:invalid user )?)"
        r"(?P<name>[A-Za-z_][\w.-]{1,62})",
        re.A,
    ),
}
_COMMON = re.compile(
    r"root|operator|localhost|nobody|admin|default|demo|service|daemon|system|unknown|none|null|true|false|user|from"
    r"|for|in|on|is|invalid|and|name|id|the|to|of|as|with|[\d.:]+",
    re.IGNORECASE,
)
"""Names that name nobody."""
_UNTOUCHED = frozenset(("id", "deadhop_journal", "version", "created", "key", "probe", "cause", "fix", "symptom"))
"""Keys whose values are words of deadhop's own."""
_FOREIGN = frozenset(("facts", "reply", "request", "inputs", "values", "arguments", "kept", "hosts"))
"""Keys under which nothing is a word of deadhop's own."""
_STAYING = {
    4: (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    ),
    6: ("::/16", "fc00::/7", "fe80::/10", "ff00::/8"),
}
"""Ranges with a meaning: what is in one is in it afterwards, and nothing else gets in."""
_LOW = {4: 8, 6: 64}
"""Bits at the end that stay, so that `.1` is still the gateway."""


def _roads() -> frozenset[tuple[int, str]]:
    """Beginnings of the ranges that stay: on the way to one, no bit turns."""
    found = set()
    for version, ranges in _STAYING.items():
        for text in ranges:
            network = ipaddress.ip_network(text)
            bits = f"{int(network.network_address):0{network.max_prefixlen}b}"
            found |= {(version, bits[:place]) for place in range(network.prefixlen)}
    return frozenset(found)


_ROADS = _roads()


class Anonymiser:
    def __init__(self, names: Iterable[str] = (), key: bytes = b"") -> None:
        """`names` are the hosts of the site: they are replaced wherever they stand as words."""
        self._key = key or secrets.token_bytes(32)
        self._given: dict[tuple[str, str], str] = {}
        self._bits: dict[tuple[int, str], int] = {}
        self._words: dict[str, str] = {}
        """Names that go wherever they stand, in lower case → what stands there instead."""
        self._pattern: re.Pattern[str] | None = None
        self.learn("host", names)

    def learn(self, kind: str, names: Iterable[str]) -> None:
        """From now on they are replaced wherever they stand."""
        for name in sorted({name for name in names if _worth(name)}):
            self._words.setdefault(name.lower(), self._name(kind, name))
        self._pattern = _any_of(self._words)

    # ------------------------------------------------------------ text

    def text(self, text: str) -> str:
        text = _UUID.sub(lambda found: self._uuid(found[0]), text)
        text = _HASH.sub(lambda found: self._hash(found[0]), text)
        text = _MAC.sub(lambda found: self._written_mac(found[0]), text)
        text = _V6.sub(self._network, text)
        text = _V4.sub(self._network, text)
        text = _DASHED.sub(lambda found: self.address(found[0].replace("-", ".")).replace(".", "-"), text)
        for kind, pattern in _NAMED.items():
            text = pattern.sub(partial(self._inside, kind), text)
        text = _HOME.sub(lambda found: self._name("user", found[0]), text)
        text = _LOGIN.sub(self._login, text)
        text = _DOMAIN.sub(lambda found: self._domain(found[0]), text)
        return self._pattern.sub(lambda found: self._words[found[0].lower()], text) if self._pattern else text

    def _inside(self, kind: str, found: re.Match[str]) -> str:
        start, end = found.span("name")
        before, after = found[0][: start - found.start()], found[0][end - found.start() :]
        return before + self._name(kind, found["name"]) + after

    def _login(self, found: re.Match[str]) -> str:
        return f"{self._name('user', found['user'])}@{self._domain(found['host'])}"

    def _domain(self, name: str) -> str:
        """`node-1.dc.example.com` → `host-3.example`, and `node-1` alone → `host-3`."""
        if name.endswith(_PUBLIC):
            return name
        first, dot, _ = name.partition(".")
        return self._name("host", first) + (".example" if dot else "")

    def _name(self, kind: str, name: str) -> str:
        if name.lower() in self._words:
            return self._words[name.lower()]
        if not _worth(name) or re.fullmatch(rf"{kind}-\d+", name) or "‹" in name:
            return name
        number = sum(known == kind for known, _ in self._given) + 1
        return self._given.setdefault((kind, name.lower() if kind == "host" else name), f"{kind}-{number}")

    # ------------------------------------------------------------ numbers

    def _network(self, found: re.Match[str]) -> str:
        """An address, or a network whose host bits are zero before and after."""
        text, length = found["address"], found["length"]
        mapped = self.address(text)
        if length is None or mapped == text:
            return mapped + ("" if length is None else f"/{length}")
        before, after = ipaddress.ip_address(text), ipaddress.ip_address(mapped)
        host = max(before.max_prefixlen - int(length), 0)
        if int(before) >> host << host == int(before):
            after = type(after)(int(after) >> host << host)
        return f"{after}/{length}"

    def address(self, text: str) -> str:
        """Another address with the same relations; what is none, or says nothing of a site, stays."""
        try:
            address: Address = ipaddress.ip_address(text)
        except ValueError:
            return text
        if address.is_loopback or address.is_multicast or address.is_unspecified:
            return text
        if address.version == 4 and (address.is_link_local or int(address) >> 24 in (0, *range(224, 256))):
            return text
        return str(type(address)(self._mapped(int(address), address.version, address.max_prefixlen)))

    def _mapped(self, value: int, version: int, width: int) -> int:
        """Bit by bit: whether a bit turns depends on all bits before it, and on nothing else."""
        low = _LOW[version]
        bits = f"{value:0{width}b}"
        turned = (str(int(bit) ^ self._turn(version, bits[:place])) for place, bit in enumerate(bits[:-low]))
        end = value & ((1 << low) - 1)
        if version == 4:
            # 10.244.0.0 is a network, also where its length stands elsewhere
            whole = int("".join(turned), 2)
            return (whole << low | end) if value & 0xFFFF else whole >> 8 << 16
        fixed = f"{value >> 64:064b}" if value >> 118 == 0x3FA else "".join(turned)
        return int(fixed, 2) << low | self._interface(end)

    def _interface(self, end: int) -> int:
        """The second half of an IPv6 address: small numbers stay, what holds a MAC holds the new MAC."""
        if end < 1 << 16:
            return end
        octets = list(end.to_bytes(8, "big"))
        if octets[3:5] != [0xFF, 0xFE]:
            return int(self._digits("interface", str(end), 16), 16)
        mac = ":".join(f"{octet:02x}" for octet in (octets[0] ^ 2, *octets[1:3], *octets[5:]))
        new = [int(part, 16) for part in self._mac(mac).split(":")]
        return int.from_bytes(bytes([new[0] ^ 2, *new[1:3], 0xFF, 0xFE, *new[3:]]), "big")

    def _turn(self, version: int, prefix: str) -> int:
        if (version, prefix) in _ROADS:
            return 0
        if (version, prefix) not in self._bits:
            digest = blake2b(f"{version}:{prefix}".encode(), key=self._key, digest_size=1).digest()
            self._bits[version, prefix] = digest[0] & 1
        return self._bits[version, prefix]

    def _digits(self, kind: str, text: str, length: int) -> str:
        digest = blake2b(f"{kind}:{text.lower()}".encode(), key=self._key, digest_size=32).hexdigest()
        return digest[:length]

    def _mac(self, mac: str) -> str:
        """The maker's half stays: it tells virtual machines from hardware."""
        if mac.replace(":", "").strip("0") == "" or mac.lower() == "ff:ff:ff:ff:ff:ff" or int(mac[1], 16) & 1:
            return mac
        digits = self._digits("mac", mac, 6)
        return ":".join([*mac.split(":")[:3], digits[:2], digits[2:4], digits[4:]])

    def _written_mac(self, text: str) -> str:
        """In the way it was written: by colons, by hyphens, or in three groups."""
        mac = text.replace("-", "").replace(".", "").replace(":", "")
        new = self._mac(":".join(mac[place : place + 2] for place in range(0, 12, 2)))
        if "." not in text:
            return new.replace(":", text[2])
        digits = new.replace(":", "")
        return f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"

    def _uuid(self, uuid: str) -> str:
        digits = self._digits("uuid", uuid, 32)
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _hash(self, text: str) -> str:
        return self._digits("id", text, 32)

    # ------------------------------------------------------------ data

    def data(self, value: Any, key: str = "", *, own: bool = True) -> Any:
        """`own`: where words of deadhop's own may stand."""
        if isinstance(value, str):
            return value if own and key in _UNTOUCHED else self.text(value)
        if isinstance(value, Mapping):
            inside = {name: own and name not in _FOREIGN for name in value}
            return {self.text(name): self.data(inner, name, own=inside[name]) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.data(inner, key, own=own) for inner in value]
        return value


def anonymised(recording: Recording) -> Recording:
    """The same session of another site. Its large outputs are in it."""
    whole = [entry.data for entry in recording.entries]
    anonymiser = Anonymiser(_hosts_of(recording))
    for kind, names in names_in(whole).items():
        anonymiser.learn(kind, names)
    data = map(anonymiser.data, whole)
    entries = tuple(replace(one, stored=new, blobs=None) for one, new in zip(recording.entries, data, strict=True))
    return replace(recording, header=anonymiser.data(recording.header), entries=entries)


def _hosts_of(recording: Recording) -> Iterator[str]:
    """Every name of a machine that the session knew."""
    for entry in recording.entries:
        data = entry.stored
        if entry.kind == "site" and isinstance(data.get("hosts"), list):
            yield from (str(host["name"]) for host in data["hosts"] if isinstance(host, dict) and "name" in host)
        request = data.get("request")
        for target in (data.get("target"), request.get("target") if isinstance(request, dict) else None):
            if isinstance(target, str) and ":" in target:
                yield target.partition(":")[2]
        if entry.kind in ("intent", "undo-intent"):
            yield str(data.get("on", ""))


def _worth(name: str) -> bool:
    return len(name) > 1 and not _COMMON.fullmatch(name)


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """Telling names go in any case and inside longer ones (`ctl-seoul-01-br-ex`), others alone."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    telling = [re.escape(name) for name in longest_first if is_telling(name)]
    plain = [re.escape(way) for name in longest_first if not is_telling(name) for way in (name, name.upper())]
    ways = [rf"(?<![A-Za-z0-9])(?i:{'|'.join(telling)})(?![A-Za-z0-9])"] * bool(telling)
    ways += [rf"(?<![A-Za-z0-9_-])(?:{'|'.join(plain)})(?![A-Za-z0-9_-])"] * bool(plain)
    return re.compile("|".join(ways)) if ways else None

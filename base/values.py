"""Types of values that come from people, pastes and probes. What fails its type never reaches a command."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from base.errors import UsageError
from base.text import clip, inert

Words = tuple[str, ...]
Value = str | int | bool | Words | tuple[Words, ...]
"""What an input or a cause's value can be; a tuple is a list of words, each quoted on its own."""

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@/+=-]{0,254}")
_CONTEXT = re.compile(r"[^\x00-\x20\x7f]{1,253}")
_K8S_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
_FINGERPRINT = re.compile(r"(?:SHA256:[A-Za-z0-9+/]{43}|MD5(?::[0-9a-f]{2}){16})=?")
_SYSCTL = re.compile(r"[a-z0-9_]+(?:[./][A-Za-z0-9_@:-]+)+")
_UNIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,249}\.(?:service|socket|timer|mount)")
_PATH = re.compile(r"/[^\x00-\x1f\x7f]{0,4000}")
_LINE = re.compile(r"[^\x00-\x1f\x7f]{0,8000}")
_PUBLIC_KEY = re.compile(r"[a-z0-9@.-]+ [A-Za-z0-9+/]{20,}={0,3}")


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return text

    return check


def _visible(pattern: re.Pattern[str]) -> Callable[[str], str]:
    """Shown as it stands: nothing unseen, nothing that turns a line around. For what is shown is what runs."""
    matching = _matching(pattern)

    def check(text: str) -> str:
        if inert(text) != text:
            raise ValueError(text)
        return matching(text)

    return check


def _address(text: str) -> str:
    address, percent, zone = text.strip("[]").partition("%")
    if percent and not _INTERFACE.fullmatch(zone):  # the standard library takes any text for a zone
        raise ValueError(text)
    return str(ipaddress.ip_address(address)) + percent + zone


def _cidr(text: str) -> str:
    if "%" in text:
        raise ValueError(text)
    return str(ipaddress.ip_network(text, strict=False))


def _destination(text: str) -> str:
    return text if text == "default" else _cidr(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ValueError(text)
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 10**9):
        raise ValueError(text)
    return int(text)


def _yes_no(text: str) -> bool:
    return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]


KINDS: Mapping[str, Callable[[str], str | int | bool]] = MappingProxyType(
    {
        "address": _address,
        "cidr": _cidr,
        "destination": _destination,
        "host": _matching(_HOST),
        "interface": _matching(_INTERFACE),
        "cloud": _matching(_NAME),
        "cluster": _visible(_CONTEXT),
        "k8s-name": _matching(_K8S_NAME),
        "uuid": _matching(_UUID),
        "name": _matching(_NAME),
        "fingerprint": _matching(_FINGERPRINT),
        "sysctl": _matching(_SYSCTL),
        "unit": _matching(_UNIT),
        "path": _visible(_PATH),
        "line": _visible(_LINE),
        "public-key": _matching(_PUBLIC_KEY),
        "port": _port,
        "count": _count,
        "yes-no": _yes_no,
    }
)
"""Kind → check. A kind ending in `[]` is a list of it; `words` is a list of `line`."""


def check(kind: str, value: object, *, name: str = "value") -> Value:
    """The value in its canonical form; UsageError when it is not of the kind."""
    if kind == "words":
        return check("line[]", value, name=name)
    if kind.endswith("[]"):
        if not isinstance(value, (list, tuple)):
            raise _refused(kind, value, name)
        return _several(kind[:-2], value, name)
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(value, (str, int)):
        raise _refused(kind, value, name)
    try:
        return KINDS[kind](str(value).strip())
    except (ValueError, KeyError) as error:
        raise _refused(kind, value, name) from error


def _several(kind: str, values: Sequence[object], name: str) -> Value:
    if kind == "words":
        return tuple(tuple(str(check("line", word, name=name)) for word in _words(part, name)) for part in values)
    return tuple(str(check(kind, part, name=name)) for part in values)


def _words(value: object, name: str) -> Sequence[object]:
    if not isinstance(value, (list, tuple)):
        raise _refused("words", value, name)
    return value


def up_to(most: int, text: str, *, name: str) -> int:
    """A number of 1 … `most`; UsageError otherwise."""
    try:
        number = _count(text.strip())
    except ValueError:
        number = 0
    if not 0 < number <= most:
        raise UsageError(f"{name}: {_shown(text)!r} is no number that fits", hint=f"1 … {most}")
    return number


def _shown(value: object) -> str:
    return clip(inert(str(value)).replace("\n", "␊"), 60)


def _refused(kind: str, value: object, name: str) -> UsageError:
    return UsageError(f"{name}: {_shown(value)!r} is not of the kind `{kind}`", hint=_HINTS.get(kind, ""))


_HINTS = {
    "address": "an IP address such as 192.168.100.101",
    "cidr": "a network such as 192.168.100.0/24",
    "host": "a host of the site: `deadhop site show` lists them",
    "interface": "a network interface such as enp7s0",
    "path": "an absolute path, without characters that cannot be seen",
    "line": "one line, without characters that cannot be seen",
}

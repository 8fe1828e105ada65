"""DNS messages: a question as bytes that bash can print, and what an answer says."""

from __future__ import annotations

import re

_HEADER = bytes.fromhex("2b2b01000001000000000000")
"""Any id, recursion desired, one question. No byte of it is a newline."""
_WITH_ONE_MORE = _HEADER[:-1] + b"\1"
"""With one additional record."""
_OPT = bytes.fromhex("000029100000000000")
"""A record of EDNS without its length: answers may have 4096 bytes."""
_PADDING = bytes.fromhex("000c")
_A_IN = bytes.fromhex("00010001")
_CODES = {0: "answered", 2: "servfail", 3: "nxdomain", 5: "refused-by-server"}
_ID = _HEADER[:2]
_SHORTEST = 12
FRESH = "zzzz"
"""In a name, each asking has other letters here, so that no cache answers."""


def question(name: str) -> str:
    """Asks for the addresses of a name, as `printf %b` takes it."""
    return _printed(_HEADER + _asked(name))


def padded(name: str, size: int) -> tuple[str, int]:
    """A `question` of so many bytes, padded as RFC 7830 says: what `printf %b` takes, and how many zeros follow it.
    Its own fields are 70 bytes and more."""
    asked = _WITH_ONE_MORE + _asked(name) + _OPT
    zeros = max(size - len(asked) - 6, 0)
    fields = (zeros + 4).to_bytes(2) + _PADDING + zeros.to_bytes(2)
    return _printed(asked + fields), zeros


def _asked(name: str) -> bytes:
    labels = b"".join(bytes((len(label),)) + label.encode("ascii") for label in name.split("."))
    return labels + b"\0" + _A_IN


def _printed(message: bytes) -> str:
    return "".join(_escaped(byte) for byte in message)


def asked_name(message: str) -> str:
    """The name in a `question`; empty when it is none."""
    octets = re.sub(r"\\0([0-7]{3})", lambda found: chr(int(found[1], 8)), message)[len(_HEADER) :]
    labels = []
    while octets and (length := ord(octets[0])):
        labels.append(octets[1 : 1 + length])
        octets = octets[1 + length :]
    return ".".join(labels)


def _escaped(byte: int) -> str:
    """Letters, digits and dashes as they are: the place of FRESH must be seen."""
    return chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\0{byte:03o}"


def outcome(message: bytes) -> str:
    """answered, nxdomain, servfail, refused-by-server, or other."""
    if len(message) < _SHORTEST or message[:2] != _ID or not message[2] & 0x80:
        return "other"
    code = message[3] & 0x0F
    if code == 0 and int.from_bytes(message[6:8]) == 0:
        return "nxdomain"  # no such record: for our purpose the same, somebody knew
    return _CODES.get(code, "other")

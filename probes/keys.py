"""SSH public keys as text. No asyncssh here."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from itertools import pairwise

SSH_PORT = 22


def fingerprint(key: str) -> str:
    """SHA256 fingerprint of `type base64 [comment]`, as ssh prints it; ValueError when it is none."""
    words = key.split()
    if len(words) < 2:
        raise ValueError("not a public key")
    digest = hashlib.sha256(base64.b64decode(words[1], validate=True)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def known_name(host: str, port: int) -> str:
    """The name known_hosts has a host under."""
    return host if port == SSH_PORT else f"[{host}]:{port}"


def keys_in(text: str) -> Iterator[str]:
    """`type base64` of each line of public key files or of ssh-keyscan; other lines are passed over."""
    for line in text.splitlines():
        words = line.split()
        for kind, blob in pairwise(words):
            if kind.startswith(("ssh-", "ecdsa-", "sk-")) and _is_key(kind, blob):
                yield f"{kind} {blob}"
                break


def _is_key(kind: str, blob: str) -> bool:
    """The encoded key begins with its own type."""
    try:
        data = base64.b64decode(blob, validate=True)
    except ValueError:
        return False
    return data[4 : 4 + int.from_bytes(data[:4], "big")] == kind.encode()

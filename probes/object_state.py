"""Objects of APIs as states that can be compared: what somebody set, without what the API itself writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from probes.facts import Kept


def kept_object(what: str, wanted: Mapping[str, Any], revision: str) -> Kept:
    """`wanted` is what was set; `revision` counts every change, also of the rest."""
    text = json.dumps(wanted, indent=1, sort_keys=True, ensure_ascii=False)
    return Kept(what, tuple(text.splitlines()), _digest(what, text), revision)


def absent(what: str) -> Kept:
    return Kept(what, ("absent",), _digest(what, "absent"))


def _digest(what: str, text: str) -> str:
    return sha256(f"{what}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()

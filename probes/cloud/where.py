"""How far the way to an API led."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Where:
    """How far the way to an API led. It travels in the reply's `stderr`, so a recording has it too."""

    layer: str = ""
    """Empty for an answer; else config, name, route, port, proxy, tls, answer, login, catalogue."""
    state: str = ""
    """Of a port: refused, silent, unreachable. Of a certificate: expired, not-yet-valid, untrusted, wrong-name."""
    url: str = ""
    address: str = ""
    not_before: str = ""
    """Of the certificate that was refused."""
    not_after: str = ""
    date: str = ""
    """When the answer was given, by the server's clock where it says so, in ISO 8601."""

    @property
    def text(self) -> str:
        return json.dumps({key: value for key, value in asdict(self).items() if value})

    @classmethod
    def of(cls, text: str) -> Where:
        """Of a reply's `stderr`; an empty one when that says nothing."""
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError):
            return cls()
        known = {field.name for field in fields(cls)}
        found = data.items() if isinstance(data, dict) else ()
        return cls(**{key: value for key, value in found if key in known and isinstance(value, str)})

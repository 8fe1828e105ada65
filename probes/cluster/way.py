"""The way a question to a cluster took, and where it ended."""

from __future__ import annotations

import msgspec


class Way(msgspec.Struct, omit_defaults=True):
    """What a reply says of the way it took, beside the answer: its `stderr`, as JSON."""

    server: str = ""
    address: str = ""
    layer: str = ""
    """Where it ended: kubeconfig, plugin, name, route, port, proxy, tls, http; empty for an answer."""
    via: str = ""
    """Control node that asked, or proxy."""
    insecure: bool = False

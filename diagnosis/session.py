"""One sitting: knowledge, the way outside, and the journal, together."""

from __future__ import annotations

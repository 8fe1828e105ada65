"""What a probe would try from pods that are started for it. It starts none: a pod is a change, and the operator's
to agree to (`diagnosis.pod_look`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.node.tries import Try


@dataclass(frozen=True, slots=True)
class Wish:
    cluster: str
    nodes: tuple[str, ...]
    """A pod on each of them."""
    tries: tuple[Try, ...]
    """What each pod tries."""

    @property
    def text(self) -> str:
        """What the journal says, and by which a replay finds the answer again."""
        tries = " ".join(one.text for one in self.tries)
        return f"tries from pods on {','.join(self.nodes)}: {tries}"

"""Waits until the pods of a look have said what they found, or it is clear that they will not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from probes.api import Api
from probes.cluster.look_pods import LookPod, look_pods, not_made, said_by
from probes.cluster.pods_said import PodSaid, written
from probes.errors import ProbeError
from probes.exchange import Reply
from probes.execution import failed

TURN = 0.7
"""Seconds between two looks at the pods."""
SECONDS = 75.0
"""An image may have to be pulled."""
SETTLED = 4.0
"""Seconds for which the same keeps a pod from its end: the scheduler speaks before it tries again."""
NO_POD = 20.0
"""Seconds after which a Job without a pod is given up."""
OTHER_IMAGE = (
    "name one that this cluster can pull: `--look-image IMAGE`, or `look_image` of the cluster in site.yaml"
)
_NOBODY_MAKES_PODS = "no pod was made for the Job: does kube-controller-manager run?"


@dataclass
class _Waiting:
    begun: float
    since: dict[str, float] = field(default_factory=dict)
    """Pod → since when something keeps it."""

    def is_settled(self, pod: LookPod, now: float) -> bool:
        if pod.over or not pod.why:
            self.since.pop(pod.name, None)
            return pod.over
        return now - self.since.setdefault(pod.name, now) >= SETTLED


async def read_job(api: Api, namespace: str, job: str, nodes: Sequence[str]) -> Reply:
    """What its pods said, as a probe reads it; its failure, when none of them said anything."""
    try:
        pods = await _all_over(api, namespace, job, len(nodes))
        said = await said_by(api, namespace, pods)
    except ProbeError as error:
        return failed(error)
    if any(not one.why for one in said):
        return Reply(0, written([*said, *_missing(said, nodes)]))
    reasons = {one.why for one in said}
    why = "; ".join(f"{one.node}: {one.why}" for one in said) if len(reasons) > 1 else "".join(reasons)
    return failed(ProbeError(why, hint=OTHER_IMAGE if "cannot be pulled" in why else ""))


async def _all_over(api: Api, namespace: str, job: str, count: int) -> tuple[LookPod, ...]:
    """ProbeError when the cluster makes no pod at all."""
    loop = asyncio.get_running_loop()
    waiting = _Waiting(loop.time())
    while True:
        pods = await look_pods(api, namespace, job)
        now = loop.time()
        settled = [waiting.is_settled(pod, now) for pod in pods]
        if (len(pods) == count and all(settled)) or now - waiting.begun > SECONDS:
            return pods
        if not pods:
            await _give_up(api, namespace, job, now - waiting.begun)
        await asyncio.sleep(TURN)


async def _give_up(api: Api, namespace: str, job: str, waited: float) -> None:
    """ProbeError once it is clear that there will be no pod."""
    try:
        why = await not_made(api, namespace, job) if waited > SETTLED / 2 else ""
    except ProbeError:
        why = ""  # who may not read events waits until the end
    if why:
        raise ProbeError(f"the cluster makes no pod: {why}")
    if waited > NO_POD:
        raise ProbeError(_NOBODY_MAKES_PODS)


def _missing(said: Sequence[PodSaid], nodes: Sequence[str]) -> list[PodSaid]:
    there = {one.node for one in said}
    return [
        PodSaid(node, "", why="no pod was made there") for node in nodes if node not in there and "" not in there
    ]

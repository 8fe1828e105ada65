"""The pods of a Job that looks: how far each has come, what it said, and why one says nothing. Only reads."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from base.text import clip, inert
from probes.api import Api, ApiRequest
from probes.cluster import shapes
from probes.cluster.answers import fetch, fetch_text
from probes.cluster.pods_said import PodSaid
from probes.errors import ProbeError

_IMAGE = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
)
_START = (
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "StartError",
    "ContainerCannotRun",
)
_NOT_MADE = "FailedCreate"
LABEL = "deadhop-look"


@dataclass(frozen=True, slots=True)
class LookPod:
    name: str
    node: str
    address: str
    over: bool
    """Its program has come to its end."""
    why: str
    """Why it does not get there; empty while it may still."""


async def look_pods(api: Api, namespace: str, job: str) -> tuple[LookPod, ...]:
    request = ApiRequest(
        ("api", "v1", "namespaces", namespace, "pods"),
        (("labelSelector", f"{LABEL}={job}"),),
        shape=shapes.PodList,
    )
    return tuple(look_pod(pod) for pod in (await fetch(api, request, shapes.PodList)).items or ())


def look_pod(pod: shapes.Pod) -> LookPod:
    return LookPod(
        name=pod.metadata.name,
        node=pod.spec.node_name,
        address=next((one.ip for one in pod.status.pod_ips or ()), ""),
        over=pod.status.phase == "Succeeded" or _exit_code(pod) == 0,
        why=_why(pod),
    )


def _exit_code(pod: shapes.Pod) -> int | None:
    ended = [one.state.terminated for one in pod.status.container_statuses or () if one.state.terminated]
    return ended[0].exit_code if ended else None


def _why(pod: shapes.Pod) -> str:
    for container in pod.status.container_statuses or ():
        waiting, ended = container.state.waiting, container.state.terminated
        if waiting and waiting.reason in _IMAGE:
            return f"the image {container.image} cannot be pulled ({waiting.reason}): {_words(waiting.message)}"
        if waiting and waiting.reason in _START:
            return f"the container cannot be started ({waiting.reason}): {_words(waiting.message)}"
        if ended and ended.exit_code:
            return f"the container ended with {ended.exit_code} ({ended.reason}): {_words(ended.message)}"
    for one in pod.status.conditions or ():
        if one.type == "PodScheduled" and one.status == "False" and one.reason == "Unschedulable":
            return f"the pod finds no place: {_words(one.message)}"
    if pod.status.phase == "Failed":
        return f"the node did not take the pod ({pod.status.reason}): {_words(pod.status.message)}"
    return ""


def _words(text: str) -> str:
    return clip(inert(" ".join(text.split())), 300) or "nothing more is said"


async def not_made(api: Api, namespace: str, job: str) -> str:
    """Why the cluster makes no pod of the Job: a quota, an admission rule. Empty when nobody says."""
    request = ApiRequest(
        ("api", "v1", "namespaces", namespace, "events"),
        (("fieldSelector", f"involvedObject.kind=Job,involvedObject.name={job}"),),
        shape=shapes.EventList,
    )
    events = (await fetch(api, request, shapes.EventList)).items or []
    said = [event.message for event in events if event.reason == _NOT_MADE]
    return _words(said[-1]) if said else ""


async def said_by(api: Api, namespace: str, pods: tuple[LookPod, ...]) -> tuple[PodSaid, ...]:
    return tuple(await asyncio.gather(*(_said_by(api, namespace, pod) for pod in pods)))


async def _said_by(api: Api, namespace: str, pod: LookPod) -> PodSaid:
    if not pod.over:
        return PodSaid(pod.node, pod.address, why=pod.why or "the pod did not come to its end in time")
    path = ("api", "v1", "namespaces", namespace, "pods", pod.name, "log")
    try:
        log = await fetch_text(api, ApiRequest(path, (("limitBytes", "65536"),), accept="text/plain, */*"))
    except ProbeError as error:
        return PodSaid(pod.node, pod.address, why=error.message)
    return PodSaid(pod.node, pod.address, log)

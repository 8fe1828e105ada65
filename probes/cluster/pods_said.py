"""What pods said that were started for tries: written by `diagnosis.pod_look` in one form, read by probes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from probes.decoding import decoded
from probes.errors import ProbeError, UnreadableOutput
from probes.exchange import Reply
from probes.node.pod_tries import parse_log
from probes.node.tries import Try


class PodSaid(msgspec.Struct, frozen=True):
    node: str
    address: str
    log: str = ""
    why: str = ""
    """Why it said nothing."""


class PodsSaid(msgspec.Struct, frozen=True):
    pods: tuple[PodSaid, ...] = ()


def written(pods: Sequence[PodSaid]) -> str:
    return msgspec.json.encode(PodsSaid(tuple(pods))).decode()


Outcomes = tuple[tuple[PodSaid, tuple[str, ...]], ...]


def read_pods(reply: Reply, tries: Sequence[Try]) -> tuple[Outcomes, tuple[str, ...]]:
    """Of each pod that came to its end, the outcome of each try; and why there is none of others."""
    if reply.failure:
        return (), (reply.message,)
    try:
        pods = decoded(reply.stdout, PodsSaid).pods
    except msgspec.MsgspecError as error:
        raise UnreadableOutput(f"what pods said is not in its form: {error}") from error
    found, why = [], []
    for pod in pods:
        try:
            found.append((pod, _outcomes(pod, tries)))
        except ProbeError as error:
            why.append(f"{pod.node}: {error.message}")
    return tuple(found), tuple(dict.fromkeys(why))


def _outcomes(pod: PodSaid, tries: Sequence[Try]) -> tuple[str, ...]:
    if pod.why:
        raise ProbeError(pod.why)
    return parse_log(pod.log, tries)

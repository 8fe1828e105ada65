"""What stands behind a Service: its endpoints, the pods that it selects, and those that may have been meant."""

from __future__ import annotations

from probes.cluster import shapes
from probes.cluster.standpoints import Tried


def ends(slices: shapes.EndpointSliceList, tcp: list[shapes.ServicePort], number: int) -> tuple[str, ...]:
    """ADDRESS:PORT of those that are ready, for one port of the Service."""
    name = next((one.name for one in tcp if one.port == number), "")
    return tuple(
        dict.fromkeys(
            f"{address}:{port.port}"
            for one in slices.items or ()
            for port in one.ports or ()
            if port.name == name and port.port is not None
            for end in one.endpoints or ()
            if end.conditions.ready is not False
            for address in end.addresses or ()
        )
    )


def split(place: str) -> tuple[str, int]:
    address, _, port = place.rpartition(":")
    return address, int(port)


def pod_of(slices: shapes.EndpointSliceList, place: str) -> str:
    address = split(place)[0]
    found = (
        end.target_ref
        for one in slices.items or ()
        for end in one.endpoints or ()
        if address in (end.addresses or ())
    )
    return next((ref.name for ref in found if ref is not None), "")


def owner_of(name: str, pods: list[shapes.Pod]) -> str:
    """Empty where there is no such pod in the list."""
    found = next((one for one in pods if name and one.metadata.name == name), None)
    if found is None:
        return ""
    return next((one.kind for one in found.metadata.owner_references or ()), "none")


def bad_backends(tried: tuple[Tried, ...]) -> tuple[str, ...]:
    """Those to which every try failed while one to another backend did not."""
    to_backends = [one for one in tried if one.of == "backend"]
    good = {f"{one.to}:{one.port}" for one in to_backends if one.outcome == "opened"}
    all_of = dict.fromkeys(f"{one.to}:{one.port}" for one in to_backends)
    return tuple(one for one in all_of if one not in good) if good else ()


def matching(pods: list[shapes.Pod], selector: dict[str, str]) -> list[shapes.Pod]:
    """None for a Service without a selector: others fill in who stands behind it."""
    return [one for one in pods if selector and selector.items() <= (one.metadata.labels or {}).items()]


def similar(name: str, selector: dict[str, str], pods: list[shapes.Pod]) -> str:
    """Of the pods that are named NAME-…, the labels the selector asks for."""
    named = [one.metadata.labels or {} for one in pods if one.metadata.name.startswith(f"{name}-")]
    found = {
        as_text({key: labels[key] for key in selector}) for labels in named if selector.keys() <= labels.keys()
    }
    return found.pop() if len(found) == 1 and found != {as_text(selector)} else ""


def text_of(pod: shapes.Pod, selector: dict[str, str]) -> str:
    """What the selector would have to be to find it."""
    labels = pod.metadata.labels or {}
    return as_text({key: labels[key] for key in selector if key in labels})


def as_text(selector: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in selector.items())


def is_ready(pod: shapes.Pod) -> bool:
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions or ())

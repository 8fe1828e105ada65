"""deadhop trace: from two words to a trace, or two of them, written down as evidence."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from base.errors import UsageError
from base.text import Text
from base.values import Value
from diagnosis.observing import observe
from probes.patience import hurrying
from probes.probe import Evidence, checked_call
from probes.trace import tracing as registered
from probes.trace.ends import End, backend_of, find_end
from probes.trace.services import Door

if TYPE_CHECKING:
    from diagnosis.session import Session

MOST = registered.MOST
LARGEST = 65_000
"""Bytes of payload."""
_SENDS = {
    "tcp": Text(
        "sizes are tried over connections of their own that send HTTP's `OPTIONS *`, which asks for nothing",
        "크기는 따로 연 연결에 HTTP `OPTIONS *` 를 보내 잰다. 아무것도 요구하지 않는 요청이다",
    ),
    "udp": Text(
        "sizes are tried by DNS questions that are padded to them", "크기는 그만큼 늘린 DNS 질의를 보내 잰다"
    ),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is sent."""

    protocol: str = ""
    """icmp, tcp, udp; empty: icmp, and TCP to a Service, whose address answers no ping."""
    port: int = 0
    size: int = 0
    """Bytes of payload that may not be cut: of an echo request, and of connections and questions which are tried
    beside those that are traced. 0: echo requests that nobody else has."""
    packets: int = 20
    captures: bool = True


@dataclass(frozen=True, slots=True)
class Planned:
    """One trace: from where, to where, and what is sent after all."""

    source: End
    target: End
    wanted: Wanted
    note: Text | None = None
    """What the operator should know of it."""

    @property
    def arguments(self) -> dict[str, Value]:
        backends, backend_port = backend_of(self.target)
        return {
            "target": self.target.address,
            "protocol": self.wanted.protocol,
            "packets": self.wanted.packets,
            "size": self.wanted.size,
            "captures": self.wanted.captures,
            "sizes": True,
            **({"port": self.wanted.port} if self.wanted.port else {}),
            **({"pod": self.source.pod} if self.source.pod else {}),
            **({"owner": self.target.host} if self.target.pod and self.target.host else {}),
            **({"backends": backends, "backend_port": backend_port} if backends else {}),
            **({"at_target": True} if backends and self._at_node else {}),
        }

    @property
    def _at_node(self) -> bool:
        """A node, and a pod by its node, translates all but ports of other nodes by itself."""
        end = self.target
        own = bool(end.nodes) and (bool(self.source.pod) or self.source.address in end.nodes)
        return end.at_node and not own


@dataclass(frozen=True, slots=True)
class TraceView:
    """Where it stands: what was traced, and what is being traced now."""

    traced: tuple[tuple[Planned, Evidence], ...] = ()
    running: Planned | None = None
    one_way: bool = False
    """Both ways were wanted, and nothing can be sent from the other end."""


async def traces(
    session: Session, source: str, target: str, wanted: Wanted, *, both: bool = False
) -> AsyncIterator[TraceView]:
    """One trace, or one from each end; noted in the journal as a diagnosis when they are through."""
    there = await plan(session, source, target, wanted)
    back = reverse(there) if both else None
    view = TraceView(one_way=both and back is None)
    for one in filter(None, (there, back)):
        yield replace(view, running=one)
        view = replace(view, traced=(*view.traced, (one, await run(session, one))))
    session.note_traces({"source": source, "target": target}, [evidence for _, evidence in view.traced])
    yield view


async def plan(session: Session, source: str, target: str, wanted: Wanted) -> Planned:
    """UsageError when one is nothing that is known, or nothing can be sent from the source."""
    with hurrying():
        begins, ends = await asyncio.gather(
            find_end(session.toolbox, source),
            find_end(session.toolbox, target, Door(wanted.protocol, wanted.port)),
        )
    return planned(begins, ends, wanted)


def planned(source: End, target: End, wanted: Wanted) -> Planned:
    if not source.host:
        raise UsageError(
            f"nothing can be sent from {source.name or source.address}: no host of the site is it or has it",
            hint="give a host that deadhop can log in to: `deadhop site show`",
        )
    if not target.address and target.kind == "service":
        raise UsageError(
            f"the Service {target.name} is headless: it has no address", hint="trace to one of its pods"
        )
    if not target.address:
        raise UsageError(f"no address of {target.name} is known", hint="give it `addresses` in site.yaml")
    if not _is_one_machines(target.address):
        raise UsageError(
            f"{target.address} is the address of no single machine", hint="give one that a machine has"
        )
    it = ipaddress.ip_address(target.address)
    if it.version == 6 and it.is_link_local:  # not 169.254.169.254, which routers of a cloud answer for
        raise UsageError(f"{target.address} is another machine's on each network", hint="give one that is routed")
    if target.kind == "service" and wanted.protocol in ("tcp", "udp"):
        _refuse_port(target, wanted)
    if wanted.protocol in ("", "icmp") and target.kind == "service":
        return _to_service(source, target, wanted)
    return Planned(source, target, replace(wanted, protocol=wanted.protocol or "icmp"), _note(target, wanted))


def _refuse_port(target: End, wanted: Wanted) -> None:
    """One that it does not have leads nowhere."""
    ports = target.ports if wanted.protocol == "tcp" else target.udp
    if wanted.port not in ports:
        has = ", ".join(map(str, ports)) or "–"
        kind = wanted.protocol.upper()
        raise UsageError(f"the Service {target.name} has no {kind} port {wanted.port}", hint=f"it has {has}")


def _note(target: End, wanted: Wanted) -> Text | None:
    if wanted.protocol in ("tcp", "udp"):
        return _SENDS[wanted.protocol] if wanted.size else None
    if not target.unasked:
        return None
    names = ", ".join(target.unasked)
    return Text(
        f"{names} could not be asked whether {target.address} is a Service's, which would answer no ping: "
        "--tcp PORT tells",
        f"{target.address} 가 서비스 주소인지 {names} 에 물어보지 못했다. 서비스 주소라면 ping 에 답하지 않으므로 "
        "--tcp PORT 로 확인한다",
    )


def _is_one_machines(address: str) -> bool:
    it = ipaddress.ip_address(address)
    return not (it.is_multicast or it.is_unspecified or str(it) == "255.255.255.255")


def _to_service(source: End, target: End, wanted: Wanted) -> Planned:
    """A ClusterIP is no machine's address: only its ports lead anywhere."""
    if not target.ports and not target.udp:
        raise UsageError(f"the Service {target.name} has no port", hint="trace to one of its pods")
    if not target.ports:
        note = Text(
            "a Service's address answers no ping: only its ports lead to pods, so these are questions by UDP to "
            "its first one",
            "서비스 주소는 ping 에 답하지 않는다. 포트만 파드로 이어지므로 첫 포트에 UDP 로 묻는다",
        )
        return Planned(
            source, target, replace(wanted, protocol="udp", port=target.udp[0]), _also_sizes(note, "udp", wanted)
        )
    note = Text(
        "a Service's address answers no ping: only its ports lead to pods, so this is TCP to its first one",
        "서비스 주소는 ping 에 답하지 않는다. 포트만 파드로 이어지므로 첫 포트에 TCP 로 확인한다",
    )
    return Planned(
        source, target, replace(wanted, protocol="tcp", port=target.ports[0]), _also_sizes(note, "tcp", wanted)
    )


def _also_sizes(note: Text, protocol: str, wanted: Wanted) -> Text:
    if not wanted.size:
        return note
    sends = _SENDS[protocol]
    return Text(f"{note.en}; {sends.en}", f"{note.ko}. {sends.ko}")


def reverse(one: Planned) -> Planned | None:
    """The same from the other end; None where nothing can be sent from there."""
    if not one.target.host or not one.source.address or one.target.kind == "service":
        return None
    return planned(one.target, one.source, one.wanted)


async def run(session: Session, one: Planned) -> Evidence:
    """Noted in the journal, with every exchange behind it."""
    call = checked_call("path.trace", one.source.host, one.arguments)
    evidence = await observe(call, session.toolbox, session.next_evidence_id())
    session.note_evidence(evidence)
    return evidence

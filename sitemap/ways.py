"""From a server down: its ports, the host each is bound to, the tap there, the bridge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from base.text import Text
from probes.cloud.facts import Server
from probes.cloud.network_facts import Port
from probes.cloud.plugs import NO_TAG, Plug, Plugs
from sitemap import contradictions, sentences
from sitemap.index import CloudIndex
from sitemap.machines import Machines
from sitemap.model import By, Cell, Contradiction, Kind, Source, State, Way
from sitemap.seen import Gathered, Seen

NO_PORT = Text("the server has no port", "서버에 포트가 없다")
NO_SUCH_PORT_SEEN = Text("this login sees no port of it", "이 로그인으로는 포트가 보이지 않는다")
NO_SERVER_SEEN = Text("Nova does not show it to this login", "Nova 가 이 로그인에는 보여 주지 않는다")
NOT_PLACED = Text("not on a host yet", "아직 호스트에 배치되지 않았다")
HOST_HIDDEN = Text("this login may not see where it is", "이 로그인은 어느 호스트에 있는지 볼 수 없다")
HOST_UNKNOWN = Text("its host is not known", "호스트를 알 수 없다")
NOT_IN_SITE = Text("no host of the site, so nobody can look there", "사이트에 없는 호스트라 볼 수 없다")
NOT_LOOKED = Text("not looked at yet", "아직 보지 않았다")
NO_PLUG = Text(
    "Open vSwitch there has no interface for the port", "그곳 Open vSwitch 에 이 포트의 인터페이스가 없다"
)
NO_TAP = Text("there is no tap", "탭이 없다")


def source(seen: Seen[object]) -> Source:
    return Source(seen.target, seen.at)


def unseen(kind: Kind, seen: Seen[object]) -> Cell:
    return Cell(kind, State.UNKNOWN, source=source(seen), why=seen.why)


@dataclass(frozen=True, slots=True)
class Below:
    server: Cell
    ways: tuple[Way, ...]
    said: tuple[Contradiction, ...]


class Down:
    def __init__(self, gathered: Gathered, machines: Machines) -> None:
        self._seen, self._machines = gathered.plugs, machines
        self._plugs = {
            (host, plug.port): plug for host, seen in gathered.plugs.items() for plug in _plugs(seen.facts)
        }
        self._hosts_of: dict[str, list[str]] = {}
        self._of_server: dict[str, list[tuple[str, Plug]]] = {}
        for (host, port), plug in self._plugs.items():
            self._hosts_of.setdefault(port, []).append(host)
            self._of_server.setdefault(plug.server, []).append((host, plug))

    def nothing(self, server: Cell) -> Below:
        """Below a server that is not known."""
        return Below(server, (), ())

    def of_server(self, cloud: CloudIndex, id_: str, by: By | None) -> Below:
        server, ports = cloud.servers.get(id_), cloud.ports_of.get(id_, ())
        said: list[Contradiction] = []
        if server:
            said += contradictions.of_server(cloud, server, ports)
        ways = [self._way(cloud, server, port, said) for port in ports]
        if not ways and cloud.seen.ports.facts is None:
            ways = [self._plugged_alone(cloud, host, plug) for host, plug in self._of_server.get(id_, ())]
        ways = ways or [self._no_port(cloud, server)]
        return Below(_server_cell(cloud, id_, server, by), tuple(ways), tuple(said))

    # ------------------------------------------------------------ a way down

    def _way(self, cloud: CloudIndex, server: Server | None, port: Port, said: list[Contradiction]) -> Way:
        name = port.host or (server.host if server else "")
        machine = self._machine(cloud, name)
        plug = self._plugs.get((machine, port.id))
        said += contradictions.of_host(cloud, port, name)
        if plug:
            said += contradictions.of_plug(cloud, port, plug, machine)
        elif self._looked(machine) and port.vif_type == "ovs":
            elsewhere = [host for host in self._hosts_of.get(port.id, ()) if host != machine]
            said.append(sentences.not_plugged(port, name, elsewhere, cloud.seen.name))
        host = self._host_cell(cloud, name, machine, _hidden(server, port))
        return Way(_port_cell(cloud, port), host, *self._plug_cells(name, machine, plug))

    def _plugged_alone(self, cloud: CloudIndex, host: str, plug: Plug) -> Way:
        """Neutron says nothing; Open vSwitch knows all the same whose its interfaces are."""
        seen, at = cloud.seen.ports, source(self._seen[host])
        port = Cell(Kind.PORT, State.UNKNOWN, plug.port, plug.port, (), source(seen), seen.why)
        return Way(port, Cell(Kind.HOST, State.SEEN, host, "", (), at), *self._plug_cells(host, host, plug))

    def _no_port(self, cloud: CloudIndex, server: Server | None) -> Way:
        seen = cloud.seen.ports
        if seen.why:
            port = unseen(Kind.PORT, seen)
        elif cloud.everywhere:
            port = Cell(Kind.PORT, State.NONE, source=source(seen), why=NO_PORT)
        else:
            port = Cell(Kind.PORT, State.UNKNOWN, source=source(seen), why=NO_SUCH_PORT_SEEN)
        name = server.host if server else ""
        hidden = HOST_HIDDEN if server and not server.placed_known else NOT_PLACED
        if seen.why:
            hidden = HOST_UNKNOWN
        none = Cell(Kind.TAP, State.UNKNOWN, why=NO_PORT if port.state is State.NONE else port.why)
        bridge = Cell(Kind.BRIDGE, State.UNKNOWN, why=none.why)
        return Way(port, self._host_cell(cloud, name, self._machine(cloud, name), hidden), none, bridge)

    def _machine(self, cloud: CloudIndex, name: str) -> str:
        return self._machines.of_host(name, cloud.hypervisors.get(name)) if name else ""

    def _looked(self, machine: str) -> bool:
        return machine in self._seen and self._seen[machine].facts is not None

    # ------------------------------------------------------------ cells

    def _host_cell(self, cloud: CloudIndex, name: str, machine: str, hidden: Text) -> Cell:
        if not name:
            return Cell(Kind.HOST, State.UNKNOWN, source=source(cloud.seen.ports), why=hidden)
        hypervisor, agent = cloud.hypervisors.get(name), cloud.agents.get(name)
        details = (
            ("address", hypervisor.address if hypervisor else ""),
            ("agent", ("alive" if agent.alive else "DEAD") if agent else ""),
            ("machine", machine if machine != name else ""),
        )
        return Cell(Kind.HOST, State.SEEN, name, "", _kept(details), source(cloud.seen.ports))

    def _plug_cells(self, name: str, machine: str, plug: Plug | None) -> tuple[Cell, Cell]:
        if plug is None:
            state, at, why = self._why_no_plug(name, machine)
            return Cell(Kind.TAP, state, source=at, why=why), Cell(
                Kind.BRIDGE, State.UNKNOWN, source=at, why=NO_TAP if state is State.NONE else why
            )
        at = source(self._seen[machine])
        details = (
            ("mac", plug.mac),
            ("tag", "" if plug.tag == NO_TAG else str(plug.tag)),
            ("link", plug.link),
            ("error", plug.error),
        )
        through = (("between", f"{plug.between} {plug.name}" if plug.between else ""),)
        return (
            Cell(Kind.TAP, State.SEEN, plug.tap, plug.port, _kept(details), at),
            Cell(Kind.BRIDGE, State.SEEN, plug.bridge, "", _kept(through), at),
        )

    def _why_no_plug(self, name: str, machine: str) -> tuple[State, Source | None, Text]:
        seen = self._seen.get(machine)
        if seen is None:
            return State.UNKNOWN, None, NOT_LOOKED if machine else NOT_IN_SITE if name else HOST_UNKNOWN
        if seen.why:
            return State.UNKNOWN, source(seen), seen.why
        return State.NONE, source(seen), NO_PLUG


def _plugs(facts: Plugs | None) -> Sequence[Plug]:
    return facts.plugs if facts else ()


def _hidden(server: Server | None, port: Port) -> Text:
    """Why no host is known."""
    known = port.binding_known or (server is not None and server.placed_known)
    return NOT_PLACED if known else HOST_HIDDEN


def _kept(details: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((word, value) for word, value in details if value)


def _server_cell(cloud: CloudIndex, id_: str, server: Server | None, by: By | None) -> Cell:
    joined_by = ("by", by.value if by else "")
    if server is None:
        seen = cloud.seen.servers
        return Cell(
            Kind.SERVER,
            State.UNKNOWN,
            "",
            id_,
            _kept((("id", id_), joined_by)),
            source(seen),
            seen.why or NO_SERVER_SEEN,
        )
    details = (("status", server.status), ("id", server.id), joined_by)
    return Cell(Kind.SERVER, State.SEEN, server.name, server.id, _kept(details), source(cloud.seen.servers))


def _port_cell(cloud: CloudIndex, port: Port) -> Cell:
    floating = (
        f"{one.address}{'' if one.status == 'ACTIVE' else f' ({one.status})'}"
        for one in cloud.floating_of.get(port.id, ())
    )
    details = (
        ("fixed", ", ".join(port.addresses)),
        ("floating", ", ".join(floating)),
        ("allowed", ", ".join(dict.fromkeys(pair.address for pair in port.allowed))),
        ("groups", ", ".join(cloud.groups.get(group, group) for group in port.security_groups)),
        ("port-security", "" if port.port_security else "off"),
        ("mac", port.mac),
        ("status", port.status),
        ("binding", port.vif_type),
    )
    return Cell(Kind.PORT, State.SEEN, port.id, port.id, _kept(details), source(cloud.seen.ports))

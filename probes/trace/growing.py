"""What grew while our packets were sent, without what grows in silence."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from probes.linux.facts import Firewall, FirewallRule
from probes.linux.firewall import Key, apart, policies_as_rules
from probes.trace.reading import Reading
from probes.trace.switch import Port
from probes.trace.switching import Drops, Flow, drops_copies


@dataclass(frozen=True, slots=True)
class Grown:
    """Of one counter."""

    ours: int
    """Without the background; never below 0."""
    noise: int
    """What others add to it in the time that ours were sent in."""
    known: bool = True
    """False after a reset or wrap between two readings."""

    def is_like(self, sent: int) -> bool:
        """About as many as ours, where others' packets would not look the same."""
        return self.may_be(sent) and not self.is_hidden(sent)

    def may_be(self, sent: int) -> bool:
        """At least half of ours, and no more than ours (TCP tries again, once or twice) and what others vary by."""
        most = 3 * sent + 3 * _spread(self.noise)
        return self.known and max(1, sent / 2) <= self.ours <= most

    def is_hidden(self, sent: int) -> bool:
        """Others' packets vary so much that half of ours would not show."""
        return not self.known or 3 * _spread(self.noise) > max(1, sent / 2)

    def is_quiet(self, sent: int) -> bool:
        """Nothing else of weight is counted here: the number may be taken for ours."""
        return self.known and self.noise * 4 <= sent


def _spread(noise: int) -> float:
    return math.sqrt(noise)


UNKNOWN = Grown(0, 0, known=False)


@dataclass(frozen=True)  # no slots: what is made of long lists is kept
class Growing:
    """Three readings of one host: silence between the first two, our packets between the last two."""

    silent: Reading
    before: Reading
    after: Reading
    drops: tuple[Drops, Drops, Drops] | None = None
    """Of Open vSwitch's flows, read at other moments; None where there is none or nobody could ask."""

    @property
    def share(self) -> float:
        """How much longer we sent than we were silent, by the host's own clock."""
        return _share(self.silent.moment, self.before.moment, self.after.moment)

    def _grown(self, silent: int, before: int, after: int, share: float = 0.0) -> Grown:
        if before < silent or after < before:
            return UNKNOWN
        noise = round((before - silent) * (share or self.share))
        return Grown(max(after - before - noise, 0), noise)

    def counter(self, *names: str) -> Grown:
        """Of named kernel counters together; one that the kernel lacks counts nothing."""
        return self._grown(*(sum(one.counters.get(name, 0) for name in names) for one in self._readings()))

    def received(self, interface: str) -> Grown:
        return self._of_link(interface, "rx_packets")

    def sent(self, interface: str) -> Grown:
        return self._of_link(interface, "tx_packets")

    def link_drops(self, interface: str) -> Grown:
        return self._of_link(interface, "rx_dropped", "tx_dropped", "rx_errors", "tx_errors")

    def _of_link(self, interface: str, *names: str) -> Grown:
        links = [one.links.get(interface) for one in self._readings()]
        if any(link is None for link in links):
            return UNKNOWN
        return self._grown(*(sum(int(getattr(link, name)) for name in names) for link in links))

    def queue_drops(self, interface: str) -> Grown:
        return self._grown(*(one.queues.get(interface, 0) for one in self._readings()))

    def _readings(self) -> tuple[Reading, Reading, Reading]:
        return self.silent, self.before, self.after

    def flow_drops(self) -> list[tuple[Flow, Grown]]:
        """Every flow of Open vSwitch that drops more than copies, was there from the beginning, and grew while we
        sent."""
        if self.drops is None:
            return []
        silent, before, after = (one.counts for one in self.drops)
        lasting = (flow for flow in after if flow in silent and flow in before)
        grown = ((flow, self.of_switch(silent[flow], before[flow], after[flow])) for flow in lasting)
        texts = self.drops[-1].texts
        return [
            (flow, one) for flow, one in grown if one.ours and not drops_copies(texts.get(flow[0], ""), flow[1])
        ]

    def of_port(self, bridge: str, port: str, counter: str) -> Grown:
        """`counter` is rx, tx or dropped; UNKNOWN where Open vSwitch does not say."""
        if self.drops is None:
            return UNKNOWN
        counted = [one.ports.get((bridge, port)) for one in self.drops]
        if any(one is None for one in counted):
            return UNKNOWN
        return self.of_switch(*(int(getattr(one, counter)) for one in counted))

    def port_drops(self) -> list[tuple[Port, Grown]]:
        """Every port of Open vSwitch that dropped meanwhile, or found broken."""
        ports = self.drops[-1].ports if self.drops else ()
        grown = ((port, self.of_port(*port, "dropped")) for port in ports)
        return [(port, one) for port, one in grown if one.ours]

    def of_switch(self, *counts: int) -> Grown:
        silent, before, after = counts
        share = _share(*(one.moment for one in self.drops or ()))
        return self._grown(silent, before, after, share)

    def translates(self) -> bool:
        """A rule gave some of what came meanwhile another address, or may have: nft's own mostly count nothing."""
        held = self.after.firewall.rules if self.after.firewall else ()
        if any(not rule.spec and _TRANSLATES.search(rule.text) for rule in held):
            return True
        return any(rule.table == "nat" and rule.verdict in _TRANSLATING for rule, _ in self.rules())

    def rules(self) -> list[tuple[FirewallRule, Grown]]:
        """Every rule, and every policy as a rule of position 0, that grew while we sent."""
        return self._rules

    @cached_property
    def rules_changed(self) -> bool:
        """Between two of the readings: rules came or went, or counters went back to zero."""
        if any(reading.firewall is None for reading in self._readings()):
            return False
        one, two, three = self._keyed
        pairs = ((one, two), (two, three))
        return any(before.keys() != after.keys() or _went_back(before, after) for before, after in pairs)

    @cached_property
    def _keyed(self) -> tuple[dict[Key, FirewallRule], ...]:
        return tuple(_all(reading.firewall) for reading in self._readings())

    @cached_property
    def _rules(self) -> list[tuple[FirewallRule, Grown]]:
        one, two, three = self._keyed
        reset = {rule.table for key, rule in three.items() if key in two and rule.packets < two[key].packets}
        found = []
        for key, rule in three.items():
            silent, before = one.get(key), two.get(key)
            if before is not None and before.packets == rule.packets and rule.table not in reset:
                continue
            if rule.table in reset or silent is None or before is None:
                grown = UNKNOWN
            else:
                grown = self._grown(silent.packets, before.packets, rule.packets)
            if grown.ours or not grown.known:
                found.append((rule, grown))
        return found


_TRANSLATING = ("SNAT", "MASQUERADE", "DNAT", "REDIRECT", "NETMAP")
_TRANSLATES = re.compile(r"\b(?:snat|masquerade|dnat|redirect)\b")


def _share(silent: float, before: float, after: float) -> float:
    return (after - before) / (before - silent) if before > silent else 1.0


def _went_back(before: Mapping[Key, FirewallRule], after: Mapping[Key, FirewallRule]) -> bool:
    return any(rule.packets < before[key].packets for key, rule in after.items())


def _all(firewall: Firewall | None) -> dict[Key, FirewallRule]:
    return apart([*firewall.rules, *policies_as_rules(firewall.policies)]) if firewall else {}

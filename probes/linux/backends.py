"""Which backends hold a host's rules. All are asked at once; one that is not there lets the others speak for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.connection import MEBIBYTE, Connection
from probes.errors import CommandFailed, CommandMissing, ProbeError
from probes.exchange import Reply
from probes.linux.ask import reply_to
from probes.linux.fields import json_of, reading, word

CHAINS = "nft -j list chains"
"""`list tables` fetches every rule first: ten seconds for what this says in a hundredth of one."""
_LIMIT = 16 * MEBIBYTE
"""kube-proxy of a cluster with some thousands of Services writes 50,000 rules, 5 MB."""
_KERNEL_LACKS_IT = ("do you need to insmod", "Protocol not supported", "Operation not supported")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,63}")


@dataclass(frozen=True, slots=True)
class Chain:
    """One of nft."""

    family: str
    table: str
    kind: str
    """filter, nat or route; empty where none but other chains lead to it."""

    @property
    def is_askable(self) -> bool:
        """The table's name is a word of a command."""
        return bool(_NAME.fullmatch(self.table))


async def rules_of(connection: Connection, command: str, seconds: float = 10.0) -> Reply:
    """ProbeError when nobody may look."""
    return await reply_to(connection, *command.split(), sudo=True, limit=_LIMIT, seconds=seconds)


async def if_there(
    connection: Connection,
    command: str,
    seconds: float = 10.0,
    absent: tuple[type[ProbeError], ...] = (CommandMissing,),
) -> Reply | ProbeError:
    """The reply, or why there is none: the backend is not installed, or its kernel has it not."""
    try:
        return await rules_of(connection, command, seconds)
    except absent as error:
        return error
    except CommandFailed as error:
        if any(words in error.message for words in _KERNEL_LACKS_IT):
            return error
        raise


@reading(CHAINS)
def parse_chains(text: str) -> tuple[Chain, ...]:
    entries = (entry["chain"] for entry in json_of(text)["nftables"] if "chain" in entry)
    return tuple(Chain(word(one, "family"), word(one, "table"), word(one, "type", "")) for one in entries)

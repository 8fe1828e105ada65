"""Records the probes of paths on the broken lab for `test_path_replayed.py`.

As root:  python -m lab up && python -m tests.probes.record_paths; python -m lab down
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import probes.all
from lab.instance import current
from lab.session import Lab
from probes.exchange import Exchange, to_json
from probes.probe import checked_call, observe
from probes.site_file import load_site
from probes.toolbox import LiveToolbox
from tests.probes.path_calls import CALLS, Call

assert probes.all

RECORDINGS = Path(__file__).parent / "recordings"


async def record(lab: Lab, call: Call) -> None:
    exchanges: list[Exchange] = []
    async with LiveToolbox(load_site(lab.site(console=False)), exchanges.append) as live:
        evidence = await observe(checked_call(call.probe, call.host, call.arguments), live, "e1")
    assert evidence.failure is None, evidence.failure
    lines = (json.dumps(to_json(exchange), ensure_ascii=False) + "\n" for exchange in exchanges)
    (RECORDINGS / f"{call.name}.jsonl").write_text("".join(lines))
    print(call.name, evidence.facts)


def main() -> None:
    lab = Lab(current())
    for call in CALLS:
        if call.fault:
            lab.break_(call.fault)
        try:
            asyncio.run(record(lab, call))
        finally:
            lab.heal()


if __name__ == "__main__":
    main()

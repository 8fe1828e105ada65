"""Several threads that meet the same shapes for the first time at once."""

import subprocess
import sys

_MANY = """
import sys, threading, types
from probes.decoding import decoded

sys.setswitchinterval(1e-6)
COUNT = 40
SOURCE = "from __future__ import annotations\\nimport msgspec\\n" + "".join(
    f"class C{i}(msgspec.Struct):\\n"
    f"  a: {after} | None = None\\n  b: list[{after}] | None = None\\n  c: dict[str, {after}] | None = None\\n"
    for i, after in ((i, f"C{i + 1}" if i + 1 < COUNT else "str") for i in range(COUNT))
)
TEXT = b'{"a": {"a": {"b": [{}]}}, "c": {"x": {"b": [{}, {}]}}}'


def once():
    shapes = sys.modules["shapes"] = types.ModuleType("shapes")
    exec(SOURCE, shapes.__dict__)
    start = threading.Barrier(4)

    def decode(first):
        start.wait()
        for i in range(COUNT):
            decoded(TEXT, getattr(shapes, f"C{(i + first) % (COUNT - 6)}"))

    threads = [threading.Thread(target=decode, args=(9 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


for _ in range(20):
    once()
"""


def test_threads_that_learn_the_same_shapes_do_not_crash() -> None:
    """With `msgspec.json.decode` in its place this ends by SIGSEGV."""
    done = subprocess.run([sys.executable, "-c", _MANY], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")

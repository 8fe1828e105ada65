"""Where what was built is kept between labs: outside the repository, one folder for each set of versions."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_root() -> Path:
    """DEADHOP_LAB_CACHE, else below the user's cache."""
    if named := os.environ.get("DEADHOP_LAB_CACHE"):
        return Path(named).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deadhop-lab"


def cache_folder(name: str, *decides: str) -> Path:
    """The folder of what these texts decide: other texts, another folder."""
    return cache_root() / f"{name}-{digest(*decides)}"


def digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


@contextmanager
def only_one_builds(folder: Path) -> Iterator[None]:
    """A second builder of the folder waits here, and finds the work done."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

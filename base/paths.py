"""Where deadhop keeps things, by the XDG rules."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import platformdirs


def config_dir() -> Path:
    """The operator's own configuration: `site.yaml`, own knowledge."""
    return Path(platformdirs.user_config_dir("deadhop"))


def state_dir() -> Path:
    """Journals and the log. `DEADHOP_STATE` moves it, for machines with a read-only home."""
    return Path(os.environ.get("DEADHOP_STATE") or platformdirs.user_state_dir("deadhop"))


@contextlib.contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """A folder for a moment, in nobody's reach: never in a shared place. What a killed deadhop left goes first.
    OSError when there is no room for it."""
    import shutil
    import tempfile

    home = state_dir() / "scratch"
    make_private(home)
    for left in home.glob("*-*"):
        if not _runs(left.name.split("-")[1]):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{purpose}-{os.getpid()}-", dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def make_private(folder: Path) -> None:
    """Makes the folder and those above it that are missing, all of them its owner's alone: `mkdir(parents=True)`
    leaves the ones above to the umask. OSError when it cannot."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)

"""Where deadhop keeps things, by the XDG rules."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def config_dir() -> Path:
    """The operator's own configuration: `site.yaml`, own knowledge."""
    return Path(platformdirs.user_config_dir("deadhop"))


def state_dir() -> Path:
    """Journals and the log. `DEADHOP_STATE` moves it, for machines with a read-only home."""
    return Path(os.environ.get("DEADHOP_STATE") or platformdirs.user_state_dir("deadhop"))


def make_private(folder: Path) -> None:
    """Makes the folder and those above it that are missing, all of them its owner's alone: `mkdir(parents=True)`
    leaves the ones above to the umask. OSError when it cannot."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)

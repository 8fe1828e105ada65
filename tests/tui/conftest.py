"""Nothing of a test is left in the operator's own folders."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADHOP_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

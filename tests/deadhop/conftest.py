import socket
from pathlib import Path

import pytest

from tests.deadhop.desk import Desk, lay


@pytest.fixture
def closed_port() -> int:
    """A port of the loopback interface nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def desk(tmp_path: Path, closed_port: int) -> Desk:
    return lay(tmp_path, closed_port)

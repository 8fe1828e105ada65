"""Sessions whose outside is the shipped drill: recorded from real machines, replayed at once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from diagnosis.drill import script_of
from diagnosis.session import Session, open_drill
from tests.diagnosis.drilled import DRILL


@pytest.fixture
async def drill() -> AsyncIterator[Session]:
    session = open_drill(DRILL)
    await session.ready()
    yield session
    await session.close()


@pytest.fixture
def paste() -> str:
    return script_of(DRILL).text

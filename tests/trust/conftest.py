"""Sessions on the shipped drill, as in tests/diagnosis."""

from tests.diagnosis.conftest import drill

__all__ = ["drill"]

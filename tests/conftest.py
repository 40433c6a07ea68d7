"""What holds for all tests."""

import gc
from collections.abc import Iterator

import pytest

from app.wiring.app import GARBAGE

gc.set_threshold(GARBAGE)
"""As a service does: looking for garbage all the time takes a fifth of the suite's time."""


@pytest.fixture(autouse=True, scope="module")
def _memory_is_given_back() -> Iterator[None]:
    """Collect what a module left in cycles: to Python a learner is one object, and its table has 16 MB."""
    yield
    gc.collect()

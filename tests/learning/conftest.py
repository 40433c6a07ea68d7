from collections.abc import Iterator

import pytest

from app.telemetry import metrics


@pytest.fixture
def no_signs() -> Iterator[None]:
    """Begin and end without signs of drift, because the metrics are those of all tests of the process."""
    _clear()
    yield
    _clear()


def _clear() -> None:
    metrics.EXPLORATION_FLOOR.set(0)
    for gauge in metrics.DRIFT.values():
        if gauge._labelnames:  # noqa: SLF001  it has no other
            gauge.clear()
        else:
            gauge.set(0)

"""What tests of learning share: worlds, trainers that do not wait, metrics without signs of drift."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.learning import bases, publishing, refolding, trainer
from app.telemetry import metrics
from tests.learning.simulation import World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await a_world(5, tmp_path, events=150, unbroken=True)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the trainer do at once what it does after a second or a minute."""
    for name in ("TRIM_SECONDS", "IDLE_SECONDS"):
        monkeypatch.setattr(trainer, name, 0.0)
    for name in ("PUBLISH_SECONDS", "COMMIT_SECONDS", "LOAD_SHARE"):
        monkeypatch.setattr(publishing, name, 0.0)
    monkeypatch.setattr(bases, "PATIENCE_SECONDS", 0.0)


@pytest.fixture
def refolding_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it fold anew at once, and not an hour after an erasure."""
    monkeypatch.setattr(refolding, "DELAY_SECONDS", 0.0)


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

"""A trainer whose learner is of a package, and fails under way: it says so, and goes on."""

from pathlib import Path
from typing import Any

import pytest
import structlog

from app.learning import publishing
from app.learning import trainer as trainer_module
from app.learning.learner_faults import LearnerFaults
from app.store.sqlite import SqliteStore
from bandit.own import entry_points
from bandit.own.learner import OwnLearner
from bandit.own.outcomes import outcomes_of
from bandit.policy import FailedExample
from bandit.types import Action, Context, Example
from tests.builders import Clock
from tests.contract.test_own_learners import Whole
from tests.learning.test_trainer import START, a_trainer, happened, leading, learned, pass_time, shown, soon

NAME = "moody"
EXAMPLE = Example(Context({"country": "DE"}), [Action("a", "t")], 0, 1.0, 1.0)


class Moody(Whole):
    """Fails once in each method, when it is told to."""

    fails = ""

    def learn(self, example: Example) -> Any:
        if self.fails == "learn":
            type(self).fails = ""
            raise ValueError("not this one")
        super().learn(example)

    def snapshot(self) -> Any:
        if self.fails == "snapshot":
            type(self).fails = ""
            raise ValueError("not now")
        return super().snapshot()


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "packages" / "moody-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: moody\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[keyart.learners]\n{NAME} = {__name__}:Moody\n")
    monkeypatch.syspath_prepend(str(info.parent))
    monkeypatch.setattr(Moody, "fails", "")
    monkeypatch.setattr(trainer_module, "FAULTY_SECONDS", 0.0)
    for name in ("PUBLISH_SECONDS", "COMMIT_SECONDS"):
        monkeypatch.setattr(publishing, name, 0.0)
    entry_points.class_named.cache_clear()


@pytest.mark.parametrize(
    ("method", "event", "told"),
    [("learn", "example_failed", "not this one"), ("snapshot", "learner_failed", "not now")],
)
async def test_a_failure_is_logged_and_learning_goes_on(
    tmp_path: Path, method: str, event: str, told: str
) -> None:
    clock = Clock(START)
    store = SqliteStore(tmp_path, clock)
    trainer = await a_trainer(store, tmp_path, clock, NAME)
    with structlog.testing.capture_logs() as said:
        async with leading(trainer):
            Moody.fails = method
            await shown(store, "0a" * 16)
            await shown(store, "0b" * 16)
            await pass_time(store, clock)
            await soon(lambda: happened(said, event))
            await soon(lambda: learned(store, 2))
    [failure] = [each for each in said if each["event"] == event]
    assert told in failure["reason"]
    [latest] = await store.state.snapshots(limit=1)
    assert outcomes_of(latest.learner) == ((1, 1) if method == "learn" else (2, 0))
    await store.close()


def test_equal_faults_are_logged_once() -> None:
    faults = LearnerFaults()
    with structlog.testing.capture_logs() as said:
        for fault in ("one", "one", "other", "one"):
            faults.tell(fault, 7)
    assert [each["reason"] for each in said] == ["one", "other", "one"]


def test_an_own_learner_has_no_weights_to_compare() -> None:
    learner = OwnLearner.new(NAME)
    assert learner.weights().shape == (0, 1)
    assert list(learner.probabilities(None, [Action("a", "t")])) == [1.0]  # type: ignore[arg-type]


def test_the_outcomes_of_examples_outlive_a_restart() -> None:
    learner = OwnLearner.new(NAME)
    assert b"examples" not in learner.snapshot()
    learner.learn(EXAMPLE)
    for _ in range(2):
        Moody.fails = "learn"
        with pytest.raises(FailedExample):
            learner.learn(EXAMPLE)
    again = OwnLearner.restore(learner.snapshot())
    again.learn(EXAMPLE)
    assert outcomes_of(again.snapshot()) == (2, 2)

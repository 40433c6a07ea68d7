"""The parts of a score are all of it: their sums are the log-odds that decisions compare."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bandit.explaining import Explainable, PictureFeature, ViewerFeature
from bandit.logistic import decider as decider_module
from bandit.logistic.learner import LogisticLearner
from bandit.logistic.matching import all_matched
from bandit.types import Action, Context, Example
from tests.builders import a_context, some_actions
from tests.learners import some_examples, taught, tiring_examples

Floats = NDArray[np.float32]


def compared(monkeypatch: pytest.MonkeyPatch, learner: LogisticLearner, context: Context) -> list[float]:
    """Return the log-odds that are compared when the learner decides."""
    seen: list[Floats] = []

    def noted(decisions: Sequence[tuple[Floats, Floats]]) -> list[list[float]]:
        seen.extend(means for means, _ in decisions)
        return all_matched(decisions)

    with monkeypatch.context() as patch:
        patch.setattr(decider_module, "all_matched", noted)
        learner.probabilities(context, some_actions(6))
    return [float(mean) for mean in seen[-1]]


@pytest.mark.parametrize("seed", range(10))
def test_they_sum_to_the_log_odds_that_are_compared(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    learner, rng = taught(LogisticLearner(), [*some_examples(300), *tiring_examples(100)]), random.Random(seed)
    context = replace(a_context(rng), showings={"countdown/1": 1, "countdown/2": 5})
    found = learner.parts(context, some_actions(6))
    assert isinstance(learner, Explainable)
    assert [each.log_odds for each in found] == pytest.approx(compared(monkeypatch, learner, context), abs=1e-5)
    assert [each.probability for each in found] == learner.probabilities(context, some_actions(6))
    for each in found:
        assert sum(part.log_odds for part in each.parts) == pytest.approx(each.log_odds, abs=1e-9)
        sizes = [abs(part.log_odds) for part in each.parts]
        assert sizes == sorted(sizes, reverse=True)
        assert 0 not in sizes


def test_cells_that_features_share_by_chance_count_as_when_deciding(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = taught(LogisticLearner(), some_examples(50))
    learner._table.numbers[:] = np.float32(0.25)  # noqa: SLF001
    context = replace(a_context(random.Random(1)), taste={"dark": 0.5})
    found = [each.log_odds for each in learner.parts(context, some_actions(6))]
    assert found == pytest.approx(compared(monkeypatch, learner, context), abs=1e-5)


def strongest(learner: LogisticLearner, context: Context, actions: Sequence[Action]) -> tuple[object, object]:
    part = learner.parts(context, actions)[0].parts[0]
    assert part.log_odds > 0
    return part.viewer, part.picture


def learned(contexts: Sequence[Context], actions: Sequence[Action], chosen: int) -> LogisticLearner:
    """Return a learner for whom the first action earns with the first context, and no other pair does."""
    learner = LogisticLearner()
    for number in range(600):
        context, choice = contexts[number % len(contexts)], number // len(contexts) % len(actions)
        earned = float(context is contexts[0] and choice == chosen)
        learner.learn(Example(context, actions, choice, 1 / len(actions), earned))
    return learner


def test_the_strongest_part_names_the_pair_that_earns() -> None:
    actions = [Action("a", "t", ("dark",)), Action("b", "t", ("light",))]
    contexts = [Context({"country": "DE"}), Context({"country": "FR"})]
    viewer, picture = strongest(learned(contexts, actions, 0), contexts[0], actions)
    assert viewer == ViewerFeature("attribute", "country", "DE")
    assert picture in {PictureFeature("tag", "dark"), PictureFeature("artwork")}


def test_an_unknown_attribute_has_no_part() -> None:
    learner = taught(LogisticLearner(), some_examples(50))
    found = learner.parts(Context({"never": "seen"}), some_actions(2))
    assert {part.viewer.kind for each in found for part in each.parts} <= {"everyone"}


def test_a_showing_has_a_part_only_where_there_was_one() -> None:
    learner, actions = LogisticLearner(), some_actions(2)
    context = Context({}, showings={actions[0].id: 3})
    for _ in range(100):
        learner.learn(Example(context, actions, 0, 0.5, 0.0))
    tired, fresh = learner.parts(context, actions)
    [part] = [part for part in tired.parts if part.viewer.kind == "showings"]
    assert (part.viewer.value, part.log_odds < 0) == (3, True)
    assert not [part for part in fresh.parts if part.viewer.kind == "showings"]

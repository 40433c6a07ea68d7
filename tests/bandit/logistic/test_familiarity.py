"""The steps of showings: what a picture has lost is told apart from what its title has."""

import random

import pytest

from bandit.logistic.familiarity import OF_TITLE, STEPS, Familiarity, cells_for
from bandit.logistic.learner import LogisticLearner
from bandit.types import Context, Example
from tests.builders import some_actions
from tests.learners import taught


@pytest.mark.parametrize(("count", "steps"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (8, 4), (255, 4)])
def test_a_picture_has_an_effect_more_at_each_step(count: int, steps: int) -> None:
    showings = {"a/x": count, "a/y": 1}
    cells = set(cells_for(showings, "a/x"))
    assert len(cells.intersection(Familiarity.CELLS)) == steps
    assert len(cells - set(Familiarity.CELLS)) == sum(step <= count + 1 for step in OF_TITLE)


def test_its_part_is_the_sum_of_the_effects_that_it_has_reached() -> None:
    familiarity = Familiarity([1.0, 10.0, 100.0, 1000.0])
    assert familiarity.of({"a": 1, "b": 5, "c": 99}, ["a", "b", "c", "d"]) == [1.0, 111.0, 1111.0, 0.0]
    assert len(STEPS) == 4


def test_viewers_who_never_click_a_title_teach_nothing_against_its_pictures() -> None:
    """Here a click depends only on how often the title was shown, so no showing changes what is chosen."""
    rng, actions, examples = random.Random(3), some_actions(4), []
    for _ in range(4_000):
        showings = {action.id: n for action in actions if (n := rng.choice([0, 1, 3]) * rng.choice([0, 1, 3]))}
        chance = 0.5 if sum(showings.values()) < 8 else 0.05
        examples.append(
            Example(Context({}, {}, None, showings), actions, rng.randrange(4), 0.25, rng.random() < chance)
        )
    learner = taught(LogisticLearner(), examples)
    bare = some_actions(4)
    plain, shown = (
        Context({}, {}, None, showings) for showings in ({bare[1].id: 1}, {bare[1].id: 1, bare[0].id: 9})
    )
    before, after = learner.probabilities(plain, bare)[0], learner.probabilities(shown, bare)[0]
    assert after == pytest.approx(before, abs=0.05)
    assert learner.expected(shown, bare)[2] < 0.5 * learner.expected(plain, bare)[2]

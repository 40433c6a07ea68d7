"""What the requests of one turn ask the learner is computed together, and each gets what is theirs."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from app.serving.model import Model, NoModelError
from app.serving.turn import Turn
from app.store.protocol import Progress, Snapshot
from bandit.learners import new_learner, restored
from bandit.logistic.learner import LogisticLearner
from bandit.policy import Learner
from bandit.types import Case, Context, Probabilities
from tests.builders import Clock, a_context, some_actions
from tests.learners import some_examples, taught
from tests.memory import MemoryStore

CURSED = "cursed"


class Counting(LogisticLearner):
    """Counts the computations, and fails at a cursed viewer's."""

    def __init__(self) -> None:
        super().__init__()
        self.together: list[int] = []

    def all_probabilities(self, cases: Sequence[Case]) -> list[Probabilities]:
        self.together.append(len(cases))
        if any(CURSED in case.context.attributes for case in cases):
            raise ValueError(CURSED)
        return super().all_probabilities(cases)


@pytest.fixture
async def model() -> Model:
    model = Model(MemoryStore(Clock()).state)
    await publish(model, taught(new_learner(), some_examples(100)))
    return model


async def publish(model: Model, learner: Learner) -> None:
    state = model._state  # noqa: SLF001  as a trainer would have it
    token = await state.lead("me", 1000)
    assert token is not None
    snapshot = Snapshot(0, "incumbent", 1, 0, 0, b"rules", learner.snapshot())
    await state.commit(token, Progress(0, b"base", {}, {}, snapshot))
    await model.refresh()


def counting(model: Model) -> Counting:
    """Let the model decide by a learner that counts."""
    counts = taught(Counting(), some_examples(100))
    model._learner = counts  # noqa: SLF001  the same that was published
    return counts


def pages(count: int) -> list[list[Case]]:
    rng = random.Random(3)
    titles = ("apollo", "countdown", "tides")
    return [
        [Case(context, some_actions(rng.randrange(1, 6), title)) for title in titles[: rng.randrange(1, 4)]]
        for context in (a_context(rng) for _ in range(count))
    ]


async def test_requests_of_one_turn_are_computed_in_one_go(model: Model) -> None:
    counts, turn, asked = counting(model), Turn(model), pages(12)
    fresh = restored(counts.snapshot(), "logistic")
    found = await asyncio.gather(*[turn.probabilities(cases) for cases in asked])
    for cases, (snapshot, probabilities) in zip(asked, found, strict=True):
        assert snapshot == model.snapshot
        assert list(map(list, probabilities)) == [list(fresh.probabilities(*case)) for case in cases]
    assert counts.together == [sum(map(len, asked))]


async def test_what_is_remembered_waits_for_nobody(model: Model) -> None:
    counts, turn = counting(model), Turn(model)
    cases = [Case(Context({"country": "DE"}), some_actions(3))]
    first = await turn.probabilities(cases)
    asked = turn.probabilities(cases)
    with pytest.raises(StopIteration) as ended:
        asked.send(None)  # to the end without a turn of the loop
    assert ended.value.value == first
    assert counts.together == [1]


async def test_one_that_fails_or_goes_away_leaves_the_others_what_is_theirs(model: Model) -> None:
    counts, turn, asked = counting(model), Turn(model), pages(4)
    asked[1] = [Case(Context({CURSED: "DE"}), some_actions(3))]
    tasks = [asyncio.create_task(turn.probabilities(cases)) for cases in asked]
    await asyncio.sleep(0)
    tasks[2].cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [tuple, ValueError, asyncio.CancelledError, tuple]
    assert found[3] == await turn.probabilities(asked[3])
    assert counts.together[1:4] == [len(asked[0]), 1, len(asked[3])]


async def test_the_snapshot_is_the_one_that_was_computed_with(model: Model) -> None:
    """A newer one may be loaded before the request goes on."""
    turn, [cases] = Turn(model), pages(1)
    before = model.snapshot
    asked = asyncio.create_task(turn.probabilities(cases))
    await asyncio.sleep(0)  # it waits
    asyncio.get_running_loop().call_soon(lambda: setattr(model, "snapshot", 99))  # behind the computing
    snapshot, _ = await asked
    assert (snapshot, model.snapshot) == (before, 99)


async def test_without_a_snapshot_it_says_so() -> None:
    with pytest.raises(NoModelError):
        await Turn(Model(MemoryStore(Clock()).state)).probabilities(pages(1)[0])

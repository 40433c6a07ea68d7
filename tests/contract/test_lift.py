"""What every store owes of experiments; `app/store/protocol/lift.py` says it in words."""

from app.records import Kind
from app.store.protocol import (
    Begun,
    Entered,
    Experiment,
    LiftChange,
    LiftKey,
    Log,
    Measure,
    Progress,
    State,
    Store,
)
from bandit.terms import Terms
from tests.builders import Clock

TERMS = Terms({"personalized": 0.9, "best_single": 0.1}, 1_000, 20, 5_000)
ONE = Entered(3, 2, Measure(1, 250, 62_500), Measure(1, 1, 1), Measure(), Measure(1, 9, 81))
GREAT = Entered(10_000_000, 9, Measure(1, 2**40, 2**62))


def some(
    *experiments: Experiment, rows: dict[LiftKey, Entered | None] | None = None, since: int | None = None
) -> Progress:
    return Progress(10, b"base", {}, {}, lift=LiftChange(list(experiments), rows or {}, since))


async def test_experiments_and_their_sums_are_kept_and_replaced(state: State, token: int) -> None:
    assert await state.experiments() == []
    first = Experiment(7, 1_000, TERMS)
    await state.commit(token, some(first, rows={(7, -1, "personalized"): ONE, (7, 3, "best_single"): ONE}))
    ended = Experiment(7, 1_000, TERMS, 2_000, 2_500, 4)
    second = Experiment(9, 2_000, TERMS)
    changes: dict[LiftKey, Entered | None] = {
        (7, -1, "personalized"): GREAT,
        (7, 3, "best_single"): None,
        (9, 0, "uniform"): ONE,
    }
    await state.commit(token, some(second, ended, rows=changes))
    ended.rows, second.rows = {(-1, "personalized"): GREAT}, {(0, "uniform"): ONE}
    assert await state.experiments() == [ended, second]
    assert (await state.fold_state()).experiments == [ended, second]


async def test_a_fold_that_knows_them_from_a_position_on_replaces_those_and_ends_the_others(
    state: State, token: int, clock: Clock
) -> None:
    both = [Experiment(7, 1_000, TERMS), Experiment(9, 2_000, TERMS)]
    await state.commit(token, some(*both, rows={(7, 0, "uniform"): ONE, (9, 0, "uniform"): ONE}))
    clock.now += 50
    again = Experiment(12, 3_000, TERMS)
    await state.replace(token, some(again, rows={(12, 0, "uniform"): ONE}, since=8))
    both[0].ended, both[0].rows, again.rows = clock.now, {(0, "uniform"): ONE}, {(0, "uniform"): ONE}
    assert await state.experiments() == [both[0], again]


async def test_an_experiment_begins_once_though_several_processes_ask(store: Store, clock: Clock) -> None:
    log: Log = store.log
    assert await log.begun() is None
    assert await log.begin(b"one", after=None)
    assert not await log.begin(b"another", after=None)
    clock.now += 50
    begun = await log.begun()
    assert begun == Begun(clock.now - 50, b"one")
    assert await log.begin(b"two words", after=begun)
    assert await log.begun() == Begun(clock.now, b"two words")
    records = [(each.kind, each.stamp, each.body) for each in await log.read(0, 10)]
    assert records == [(Kind.EXPERIMENT, clock.now - 50, b"one"), (Kind.EXPERIMENT, clock.now, b"two words")]

"""The lift of a fold: who enters an experiment, what counts, and who leaves."""

import random
from dataclasses import replace as changed

import pytest
from msgspec.structs import replace

from app.learning.lift import COHORTS, KEPT, Lift, Mark, marks_in, packed
from app.records import Decision
from app.store.protocol import OVER, Entered, Experiment, Measure
from bandit.groups import GROUPS
from bandit.terms import Terms
from bandit.windows import CLICK, IMPRESSION, PLAY, REPORTED, Closed
from tests.builders import a_decision, a_film
from tests.memory.lift import MemoryLift

DECISION = a_decision(a_film("countdown"))
WINDOW = 64_000
TERMS = Terms({"personalized": 0.5, "best_single": 0.5, "uniform": 0.0}, WINDOW, 2, 1_000_000)
OTHER = changed(TERMS, shares={"personalized": 0.6, "best_single": 0.4})
BEGAN = 1_000_000


def of(group: str) -> Decision:
    return replace(DECISION, group=group, profile="0" * 32)


def closed(
    at: int, reward: float = 0.0, happened: int = 0, *, decision: int = 100, seconds: float = 0.0
) -> Closed:
    return Closed(decision, decision, BEGAN + at, reward, happened, seconds)


def begun(terms: Terms = TERMS) -> Lift:
    lift = Lift([])
    lift.begin(10, BEGAN, terms)
    return lift


def total(lift: Lift, group: str = "personalized", at: int = -1) -> Entered:
    found = Entered()
    for (_, of_group), row in lift.latest[at].rows.items():
        if of_group == group:
            found.include(row)
    return found


# -------------------------------------------------------------------- who enters, and what counts


def test_a_profile_enters_once_and_everything_in_its_window_counts() -> None:
    lift = begun()
    marks = lift.count(closed(5_000), of("personalized"), b"")
    marks = lift.count(closed(9_000, 0.25, IMPRESSION | CLICK | REPORTED), of("personalized"), marks)
    marks = lift.count(closed(9_500, 1.0, IMPRESSION | PLAY, seconds=90.4), of("personalized"), marks)
    after = lift.count(closed(5_000 + WINDOW, 1.0, CLICK), of("personalized"), marks)
    assert after is marks, "its window is over, and it does not enter again"
    assert total(lift) == Entered(
        1, 1, Measure(1, 1250, 1250**2), Measure(1, 1, 1), Measure(1, 1, 1), Measure(1, 90, 90**2)
    )


def test_a_total_counts_up_to_the_bound() -> None:
    lift, marks = begun(), b""
    for second in range(5):
        marks = lift.count(closed(second, 0.9, CLICK | PLAY, seconds=1e30), of("personalized"), marks)
    seconds = 2 * 3600
    assert total(lift) == Entered(
        1, 0, Measure(1, 2000, 2000**2), Measure(1, 2, 4), Measure(1, 2, 4), Measure(1, seconds, seconds**2)
    )


@pytest.mark.parametrize(
    ("group", "decision", "enters"),
    [
        ("personalized", 11, True),
        ("personalized", 9, False),  # it was decided before the experiment, perhaps by other shares
        ("uniform", 11, False),  # a worker with other settings: the group has no share here
        (None, 11, False),
        ("a group of a later version", 11, False),
    ],
)
def test_only_decisions_of_the_experiment_enter(group: str | None, decision: int, *, enters: bool) -> None:
    lift = begun()
    marks = lift.count(closed(1, decision=decision), replace(DECISION, group=group), b"")
    assert bool(marks) is enters
    assert bool(lift.latest[0].rows) is enters


def test_exposures_in_another_group_do_not_count() -> None:
    lift = begun()
    marks = lift.count(closed(1), of("personalized"), b"")
    assert lift.count(closed(2, 1.0, CLICK), of("best_single"), marks) is marks
    assert total(lift).reward.total == 0
    assert not total(lift, "best_single").profiles


def test_before_the_first_experiment_nothing_happens() -> None:
    lift = Lift([])
    assert lift.count(closed(1), of("personalized"), b"") == b""
    assert not lift.changed


def test_a_cohort_is_over_when_the_windows_of_all_are() -> None:
    lift, width = begun(), WINDOW // COHORTS
    for at in (0, width - 1, width):
        lift.count(closed(at, 1.0), of("best_single"), b"")
    lift.close_cohorts(BEGAN + width + WINDOW - 1)
    assert set(lift.latest[0].rows) == {(0, "best_single"), (1, "best_single")}
    lift.close_cohorts(BEGAN + width + WINDOW)
    assert set(lift.latest[0].rows) == {(OVER, "best_single"), (1, "best_single")}
    assert lift.latest[0].rows[OVER, "best_single"].reward == Measure(2, 2000, 2_000_000)
    lift.close_cohorts(BEGAN + 2 * width + WINDOW)
    assert lift.latest[0].rows[OVER, "best_single"].profiles == 3


# -------------------------------------------------------------------- experiments follow each other


def test_the_next_experiment_counts_a_profile_again_and_lets_its_window_end() -> None:
    lift = begun()
    marks = lift.count(closed(1_000), of("personalized"), b"")
    lift.begin(200, BEGAN + 2_000, TERMS)
    marks = lift.count(closed(3_000, 1.0, decision=201), of("personalized"), marks)
    assert (total(lift, at=0).reward.total, total(lift, at=1).reward.total) == (1000, 1000)
    assert (lift.latest[0].ended, lift.latest[0].left) == (BEGAN + 2_000, 0)
    late = lift.count(closed(4_000, decision=202), of("personalized"), b"")
    assert [mark.experiment for mark in marks_in(late)] == [200], "no profile enters an ended experiment"


def test_when_shares_move_all_profiles_leave_whose_windows_are_open() -> None:
    lift = begun()
    early = lift.count(closed(0, 1.0), of("personalized"), b"")
    late = lift.count(closed(30_000, 1.0), of("best_single"), b"")
    lift.begin(200, BEGAN + WINDOW + 5_000, OTHER)
    before = lift.latest[0]
    assert (before.left, before.cut) == (1, BEGAN + WINDOW + 5_000)
    assert total(lift, "personalized", at=0).profiles == 1, "its window was over"
    assert not total(lift, "best_single", at=0).profiles
    again = lift.count(closed(WINDOW + 6_000, 1.0, decision=201), of("best_single"), late)
    assert not total(lift, "best_single", at=0).profiles
    assert total(lift, "best_single", at=1).profiles == 1, "it enters the new experiment"
    lift.forget(again)
    assert before.left == 0
    lift.forget(early)
    assert not any(any(row.numbers()) for row in before.rows.values())


def test_a_profile_keeps_marks_of_the_latest_experiments_alone() -> None:
    lift, marks = Lift([]), b""
    for number in range(8):
        lift.begin(1_000 * number, BEGAN + number * WINDOW * 2, TERMS)
        at = closed(number * WINDOW * 2 + 1, 1.0, decision=1_000 * number + 1)
        marks = lift.count(at, of("personalized"), marks)
    assert [mark.experiment for mark in marks_in(marks)] == [4000, 5000, 6000, 7000]
    assert len(lift.latest) == KEPT
    assert len(marks) == 30 * KEPT, "what the docs say that a profile takes"


# -------------------------------------------------------------------- erasure and commits


def history(seed: int, profiles: int = 12) -> list[tuple[int, int, Terms | None, str, float, int]]:
    """Return (stamp, profile, terms of a new experiment, group, reward, events), in the order of the stamps."""
    rng, at = random.Random(seed), 0
    found: list[tuple[int, int, Terms | None, str, float, int]] = []
    for _ in range(400):
        at += rng.choice([0, 10, 700, 5_000])
        terms = rng.choice([TERMS, OTHER]) if rng.random() < 0.03 else None
        who = rng.randrange(profiles)
        happened = rng.choice([0, REPORTED, CLICK, CLICK | PLAY | REPORTED])
        found.append((at, who, terms, GROUPS[who % 2], rng.choice([0.0, 0.2, 1.0]), happened))
    return found


class Counted:
    """A fold of a history, that may forget a profile, die and begin again from its last commit."""

    def __init__(self) -> None:
        self.store, self.marks = MemoryLift(), dict[int, bytes]()
        self.lift = begun()
        self.commit()

    def step(self, number: int, step: tuple[int, int, Terms | None, str, float, int]) -> None:
        at, who, terms, group, reward, happened = step
        if terms:
            self.lift.begin(1_000 + number, BEGAN + at, terms)
        exposure = Closed(2_000 + number, 2_000 + number, BEGAN + at, reward, happened, reward * 10)
        self.marks[who] = self.lift.count(exposure, of(group), self.marks.get(who, b""))
        self.lift.close_cohorts(BEGAN + at)

    def commit(self) -> None:
        self.store.write(self.lift.changes(), 0)
        self.lift.settle()
        self.kept = dict(self.marks)

    def die(self) -> None:
        self.lift, self.marks = Lift(self.store.all()), dict(self.kept)

    def forget(self, who: int) -> None:
        self.lift.forget(self.marks.pop(who, b""))

    def all(self) -> list[Experiment]:
        self.commit()
        for each in (found := self.store.all()[-KEPT:]):
            each.rows = {key: row for key, row in each.rows.items() if any(row.numbers())}
        return found


@pytest.mark.parametrize("seed", range(20))
def test_however_often_it_is_interrupted_it_ends_at_the_same_sums(seed: int) -> None:
    whole, torn, rng = Counted(), Counted(), random.Random(-seed)
    steps, done = history(seed), 0
    for number, step in enumerate(steps):
        whole.step(number, step)
    while done < len(steps):
        more = min(rng.randrange(1, 50), len(steps) - done)
        for number in range(done, done + more):
            torn.step(number, steps[number])
        if rng.random() < 0.6:
            torn.commit()
            done += more
        else:
            torn.die()
    assert torn.all() == whole.all()
    assert torn.marks == whole.marks
    assert any(each.left for each in whole.store.all()), "shares moved"


@pytest.mark.parametrize("seed", range(20))
def test_after_an_erasure_it_is_as_if_the_profile_had_never_been_there(seed: int) -> None:
    erased, without = Counted(), Counted()
    for number, step in enumerate(history(seed)):
        erased.step(number, step)
        if step[1] != 3:
            without.step(number, step)
        elif step[2]:
            without.lift.begin(1_000 + number, BEGAN + step[0], step[2])
    for each in (erased, without):
        each.lift.close_cohorts(BEGAN + 10**9)
    erased.forget(3)
    assert erased.all() == without.all()


def test_a_fold_that_begins_at_the_oldest_record_replaces_what_it_knows_and_ends_the_rest() -> None:
    store = MemoryLift()
    for position in (5, 10):
        lift = Lift([])
        lift.begin(position, BEGAN, TERMS)
        store.write(lift.changes(), 0)
    anew = Lift([])
    anew.know_from(7)
    anew.begin(30, BEGAN + 5, TERMS)
    store.write(anew.changes(), 99)
    assert [(each.position, each.ended) for each in store.all()] == [(5, 99), (30, 0)]


def test_marks_survive_their_packed_form() -> None:
    marks = [Mark(1 << 60, 1 << 50, 3, 1, 200_000, 200, 200, 720_000), Mark(7, 9, 0)]
    assert marks_in(packed(marks)) == marks

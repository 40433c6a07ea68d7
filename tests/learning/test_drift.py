"""The sums by which drift is noticed, from an exposure to the alarm."""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.learning.drift import KEPT_HOURS, Drift, part_of
from app.learning.drift_signs import Signs, signs
from app.learning.drift_watch import DriftWatch
from app.learning.series import Series
from app.operations.alarm import Alarm
from app.operations.drift_alarms import drift_alarms
from app.records import encode
from app.store.protocol import HOUR_MS, DriftHour, DriftSums, Progress, SeriesState
from app.store.sqlite.state import SqliteState
from app.telemetry.reading import read
from bandit.windows import IMPRESSION, Closed
from tests.builders import Clock, a_decision, a_film

FILM = a_film("countdown", 3)
ONE = replace(a_decision(FILM), group="personalized", profile="05" * 16, probabilities=(0.98, 0.01, 0.01))
HOUR = 500_016
"""A whole day since 1970: everything of the last 24 hours is of two days."""
FLOOR = 0.03
SETTLED, WIDE, EVEN = (0.98, 0.01, 0.01), (0.5, 0.3, 0.2), (1 / 3, 1 / 3, 1 / 3)
TITLES = [f"title-{number}" for number in range(6)]


def closed(hour: int = HOUR, reward: float = 0.0) -> Closed:
    return Closed(1, 1, hour * HOUR_MS + 1, reward, IMPRESSION)


def sums_of(*exposures: tuple[float, ...], predicted: float | None = None, **changes: object) -> DriftSums:
    """Count one exposure with each of these probabilities, of which the last is the picture's."""
    drift = Drift(DriftHour(), apart=False)
    for probabilities in exposures:
        decision = replace(ONE, probabilities=probabilities, chosen=len(probabilities) - 1, **changes)
        drift.count(closed(reward=0.5), decision, predicted)
    return drift.hours().get(HOUR, DriftSums())


# -------------------------------------------------------------------- what is counted


def test_rewards_are_counted_by_group_and_part() -> None:
    sums = sums_of(SETTLED, SETTLED)
    assert list(sums.groups) == ["personalized"]
    assert sums.groups["personalized"].exposures[5] == sum(sums.groups["personalized"].exposures) == 2
    assert sums.groups["personalized"].rewards[5] == 1.0


@pytest.mark.parametrize("changes", [{"pinned": True}, {"bot": True}])
def test_editors_choices_and_bots_are_outside(changes: dict[str, bool]) -> None:
    assert sums_of(SETTLED, predicted=0.1, **changes) == DriftSums()


def test_viewers_without_a_profile_are_only_in_the_predictions() -> None:
    sums = sums_of(SETTLED, predicted=0.25, profile=None, group=None, nonce=b"\x01\x27")
    assert (sums.groups, sums.drawn, sums.examples) == ({}, 0, 1)
    assert (sums.predicted[7], sums.seen[7]) == (0.25, 0.5), "each stands for itself, by the nonce"


def test_only_the_policys_draws_are_judged() -> None:
    assert sums_of(SETTLED, group="best_single").drawn == 0
    assert sums_of((1.0,)).drawn == 0, "one picture is not a choice"


@pytest.mark.parametrize(
    ("probabilities", "forced", "expected", "even", "settled"),
    [
        (SETTLED, 1, 0.02, 0.03, 1),
        ((0.01, 0.01, 0.98), 0, 0.02, 0.03, 1),
        ((0.01, 0.01001, 0.97999), 0, 0.02001, 0.03, 1),
        ((0.9, 0.09, 0.01), 1, 0.01, 0.03, 0),
        ((0.25, 0.75), 0, 0.25, 0.5, 0),
        ((0.05, 0.95), 0, 0.05, 0.1, 1),
        ((0.05, 0.05, 0.9), 0, 0.1, 0.15, 1),
        ((0.07, 0.03, 0.9), 0, 0.03, 0.09, 0),
        ((0.055, 0.055, 0.89), 0, 0.11, 0.165, 0),
        (EVEN, 0, 0.0, 1.0, 0),
    ],
)
def test_a_draw_is_forced_if_the_picture_had_only_the_least_probability(
    probabilities: tuple[float, ...], forced: int, expected: float, even: float, settled: int
) -> None:
    sums = sums_of(probabilities)
    assert (sums.drawn, sum(sums.forced), sums.settled) == (1, forced, settled)
    assert sum(sums.expected) == pytest.approx(expected)
    assert sums.even == pytest.approx(even)


@pytest.mark.parametrize("said", [None, float("nan"), -0.1, 1.5, "much"])
def test_a_learner_that_predicts_nothing_valid_is_not_judged(said: float | None) -> None:
    assert sums_of(SETTLED, predicted=said).examples == 0


# -------------------------------------------------------------------- keeping


def test_a_fold_continues_with_the_hour_that_it_left() -> None:
    whole, first = Drift(DriftHour(), apart=False), Drift(DriftHour(), apart=False)
    for drift in (whole, first):
        drift.count(closed(), ONE, 0.1)
    kept = first.state()
    first.count(closed(), ONE, 0.1)  # it does not change the state that was returned
    second = Drift(kept, apart=False)
    for drift in (whole, second):
        drift.count(closed(reward=0.2), ONE, None)
    assert second.hours() == whole.hours()


def test_only_changed_hours_are_written_and_old_ones_deleted() -> None:
    drift = Drift(DriftHour(), apart=False)
    drift.count(closed(HOUR), ONE, None)
    drift.count(closed(HOUR + 1), ONE, None)
    assert set(drift.change().hours) == {HOUR, HOUR + 1}
    drift.settle()
    assert not drift.change().hours
    drift.count(closed(HOUR + 2 * KEPT_HOURS), ONE, None)
    change = drift.change()
    assert set(change.hours) == {HOUR + 2 * KEPT_HOURS}
    assert (change.since, change.before) == (None, HOUR + KEPT_HOURS + 1)


def test_a_fold_that_never_commits_keeps_eight_days() -> None:
    drift = Drift(DriftHour(), apart=True)
    for hour in range(2 * KEPT_HOURS):
        drift.count(closed(HOUR + hour), ONE, None)
    assert len(drift.hours()) == KEPT_HOURS
    assert drift.change().since == HOUR, "it replaces everything since its first hour"


# -------------------------------------------------------------------- from exposures to alarms


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    state = SqliteState(tmp_path / "state.sqlite", Clock())
    yield state
    state.close_files()


Fill = Callable[[Series], None]


def show(
    series: Series,
    probabilities: Sequence[float] = WIDE,
    *,
    group: str = "personalized",
    chosen: Callable[[random.Random], int] | None = None,
    hour: int = HOUR,
    every: int = 10,
    predicted: float | None = None,
    number: int = 3200,
    titles: Sequence[str] = TITLES,
) -> None:
    """Show pictures to 256 viewers of a group, drawn by the probabilities, and give a reward to some."""
    rng = random.Random(number)
    decision = replace(ONE, probabilities=tuple(probabilities), group=group)
    for n in range(number):
        index = chosen(rng) if chosen else rng.choices(range(3), probabilities)[0]
        title, profile = titles[n // 256 % len(titles)], f"{n % 256:02x}" * 16
        one = replace(decision, chosen=index, title=title, profile=profile)
        series.count(closed(hour, float(rng.random() * every < 1)), one, group, predicted)


def healthy(series: Series) -> None:
    """Show varied pictures for two weeks; personalized viewers earn more than the controls."""
    for days in (16, 9, 3):
        show(series, hour=HOUR - 24 * days)
    show(series, hour=HOUR - 48)
    show(series, (0.02, 0.96, 0.02), group="best_single", every=14)
    show(series, every=7, predicted=1 / 7)


def worse(series: Series) -> None:
    show(series, hour=HOUR - 72)
    show(series, (0.02, 0.96, 0.02), group="best_single", every=5)
    show(series, every=20)


def collapsed(series: Series) -> None:
    show(series, (0.02, 0.96, 0.02), group="best_single")
    show(series, SETTLED)


def one_best_picture(series: Series) -> None:
    """Show everybody the same picture, which best_single shows, too."""
    for days in (9, 2, 0):
        show(series, SETTLED, hour=HOUR - 24 * days)
        show(series, SETTLED, group="best_single", hour=HOUR - 24 * days)


def fallen(series: Series) -> None:
    show(series, (0.6, 0.2, 0.2), hour=HOUR - 48, number=6000)
    show(series, (0.99, 0.005, 0.005), hour=HOUR)


def settled(series: Series) -> None:
    """Show one picture to each half of the viewers: the entropy of what is shown says nothing."""
    show(series, hour=HOUR - 9, number=6400)
    half = [SETTLED, SETTLED[::-1]]
    for probabilities in half:
        show(series, probabilities, hour=HOUR)


def without_floor(series: Series) -> None:
    show(series, (0.6, 0.3995, 0.0005))


def by_chance(series: Series) -> None:
    show(series, (0.7, 0.2, 0.1), hour=HOUR - 30)
    show(series, (0.334, 0.333, 0.333))


def ignored(series: Series) -> None:
    """Show pictures with the least probability never, as if the log and the pictures were not of one draw."""
    show(series, (0.8, 0.1, 0.1), chosen=lambda _: 0)


def miscalibrated(series: Series) -> None:
    show(series, every=10, predicted=0.2)


CASES: list[tuple[Fill, str, str]] = [
    (worse, "KeyartWorseThanControl", "best_single"),
    (collapsed, "KeyartCollapse", "Titles with 100%"),
    (fallen, "KeyartCollapse", "fell within two days"),
    (settled, "KeyartCollapse", "draws of the last 6 hours"),
    (without_floor, "KeyartExploration", "the settings say 3.00%"),
    (by_chance, "KeyartExploration", "knows nearly nothing"),
    (ignored, "KeyartExploration", "shown 0.00 times as often"),
    (miscalibrated, "KeyartCalibration", "times those that the learner predicted"),
]


async def outcomes(state: SqliteState, fill: Fill, *, days: float = 20) -> Signs:
    series = Series(SeriesState())
    series.begin(round((HOUR - 24 * days) * HOUR_MS))
    fill(series)
    token = await state.lead("one", 5_000)
    assert token is not None
    await state.commit(token, Progress(1, b"base", {}, {}, series=series.changes()))
    return await signs(state, HOUR * HOUR_MS, FLOOR)


def alarms_of(found: Signs) -> list[Alarm]:
    named = {" ".join(sign): value for sign, value in found.items()}
    return list(drift_alarms({"keyart_exploration_floor": FLOOR, **named}))


@pytest.mark.parametrize(("fill", "name", "words"), CASES)
async def test_trouble_is_an_alarm(state: SqliteState, fill: Fill, name: str, words: str) -> None:
    found = await outcomes(state, fill)
    [alarm] = alarms_of(found)
    assert alarm.name == name
    assert words in alarm.says


@pytest.mark.parametrize("fill", [healthy, one_best_picture, lambda _: None])
async def test_a_service_that_is_well_or_empty_has_no_alarm(state: SqliteState, fill: Fill) -> None:
    found = await outcomes(state, fill)
    assert alarms_of(found) == []


@pytest.mark.parametrize(
    ("fill", "days"),
    [(worse, 6), (collapsed, 1), (miscalibrated, 1), (fallen, 13), (settled, 13), (by_chance, 13)],
)
async def test_the_first_days_give_no_alarm(state: SqliteState, fill: Fill, days: float) -> None:
    assert alarms_of(await outcomes(state, fill, days=days)) == []


async def test_a_group_with_viewers_of_a_few_parts_is_not_compared(state: SqliteState) -> None:
    """A single busy viewer is not a control group, however many showings it has."""

    def alone(series: Series) -> None:
        show(series)
        one = replace(ONE, group="best_single")
        for number in range(3200):
            series.count(closed(reward=number % 2), one, "best_single")

    assert alarms_of(await outcomes(state, alone)) == []


async def test_old_hours_do_not_count_as_recent(state: SqliteState) -> None:
    await outcomes(state, miscalibrated)
    assert not await signs(state, (HOUR + 24 * 9) * HOUR_MS, FLOOR)


@pytest.mark.parametrize("group", ["uniform", "best_single", "anonymous"])
async def test_without_personalized_viewers_nothing_is_judged(state: SqliteState, group: str) -> None:
    found = await outcomes(state, lambda series: show(series, EVEN, group=group))
    assert alarms_of(found) == []
    assert not any("share" in sign[0] for sign in found)


@pytest.mark.usefixtures("no_signs")
async def test_the_metrics_and_the_alarms_show_what_the_trainer_sees(state: SqliteState) -> None:
    await outcomes(state, collapsed)
    watch = DriftWatch(state, FLOOR)
    await watch.look(0)
    assert "keyart_settled_share recent" not in read(1).gauges, "no time of the log is known yet"
    await watch.look(HOUR * HOUR_MS)
    gauges = read(1).gauges
    assert gauges["keyart_exploration_floor"] == FLOOR
    assert [alarm.name for alarm in drift_alarms(gauges)] == ["KeyartCollapse"]
    later = DriftWatch(state, FLOOR)
    later._signs = watch._signs  # noqa: SLF001  an hour has gone
    await later.look((HOUR + 24 * 9) * HOUR_MS)
    assert list(drift_alarms(read(1).gauges)) == [], "signs that nobody can tell any more give no alarm"


def test_the_parts_are_of_one_size() -> None:
    parts = [part_of(replace(ONE, profile=f"{n:02x}" * 16)) for n in range(256)]
    assert {parts.count(part) for part in range(32)} == {8}
    assert part_of(replace(ONE, profile=None, nonce=bytes([255]))) == 31


def test_sums_of_ten_thousand_rows_of_titles_are_small() -> None:
    """The size of an hour does not depend on titles or viewers."""
    series = Series(SeriesState())
    for number in range(10_000):
        series.count(closed(), replace(ONE, title=f"title-{number}"), "personalized", 0.1)
    assert len(encode(series.drift.hours()[HOUR])) < 8_000

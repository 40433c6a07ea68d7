"""What every store owes of the time series; `app/store/protocol/series.py` says it in words."""

import pytest

from app.store.protocol import (
    DAY_MS,
    HOUR_MS,
    Dimension,
    DriftChange,
    DriftHour,
    DriftSums,
    FoldState,
    GroupSums,
    Period,
    Progress,
    SeriesChange,
    SeriesChanges,
    SeriesKey,
    SeriesState,
    ShownDays,
    State,
    StepSums,
    Sums,
)

TV, PHONE, UNIFORM = ("personalized", "tv", "tv-1"), ("personalized", "phone", "web-1"), ("uniform", "tv", "tv-1")
MOON, SUN = ("apollo", "moon", "uniform"), ("apollo", "sun", "uniform")
ONE, TWO = Sums(1, 1, 1, 0, 0.2, 0.04), Sums(2, 1, 0, 0, 0.5, 0.25)
NOTHING = SeriesChange((), None, 0)
Rows = list[tuple[int, SeriesKey, Sums | None]]


def some(
    hours: Rows | None = None, days: Rows | None = None, *, since: int | None = None, before: int = 0
) -> Progress:
    steps = {
        "hour": SeriesChange(hours, since, before) if hours is not None else NOTHING,
        "day": SeriesChange(days, since, before) if days is not None else NOTHING,
    }
    return Progress(10, b"base", {}, {}, series=SeriesChanges(steps, 100 * HOUR_MS))  # type: ignore[arg-type]


async def test_a_fold_continues_with_the_latest_hour_and_day(state: State, token: int) -> None:
    assert (await state.fold_state()).series == SeriesState()
    await state.commit(token, some([(99, TV, ONE), (100, UNIFORM, ONE), (100, TV, TWO)], [(4, MOON, ONE)]))
    rows = [(*TV, TWO), (*UNIFORM, ONE)]
    assert (await state.fold_state()).series == SeriesState(
        100 * HOUR_MS, Period(100, rows), Period(4, [(*MOON, ONE)])
    )
    assert await state.series_began() == 100 * HOUR_MS


async def test_progress_without_series_leaves_them(state: State, token: int) -> None:
    await state.commit(token, some([(99, TV, ONE)]))
    await state.commit(token, Progress(11, b"base", {}, {}))
    assert await state.period_rows("hour", 99) == {TV: ONE}


async def test_only_the_rows_that_changed_are_written_and_deleted(state: State, token: int) -> None:
    await state.commit(token, some([(99, TV, ONE), (99, PHONE, ONE)], [(4, MOON, ONE), (4, SUN, ONE)]))
    await state.commit(token, some([(99, TV, TWO)], [(4, SUN, None), (5, SUN, ONE)]))
    assert await state.period_rows("hour", 99) == {TV: TWO, PHONE: ONE}
    assert await state.period_rows("day", 4) == {MOON: ONE}
    assert await state.periods("day", 0) == [4, 5]
    assert await state.periods("day", 5) == [5]


async def test_what_is_written_stays_when_its_sums_grow_on(state: State, token: int) -> None:
    sums = Sums(1)
    await state.commit(token, some([(99, TV, sums)]))
    sums.exposures += 1
    assert await state.period_rows("hour", 99) == {TV: Sums(1)}


async def test_old_periods_and_those_that_are_counted_anew_are_deleted_first(state: State, token: int) -> None:
    await state.commit(token, some([(at, TV, ONE) for at in range(95, 101)]))
    await state.commit(token, some([(99, PHONE, TWO)], since=99, before=97))
    assert await state.periods("hour", 0) == [97, 98, 99]
    assert await state.period_rows("hour", 99) == {PHONE: TWO}


async def test_a_whole_fold_replaces_what_it_has_counted(state: State, token: int) -> None:
    await state.commit(token, some([(at, TV, ONE) for at in range(95, 101)]))
    await state.replace(token, some([(98, PHONE, TWO)], since=98))
    assert await state.periods("hour", 0) == [95, 96, 97, 98], "no record is left that leads to earlier ones"


async def test_sums_are_by_the_dimensions_that_are_asked_for(state: State, token: int) -> None:
    hours: Rows = [(96, TV, ONE), (96, PHONE, TWO), (97, TV, TWO), (120, UNIFORM, ONE)]
    await state.commit(token, some(hours))

    async def asked(*by: Dimension, since: int = 0) -> list[tuple[object, ...]]:
        found, left_off = await state.series("hour", since, by, 9)
        assert left_off == 0
        return [(row.at, row.group, row.device, row.release, row.sums.exposures) for row in found]

    assert await asked() == [(96, None, None, None, 3), (97, None, None, None, 2), (120, None, None, None, 1)]
    assert await asked("release", since=97 * HOUR_MS) == [
        (97, None, None, "tv-1", 2), (120, None, None, "tv-1", 1),
    ]  # fmt: skip
    assert set(await asked("group", "device")) == {
        (96, "personalized", "tv", None, 1), (96, "personalized", "phone", None, 2),
        (97, "personalized", "tv", None, 2), (120, "uniform", "tv", None, 1),
    }  # fmt: skip
    by: list[Dimension] = ["group"]
    days, _ = await state.series("day", 4 * DAY_MS, by, 9)
    assert days == [
        StepSums(4, "personalized", None, None, Sums(5, 3, 1, 0, 1.2, 0.54)),
        StepSums(5, "uniform", None, None, ONE),
    ]


@pytest.mark.parametrize("most", [1, 2, 3, 4])
async def test_the_busiest_series_are_found_and_the_others_are_counted(
    state: State, token: int, most: int
) -> None:
    await state.commit(token, some([(96, TV, ONE), (97, TV, TWO), (97, PHONE, TWO), (98, UNIFORM, TWO)]))
    by: list[Dimension] = ["group", "device", "release"]
    found, left_off = await state.series("hour", 0, by, most)
    expected = [TV, PHONE, UNIFORM][:most]
    assert {(row.group, row.device, row.release) for row in found} == set(expected)
    assert sum(row.sums.exposures for row in found) == [3, 5, 7, 7][most - 1]
    assert left_off == 3 - len(expected)


async def test_a_titles_artworks_are_found_on_each_day_that_has_any(state: State, token: int) -> None:
    other = ("orbit", "moon", "uniform")
    await state.commit(token, some(None, [(3, MOON, ONE), (5, MOON, TWO), (5, SUN, ONE), (5, other, ONE)]))
    assert await state.artwork_days("apollo", 4, 6) == {5: {MOON[1:]: TWO, SUN[1:]: ONE}}
    assert await state.artwork_days("apollo", 0, 3) == {3: {MOON[1:]: ONE}}
    assert await state.artwork_days("' OR 1 --", 0, 9) == {}


async def test_a_lost_lease_writes_no_series(state: State, token: int) -> None:
    with pytest.raises(Exception, match="lease"):
        await state.commit(token + 1, some([(99, TV, ONE)]))
    assert (await state.fold_state()) == FoldState(0, None, {})


# -------------------------------------------------------------------- the sums of drift


def drifting(hours: dict[int, DriftSums], *, since: int | None = None, before: int = 0) -> Progress:
    return Progress(10, b"base", {}, {}, series=SeriesChanges({}, drift=DriftChange(hours, since, before)))


async def test_the_sums_of_drift_are_kept_by_the_hour(state: State, token: int) -> None:
    assert (await state.fold_state()).series.drift == DriftHour()
    one, two = DriftSums(drawn=1, even=0.5), DriftSums({"uniform": GroupSums()}, drawn=2)
    await state.commit(token, drifting({98: one, 99: one, 100: one}))
    await state.commit(token, drifting({99: two}, before=99))
    assert await state.drift_hours(0) == {99: two, 100: one}
    assert await state.drift_hours(100) == {100: one}
    assert (await state.fold_state()).series.drift == DriftHour(100, one)
    one.drawn += 1
    assert (await state.drift_hours(100))[100].drawn == 1
    await state.commit(token, drifting({100: two}, since=99))
    assert await state.drift_hours(0) == {100: two}


async def test_showings_are_summed_over_days(state: State, token: int) -> None:
    rest: SeriesKey = ("", "", "uniform")
    rows: Rows = [(4, MOON, ONE), (5, MOON, TWO), (5, SUN, ONE), (5, rest, ONE), (6, SUN, TWO)]
    await state.commit(token, some(days=rows))
    assert sorted(await state.shown_in_days(4, 5), key=lambda row: row.artwork) == [
        ShownDays(*MOON, 3),
        ShownDays(*SUN, 1),
    ]
    assert await state.shown_in_days(7, 9) == []

"""The time series of a fold: their bounds, and their state, however often the fold is interrupted."""

import random
import tracemalloc
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.learning.rollup import Bounds, Rollup
from app.learning.series import DAYS, HOURS, OTHER, UNKNOWN, Series
from app.records import Decision, Spot, decode_decision, encode
from app.store.protocol import HOUR_MS, Period, Progress, SeriesKey, SeriesState, Sums
from app.store.sqlite.state import SqliteState
from bandit.windows import CLICK, IMPRESSION, PLAY, Closed
from tests.builders import Clock, a_decision, a_film
from tests.memory.series import MemorySeries

MB = 1 << 20
START = 500_000
"""An hour."""
FILM = a_film("countdown")
DECISION = a_decision(FILM)
SMALL = Bounds(
    part=lambda key: key[1:], rest=lambda key: (key[0], OTHER, OTHER), parts=3, rows=5, growing=12, periods=4
)


def shown(
    title: str = "countdown", artwork: int = 0, *, device: str | None = "tv", release: str | None = "tv-1"
) -> Decision:
    attributes: dict[str, str | float] = {"device": device} if device else {}
    spot = Spot(release=release) if release else None
    return replace(DECISION, title=title, chosen=artwork, attributes=attributes, spot=spot)


def closed(hour: int, reward: float = 0.0, happened: int = 0) -> Closed:
    return Closed(1, 1, hour * HOUR_MS + 1, reward, happened)


def committed(series: Series, store: MemorySeries) -> None:
    store.write(series.changes())
    series.settle()


def exposures(rows: dict[SeriesKey, Sums]) -> int:
    return sum(sums.exposures for sums in rows.values())


# -------------------------------------------------------------------- what is counted


def test_an_exposure_is_counted_in_its_hour_and_its_day_with_its_feedback() -> None:
    series, store = Series(SeriesState()), MemorySeries()
    series.count(closed(START), shown(), "uniform")
    series.count(closed(START, 0.2, IMPRESSION | CLICK), shown(), "uniform")
    series.count(closed(START, 0.5, IMPRESSION | CLICK | PLAY), shown(artwork=1), "uniform")
    series.count(closed(START, 0.0, IMPRESSION), shown(device=None, release=None), "bot")
    committed(series, store)
    assert store.rows("hour", START) == {
        ("uniform", "tv", "tv-1"): Sums(3, 2, 2, 1, 0.2 + 0.5, 0.2 * 0.2 + 0.25),
        ("bot", UNKNOWN, UNKNOWN): Sums(1, 1),
    }
    first, second = (artwork.id for artwork in FILM.artworks[:2])
    assert store.rows("day", START // 24) == {
        ("countdown", first, "uniform"): Sums(2, 1, 1, 0, 0.2, 0.2 * 0.2),
        ("countdown", second, "uniform"): Sums(1, 1, 1, 1, 0.5, 0.25),
        ("countdown", first, "bot"): Sums(1, 1),
    }
    assert store.began == (START + 1) * HOUR_MS, "the hour began before the first exposure was counted"


def test_a_device_may_be_a_number_in_an_old_log() -> None:
    series = Series(SeriesState())
    number = decode_decision(encode(replace(DECISION, attributes={"device": 4.0})))
    series.count(closed(START), number, "uniform")
    assert list(series.hours.rows) == [("uniform", "4.0", UNKNOWN)]


# -------------------------------------------------------------------- bounds


def test_many_releases_take_little_memory_and_leave_the_busiest_by_name() -> None:
    """A client may call itself anything, at each request anew. The known ones keep their names."""
    series, store = Series(SeriesState()), MemorySeries()
    largest = 0
    for number in range(30_000):
        series.count(closed(START), shown(release=f"made-up-{number}"), "anonymous")
        if number % 10 == 0:
            series.count(closed(START), shown(release=f"tv-{number // 10 % 20}"), "personalized")
        if number % 500 == 0:
            committed(series, store)
        largest = max(largest, len(series.hours.rows))
    assert largest <= HOURS.growing
    series.count(closed(START + 1), shown(), "uniform")
    committed(series, store)

    rows = store.rows("hour", START)
    assert len({key[1:] for key in rows} - {(OTHER, OTHER)}) == HOURS.parts
    assert exposures(rows) == 33_000, "nothing is lost"
    for number in range(20):
        assert rows["personalized", "tv", f"tv-{number}"].exposures == 150
    assert rows["anonymous", OTHER, OTHER].exposures > 29_900


def test_a_day_of_ten_thousand_titles_keeps_the_busiest_thousand_and_the_rest_together() -> None:
    series, store = Series(SeriesState()), MemorySeries()
    films = [(f"film-{number:05}", 3 if number % 10 == 7 else 1) for number in range(10_000)]
    for hour in range(3):  # each time in another order
        for title, times in films[::-1] if hour == 1 else films:
            for n in range(times):
                series.count(closed(24 * 20_000 + hour), shown(title, n), ("uniform", "personalized")[n % 2])
        committed(series, store)
    assert len(series.days.rows) <= DAYS.growing
    series.count(closed(24 * 20_001), shown(), "uniform")
    committed(series, store)

    rows = store.rows("day", 20_000)
    assert {key[0] for key in rows} == {title for title, times in films if times == 3} | {""}
    assert exposures(rows) == 36_000
    assert {key: sums.exposures for key, sums in rows.items() if not key[0]} == {("", "", "uniform"): 27_000}


def test_a_title_that_becomes_busy_late_is_kept() -> None:
    rollup = Rollup(DAYS, Period(), apart=False)
    for number in range(90_000):
        rollup.take(7, (f"film-{number:05}", "a", "uniform")).exposures += 1
        if number >= 80_000:
            rollup.take(7, ("late", "a", "uniform")).exposures += 1
    rollup.take(8, ("late", "a", "uniform"))
    [(at, rows), _] = rollup.periods()
    assert (at, rows["late", "a", "uniform"]) == (7, Sums(10_000))


def test_titles_of_many_artworks_are_kept_as_far_as_the_rows_suffice() -> None:
    rollup = Rollup(DAYS, Period(), apart=True)
    for title in range(600):
        for artwork in range(60):
            rollup.take(7, (f"film-{title:03}", f"a-{artwork}", "uniform")).exposures += 1 + (title == 599)
    rollup.take(8, ("film", "a", "uniform"))
    [(_, rows), _] = rollup.periods()
    assert len(rows) <= DAYS.rows + 1
    assert rows["film-599", "a-0", "uniform"] == Sums(2)
    assert rows["", "", "uniform"] == Sums(600 * 60 - DAYS.rows // 60 * 60)


def test_memory_is_what_the_docs_say() -> None:
    """As many rows as there may be, each with texts of its own, as long as they may be."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        series = Series(SeriesState())
        for number in range(DAYS.growing):
            key = f"{number:064}", f"{-number:064}", "personalized"
            series.days.take(20_000, key).exposures += 1
        for number in range(HOURS.growing):
            series.hours.take(START, ("personalized", f"{number:064}", f"{-number:064}")).exposures += 1
        assert len(series.days.rows) == DAYS.growing
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now - before < 25 * MB, (now - before) / MB


# -------------------------------------------------------------------- the state


def sequence(seed: int, number: int) -> list[tuple[int, SeriesKey, float]]:
    rng, hour, found = random.Random(seed), 100, []
    for _ in range(number):
        hour += rng.choice([0] * 30 + [1, 1, 2, 5])
        release = rng.choice(["a", "a", "b", "c", *"defghijklmnopqrstuvwxyz"])
        key = rng.choice(["x", "y"]), rng.choice(["tv", "phone"]), release
        found.append((hour, key, rng.choice([0.0, 0.1, 0.2, 1 / 3, 0.7])))
    return found


def add(rollup: Rollup, hour: int, key: SeriesKey, reward: float) -> None:
    sums = rollup.take(hour, key)
    sums.exposures += 1
    sums.reward += reward
    sums.squares += reward * reward


def everything(store: MemorySeries) -> dict[int, dict[SeriesKey, Sums]]:
    return {at: store.rows("hour", at) for at in store.periods("hour", 0)}


def write(store: MemorySeries, rollup: Rollup) -> None:
    series = Series(SeriesState())
    series.hours = rollup
    store.write(series.changes())


@pytest.mark.parametrize("seed", range(40))
def test_however_often_it_is_interrupted_it_ends_at_the_same_rows(seed: int) -> None:
    """Rows are lost with each kill, and are counted again from the last commit on."""
    steps, rng = sequence(seed, 400), random.Random(-seed)
    whole, kept = MemorySeries(), MemorySeries()
    rollup = Rollup(SMALL, Period(), apart=False)
    for step in steps:
        add(rollup, *step)
    write(whole, rollup)

    done = 0
    while done < len(steps):
        rollup = Rollup(SMALL, kept.state().hours, apart=False)
        for _ in range(rng.randrange(1, 6)):
            more = rng.randrange(1, 60)
            for step in steps[done : done + more]:
                add(rollup, *step)
            done = min(done + more, len(steps))
            write(kept, rollup)
            rollup.settle()
        for step in steps[done : done + rng.randrange(20)]:
            add(rollup, *step)  # and killed before it is committed
    assert everything(kept) == everything(whole)
    assert kept.state() == whole.state()


@pytest.mark.parametrize("seed", range(20))
def test_a_fold_that_begins_at_a_base_replaces_what_was_counted_since(seed: int) -> None:
    steps, base = sequence(seed, 300), 120 + seed
    whole, store = MemorySeries(), MemorySeries()
    rollup = Rollup(SMALL, Period(), apart=False)
    for step in steps[:base]:
        add(rollup, *step)
    state = rollup.state()
    for step in steps[base:]:
        add(rollup, *step)
    write(whole, rollup)

    other = Rollup(SMALL, Period(), apart=False)
    for hour, (group, device, _), reward in steps:
        add(other, hour, (group, device, "another"), reward)
    write(store, other)
    earlier = {at: rows for at, rows in everything(store).items() if at < state.at}

    apart = Rollup(SMALL, state, apart=True)
    for step in steps[base:]:
        add(apart, *step)
    write(store, apart)
    expected = {at: rows for at, rows in everything(whole).items() if at >= state.at}
    kept = {at: rows for at, rows in earlier.items() if at in store.periods("hour", 0)}
    assert everything(store) == kept | expected
    assert {at: rows for at, rows in apart.periods() if at in expected} == expected


def test_the_state_of_a_base_does_not_grow_on_with_the_fold() -> None:
    series = Series(SeriesState())
    series.count(closed(START), shown(), "uniform")
    state = series.state()
    series.count(closed(START), shown(), "uniform")
    assert state.hours.rows == [("uniform", "tv", "tv-1", Sums(1))]


# -------------------------------------------------------------------- retention


def test_hours_and_days_are_kept_by_the_log_s_time() -> None:
    series, store = Series(SeriesState()), MemorySeries()
    for day in range(0, 500, 20):
        series.count(closed(START + 24 * day), shown(), "uniform")
        committed(series, store)
    last = START + 24 * 480
    assert store.periods("hour", 0) == [last - 24 * day for day in (80, 60, 40, 20, 0)]
    assert len(store.periods("day", 0)) == 20
    assert min(store.periods("day", 0)) > last // 24 - DAYS.periods


def test_a_fold_that_never_commits_keeps_no_more_than_the_store_would() -> None:
    series = Series(SeriesState(apart=True))
    for day in range(0, 500, 20):
        series.count(closed(START + 24 * day), shown(), "uniform")
    assert next(at for at, _ in series.hours.periods()) > START + 24 * 480 - HOURS.periods


@pytest.mark.parametrize("full", [False, pytest.param(True, marks=pytest.mark.soak)])
async def test_a_row_takes_as_much_of_the_disk_as_the_docs_say(tmp_path: Path, *, full: bool) -> None:
    """The docs tell what 400 days of as many rows as a day may have take. A 200th of them takes a 200th of it."""
    state = SqliteState(tmp_path / "state.sqlite", Clock(0))
    token = await state.lead("me", 1_000)
    assert token is not None
    series = Series(SeriesState())
    days = 400 if full else 2
    for day in range(days):
        for number in range(DAYS.rows):
            key = f"title-{number // 20:020}", f"artwork-{number % 20:08}", "personalized"
            series.days.take(20_000 + day, key).exposures += 1000
        await state.commit(token, Progress(day, b"", {}, {}, series=series.changes()))
        series.settle()
    await state.close()
    size = sum(path.stat().st_size for path in tmp_path.iterdir())  # noqa: ASYNC240  nothing else runs
    assert size < 2.5 * MB * days + 8 * MB, size / MB / days

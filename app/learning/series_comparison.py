"""The comparison of the time series of a repeated fold with the committed ones."""

from collections.abc import AsyncIterator

from msgspec.structs import replace

from app.learning.drift import Drift
from app.learning.rollup import Changed, Rollup
from app.learning.series import Series
from app.store.protocol import DriftHour, DriftSums, Period, SeriesState, State, Step


async def differing_rows(state: State, committed: SeriesState, series: Series) -> list[str]:
    """Return the rows that differ, from the first period on that the fold has counted in.

    A trainer may commit meanwhile. It changes no ended period. The present ones are compared with those that were
    `committed` at the position of the fold.
    """
    hours = [row async for row in _of_step(state, "hour", committed.hours, series.hours)]
    days = [row async for row in _of_step(state, "day", committed.days, series.days)]
    return hours + days + await _of_drift(state, committed.drift, series.drift)


async def _of_drift(state: State, present: DriftHour, drift: Drift) -> list[str]:
    """Compare the sums of drift, except the predictions, which a pause leaves out."""
    if drift.since is None:
        return []
    stored = {at: sums for at, sums in (await state.drift_hours(drift.since)).items() if at < present.at}
    if present.sums and present.at >= drift.since:
        stored[present.at] = present.sums
    folded = drift.hours()
    hours = sorted(folded.keys() | stored.keys())
    return [f"drift {at}" for at in hours if _draws(folded.get(at)) != _draws(stored.get(at))]


def _draws(sums: DriftSums | None) -> DriftSums | None:
    return sums and replace(sums, examples=0, predicted=[], seen=[])


async def _of_step(state: State, step: Step, present: Period, rollup: Rollup) -> AsyncIterator[str]:
    if rollup.since is None:
        return
    kept = [at for at in await state.periods(step, rollup.since) if at < present.at]
    left = {*kept, present.at} if present.rows else set(kept)
    for at, rows in rollup.periods():
        left.discard(at)
        for row in _differing(rows, await _committed(state, step, present, at)):
            yield f"{step} {at}: {row}"
    for at in sorted(left):
        for row in _differing({}, await _committed(state, step, present, at)):
            yield f"{step} {at}: {row}"


async def _committed(state: State, step: Step, present: Period, at: int) -> Changed:
    if at == present.at:
        return {(a, b, c): sums for a, b, c, sums in present.rows}
    return dict(await state.period_rows(step, at))


def _differing(folded: Changed, committed: Changed) -> list[str]:
    """Name the rows that differ. A row that the fold deleted is as one that it never had."""
    keys = sorted(folded.keys() | committed.keys())
    return [" / ".join(key) for key in keys if folded.get(key) != committed.get(key)]

"""The time series in memory."""

from collections.abc import Collection
from copy import deepcopy

from msgspec.structs import replace

from app.store.protocol import (
    HOUR_MS,
    Dimension,
    DriftHour,
    DriftSums,
    Period,
    SeriesChanges,
    SeriesKey,
    SeriesState,
    ShownDays,
    Step,
    StepSums,
    Sums,
)

Rows = dict[SeriesKey, Sums]
Asked = tuple[str | None, str | None, str | None]


class MemorySeries:
    def __init__(self) -> None:
        self.began: int | None = None
        self._steps: dict[Step, dict[int, Rows]] = {"hour": {}, "day": {}}
        self._drift: dict[int, DriftSums] = {}

    def write(self, changes: SeriesChanges) -> None:
        for step, change in changes.steps.items():
            since = float("inf") if change.since is None else change.since
            kept = {at: rows for at, rows in self._steps[step].items() if change.before <= at < since}
            for at, key, sums in change.rows:
                rows = kept.setdefault(at, {})
                if sums is None:
                    rows.pop(key, None)
                else:
                    rows[key] = replace(sums)
            self._steps[step] = kept
        if drift := changes.drift:
            since = float("inf") if drift.since is None else drift.since
            self._drift = {at: sums for at, sums in self._drift.items() if drift.before <= at < since}
            self._drift |= {at: deepcopy(sums) for at, sums in drift.hours.items()}
        if changes.began is not None:
            self.began = changes.began

    def state(self) -> SeriesState:
        at = max(self._drift, default=0)
        drift = DriftHour(at, deepcopy(self._drift.get(at)))
        return SeriesState(self.began or 0, self._latest("hour"), self._latest("day"), drift=drift)

    def drift_hours(self, first: int) -> dict[int, DriftSums]:
        return {at: deepcopy(sums) for at, sums in sorted(self._drift.items()) if at >= first}

    def shown_in_days(self, first: int, last: int) -> list[ShownDays]:
        found: dict[SeriesKey, int] = {}
        for day in self.periods("day", first):
            for key, sums in self.rows("day", day).items():
                if day <= last and key[0]:
                    found[key] = found.get(key, 0) + sums.exposures
        return [ShownDays(*key, exposures) for key, exposures in found.items()]

    def _latest(self, step: Step) -> Period:
        at = max(self._steps[step], default=0)
        return Period(at, [(*key, sums) for key, sums in sorted(self.rows(step, at).items())])

    def rows(self, step: Step, at: int) -> Rows:
        return {key: replace(sums) for key, sums in self._steps[step].get(at, {}).items()}

    def periods(self, step: Step, first: int) -> list[int]:
        return sorted(at for at, rows in self._steps[step].items() if at >= first and rows)

    def summed(self, step: Step, since: int, by: Collection[Dimension], most: int) -> tuple[list[StepSums], int]:
        names: tuple[Dimension, ...] = ("group", "device", "release")
        found: dict[tuple[int, Asked], Sums] = {}
        for hour in self.periods("hour", since // HOUR_MS):
            for key, sums in self.rows("hour", hour).items():
                group, device, release = (v if name in by else None for name, v in zip(names, key, strict=True))
                asked = group, device, release
                at = hour if step == "hour" else hour // 24
                found.setdefault((at, asked), Sums()).include(sums)
        totals: dict[Asked, int] = {}
        for (_, asked), sums in found.items():
            totals[asked] = totals.get(asked, 0) + sums.exposures
        order = sorted(totals, key=lambda asked: (-totals[asked], [part or "" for part in asked]))
        steps = [StepSums(at, *asked, sums) for (at, asked), sums in found.items() if asked in order[:most]]
        return steps, len(order[most:])

    def artwork_days(self, title: str, first: int, last: int) -> dict[int, dict[tuple[str, str], Sums]]:
        found: dict[int, dict[tuple[str, str], Sums]] = {}
        for day in self.periods("day", first):
            for (of, artwork, group), sums in self.rows("day", day).items():
                if of == title and day <= last:
                    found.setdefault(day, {})[artwork, group] = sums
        return found

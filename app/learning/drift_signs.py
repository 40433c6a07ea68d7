"""The signs of drift: the numbers of the latest hours and days that alarms, metrics and the doctor look at.

A sign has the name of its metric and the values of that metric's labels, in the order of the labels' names. A sign
is missing while there is too little to judge.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.store.protocol import DAY_MS, HOUR_MS, DriftSums, ShownDays, State
from bandit import drift
from bandit.drift import Rate, around, difference, rate, titles_of

Sign = tuple[str, ...]
Signs = dict[Sign, float]
CONTROLS = ("best_single", "uniform", "default")
DAY_HOURS, WEEK_HOURS, SETTLED_HOURS = 24, 168, 6
ENOUGH_SHOWN, ENOUGH_REWARDED = 1_000, 30
"""Showings, and rewards, of each group before rates are compared."""
ENOUGH_DRAWN, ENOUGH_FORCED, ENOUGH_PREDICTED = 1_000, 50, 50
"""Draws before they are judged, forced draws to expect, and rewards to predict."""
LEAST_TITLES = 5
JUDGED_DAYS, TWO_WEEKS = 2, 14
"""Days of counting before predictions and titles are judged, and before a time is compared with an earlier one."""
EXPLORED_DAYS = 7
"""Days of counting before the policy has to be as good as the controls: it explores first."""
SHOWN_DAYS = 2


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The sums that were committed: `began` is when counting began, `now` a time of the log."""

    hours: Mapping[int, DriftSums]
    began: int
    now: int

    @property
    def days(self) -> float:
        return (self.now - self.began) / DAY_MS

    def last(self, length: int, *, ended: int = 0) -> list[DriftSums]:
        """Return the sums of so many hours that ended so many hours ago."""
        end = self.now // HOUR_MS - ended
        return [self.hours[hour] for hour in range(end - length + 1, end + 1) if hour in self.hours]


async def outcomes(state: State, now: int) -> Outcomes | None:
    """Read the sums of the last eight days; None if nothing was counted yet."""
    began = await state.series_began()
    if not began:
        return None
    return Outcomes(await state.drift_hours(now // HOUR_MS - 2 * WEEK_HOURS), began, now)


def predicts(seen: Outcomes) -> bool:
    """Whether the learner predicts rewards, as far as the exposures of the last week tell."""
    hours = seen.last(WEEK_HOURS)
    return not hours or any(hour.examples for hour in hours)


def signs_of_hours(seen: Outcomes) -> Signs:
    return dict([*_gaps(seen), *_draws(seen), *_predictions(seen)])


async def signs_of_days(state: State, seen: Outcomes, floor: float) -> Signs:
    """Return the signs of the pictures shown in the last two days, by titles."""
    today = seen.now // DAY_MS
    titles = await _shown(state, today)
    found = dict(_titles(titles, seen.days, floor))
    if seen.days >= TWO_WEEKS:
        found |= _before(titles, await _shown(state, today - SHOWN_DAYS))
    return found


async def signs(state: State, now: int, floor: float) -> Signs:
    seen = await outcomes(state, now)
    return {**signs_of_hours(seen), **await signs_of_days(state, seen, floor)} if seen else {}


# -------------------------------------------------------------------- rewards


def _gaps(seen: Outcomes) -> Iterator[tuple[Sign, float]]:
    """Compare the rewards of personalized viewers with those of each control group."""
    if seen.days < EXPLORED_DAYS:
        return
    for span, length in (("day", DAY_HOURS), ("week", WEEK_HOURS)):
        hours = seen.last(length)
        mine = _rate_of(hours, "personalized")
        for control in CONTROLS:
            its = _rate_of(hours, control)
            if mine and its:
                low_high = difference(mine, its)._asdict()
                for bound, value in low_high.items():
                    yield ("keyart_gap", _bound(bound), control, span), value


def _rate_of(hours: Iterable[DriftSums], group: str) -> Rate | None:
    """Return the reward of a showing in a group; None before there is enough feedback, or if a part has none."""
    sums = [hour.groups[group] for hour in hours if group in hour.groups]
    exposures, rewards = _added(each.exposures for each in sums), _added(each.rewards for each in sums)
    if sum(exposures) < ENOUGH_SHOWN or sum(rewards) < ENOUGH_REWARDED or not all(exposures):
        return None
    return rate(rewards, exposures)


def _predictions(seen: Outcomes) -> Iterator[tuple[Sign, float]]:
    """Compare the rewards of learned examples with those that the learner had predicted."""
    hours = seen.last(DAY_HOURS)
    predicted, rewards = _added(each.predicted for each in hours), _added(each.seen for each in hours)
    if seen.days < JUDGED_DAYS or sum(predicted) < ENOUGH_PREDICTED:
        return
    if ratio := rate(rewards, predicted):
        yield from _bounds("keyart_calibration", ratio)


# -------------------------------------------------------------------- draws


def _draws(seen: Outcomes) -> Iterator[tuple[Sign, float]]:
    hours = seen.last(DAY_HOURS)
    forced, expected = _added(each.forced for each in hours), _added(each.expected for each in hours)
    drawn = sum(each.drawn for each in hours)
    if drawn < ENOUGH_DRAWN:
        return
    yield ("keyart_forced_share", "expected"), sum(expected) / drawn
    yield ("keyart_forced_share", "seen"), sum(forced) / drawn
    if sum(expected) >= ENOUGH_FORCED and (ratio := rate(forced, expected)):
        yield from _bounds("keyart_forced_ratio", ratio)
    even = _share(hours, "even")
    yield ("keyart_even_share", "recent"), even or 0.0
    settled = _share(seen.last(SETTLED_HOURS), "settled")
    if settled is not None:
        yield ("keyart_settled_share", "recent"), settled
    if seen.days < TWO_WEEKS:
        return
    for name, since in (("even", DAY_HOURS), ("settled", SETTLED_HOURS)):
        before = _share(seen.last(WEEK_HOURS, ended=since), name)
        if before is not None:
            yield (f"keyart_{name}_share", "before"), before


def _share(hours: list[DriftSums], name: str) -> float | None:
    drawn = sum(each.drawn for each in hours)
    return sum(getattr(each, name) for each in hours) / drawn if drawn >= ENOUGH_DRAWN else None


# -------------------------------------------------------------------- titles


async def _shown(state: State, last: int) -> dict[str, drift.Title]:
    rows = await state.shown_in_days(last - SHOWN_DAYS + 1, last)
    return await asyncio.to_thread(titles_of, map(_row, rows))


def _row(row: ShownDays) -> tuple[str, str, str, int]:
    return row.title, row.artwork, row.group, row.exposures


def _titles(titles: Mapping[str, drift.Title], days: float, floor: float) -> Iterator[tuple[Sign, float]]:
    recent = drift.mean_spread(titles.values())
    if recent is not None:
        yield ("keyart_shown_entropy", "recent"), recent
    found = drift.collapse(titles.values(), floor)
    if days >= JUDGED_DAYS and found.titles >= LEAST_TITLES:
        yield ("keyart_collapsed_share",), found.share


def _before(now: Mapping[str, drift.Title], before: Mapping[str, drift.Title]) -> Signs:
    """Compare only the titles that were there both times, because new titles are shown evenly."""
    common = [title for title in now if title in before and _enough(now[title]) and _enough(before[title])]
    recent, past = (drift.mean_spread(each[title] for title in common) for each in (now, before))
    if len(common) < LEAST_TITLES or recent is None or past is None:
        return {}
    return {("keyart_shown_entropy", "common"): recent, ("keyart_shown_entropy", "before"): past}


def _enough(title: drift.Title) -> bool:
    return sum(title.personalized.values()) >= drift.ENOUGH


# -------------------------------------------------------------------- small helpers


def _added(lists: Iterable[list[int] | list[float]]) -> list[float]:
    return [float(sum(each)) for each in zip(*lists, strict=True)]


def _bounds(name: str, ratio: Rate) -> Iterator[tuple[Sign, float]]:
    for bound, value in around(ratio)._asdict().items():
        yield (name, _bound(bound)), value


def _bound(name: str) -> str:
    return "estimate" if name == "value" else name

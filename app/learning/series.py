"""The time series of a fold: by hour of groups, devices and releases, and by day of titles and artworks."""

from app.learning.drift import Drift
from app.learning.rollup import Bounds, Rollup
from app.records import Decision
from app.store.protocol import DAY_MS, HOUR_MS, SeriesChange, SeriesChanges, SeriesKey, SeriesState, Step
from bandit.windows import CLICK, IMPRESSION, PLAY, Closed

UNKNOWN, OTHER = "unknown", "other"
"""The name of a device or release that no client gave, and that of all beyond the busiest together."""


def _of_groups_rest(key: SeriesKey) -> SeriesKey:
    return key[0], OTHER, OTHER


def _of_titles_rest(key: SeriesKey) -> SeriesKey:
    return "", "", key[2]


HOURS = Bounds(
    part=lambda key: key[1:], rest=_of_groups_rest, parts=50, rows=500, growing=2_000, periods=24 * 90 + 1
)
"""The 50 busiest pairs of device and release of each of 90 days' hours."""
DAYS = Bounds(
    part=lambda key: key[:1], rest=_of_titles_rest, parts=1_000, rows=20_000, growing=40_000, periods=400
)
"""The 1,000 busiest titles of each of 400 days."""


class Series:
    """An exposure belongs to the hour and the day in which its window closed, by the log's own time in UTC."""

    def __init__(self, state: SeriesState):
        self._began, self._began_anew = state.began, state.apart
        self.hours = Rollup(HOURS, state.hours, apart=state.apart)
        self.days = Rollup(DAYS, state.days, apart=state.apart)
        self.drift = Drift(state.drift, apart=state.apart)

    def begin(self, stamp: int) -> None:
        """Note the stamp of the log's first record: no exposure is missing, because there is none before."""
        if not self._began:
            self._began, self._began_anew = stamp // DAY_MS * DAY_MS, True

    def count(self, closed: Closed, decision: Decision, group: str, predicted: float | None = None) -> None:
        hour = closed.deadline // HOUR_MS
        if not self._began:
            self._began, self._began_anew = (hour + 1) * HOUR_MS, True
        device = decision.attributes.get("device")
        release = decision.spot.release if decision.spot else None
        by_hour = self.hours.take(hour, (group, str(device or UNKNOWN), release or UNKNOWN))
        by_day = self.days.take(hour // 24, (decision.title, decision.artwork, group))
        self.drift.count(closed, decision, predicted)
        happened, reward = closed.happened, closed.reward
        for sums in (by_hour, by_day):
            sums.exposures += 1
            if happened:
                sums.impressions += (happened & IMPRESSION) == IMPRESSION
                sums.clicks += (happened & CLICK) == CLICK
                sums.plays += (happened & PLAY) == PLAY
                sums.reward += reward
                sums.squares += reward * reward

    def state(self) -> SeriesState:
        return SeriesState(self._began, self.hours.state(), self.days.state(), drift=self.drift.state())

    def changes(self) -> SeriesChanges:
        began = (self._began or None) if self._began_anew else None
        steps: dict[Step, SeriesChange] = {"hour": self.hours.change(), "day": self.days.change()}
        return SeriesChanges(steps, began, self.drift.change())

    def settle(self) -> None:
        self._began_anew = False
        self.hours.settle()
        self.days.settle()
        self.drift.settle()

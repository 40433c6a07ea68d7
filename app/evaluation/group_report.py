"""The rates of the groups, the lift, and its worth today, in a sentence."""

from dataclasses import dataclass
from typing import Final

import structlog
from typing_extensions import TypedDict

from app.clock import passed_ms
from app.evaluation.intervals import CONFIDENCE
from app.evaluation.lift_report import Comparison, ExperimentReport, LiftReporter
from app.evaluation.lift_sentences import NO_EXPERIMENT, WORTH
from app.evaluation.report import Rates, rates_of, reported
from app.store.protocol import State
from bandit.tally import Tally

log = structlog.get_logger()

SHORTEST_MS: Final = 4000
PATIENCE: Final = 200
"""The sums of a large catalogue take time, so the groups are summed at most so often: a 200th of the time."""


class GroupReport(TypedDict):
    """The groups with their rates, and the latest experiment that tells something; null before the first one.

    `says` is a sentence about its lift, `worth` its worth, and `warning` a reason not to trust it, or empty.
    """

    confidence: float
    groups: dict[str, Rates]
    lift: Comparison | None
    says: str
    worth: str
    warning: str
    experiment: ExperimentReport | None


@dataclass(slots=True)
class GroupReporter:
    """Sums the tallies of the groups, and remembers the sums for some seconds."""

    state: State
    _last: GroupReport | None = None
    _due: int = 0

    async def report(self) -> GroupReport:
        """Return the groups as they were a few seconds ago, or before the state became unreadable."""
        started = passed_ms()
        if self._last is None or started >= self._due:
            self._last = await self._summed() or self._last or group_report_of({}, None)
            now = passed_ms()
            self._due = now + max(SHORTEST_MS, PATIENCE * (now - started))
        return self._last

    async def _summed(self) -> GroupReport | None:
        try:
            return group_report_of(await self.state.group_tallies(), await LiftReporter(self.state).latest())
        except Exception:
            log.exception("refresh_failed", what="report")
            return None


def group_report_of(tallies: dict[str, Tally], experiment: ExperimentReport | None) -> GroupReport:
    groups = {group: tallies.get(group, Tally()) for group in reported(tallies)}
    lift = experiment["lift"] if experiment else None
    return {
        "confidence": CONFIDENCE,
        "groups": {group: rates_of(tally) for group, tally in groups.items()},
        "lift": lift,
        "says": experiment["says"] if experiment else NO_EXPERIMENT,
        "worth": WORTH if lift else "",
        "warning": experiment["warning"] if experiment else "",
        "experiment": experiment,
    }

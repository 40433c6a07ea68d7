"""The rates of the groups, the lift, and its worth today, in a sentence."""

from dataclasses import dataclass
from typing import Final

import structlog
from typing_extensions import TypedDict

from app.clock import passed_ms
from app.evaluation.report import CONFIDENCE, Lift, Rates, lift_of, rates_of
from app.records import ANONYMOUS, BOT, PINNED
from app.store.protocol import State
from bandit.groups import GROUPS
from bandit.tally import Tally

log = structlog.get_logger()

SHORTEST_MS: Final = 4000
PATIENCE: Final = 200
"""The sums of a large catalogue take time, so the groups are summed at most so often: a 200th of the time."""
WORTH = (
    "The interval takes showings to be independent. Those of one profile are not, so the true interval is wider: "
    "do not decide by an interval that barely excludes 0."
)
"""The worth of an interval of today's lift."""


class GroupReport(TypedDict):
    """The groups with their rates, the lift, a sentence about it, and the worth of that sentence."""

    confidence: float
    groups: dict[str, Rates]
    lift: Lift | None
    says: str
    worth: str


@dataclass(slots=True)
class GroupReporter:
    """Sums the tallies of the groups, and remembers the sums for some seconds."""

    state: State
    control_share: float
    _last: GroupReport | None = None
    _due: int = 0

    async def report(self) -> GroupReport:
        """Return the groups as they were a few seconds ago, or before the state became unreadable."""
        started = passed_ms()
        if self._last is None or started >= self._due:
            self._last = await self._summed() or self._last or group_report_of({}, self.control_share)
            now = passed_ms()
            self._due = now + max(SHORTEST_MS, PATIENCE * (now - started))
        return self._last

    async def _summed(self) -> GroupReport | None:
        try:
            return group_report_of(await self.state.group_tallies(), self.control_share)
        except Exception:
            log.exception("refresh_failed", what="report")
            return None


def group_report_of(tallies: dict[str, Tally], control_share: float) -> GroupReport:
    groups = {group: tallies.get(group, Tally()) for group in (*GROUPS, PINNED, ANONYMOUS, BOT)}
    personalized, control = groups["personalized"], groups["best_single"]
    lift = lift_of(personalized, control)
    return {
        "confidence": CONFIDENCE,
        "groups": {group: rates_of(tally) for group, tally in groups.items()},
        "lift": lift,
        "says": _sentence(lift) if lift else _why_none(personalized, control, control_share),
        "worth": WORTH if lift else "",
    }


def _why_none(personalized: Tally, control: Tally, control_share: float) -> str:
    if not control_share:
        return (
            "There is no lift, because the group best_single has no share: nothing is compared. "
            "Set KEYART_BEST_SINGLE_SHARE."
        )
    waiting = [
        name for name, tally in (("personalized", personalized), ("best_single", control)) if not tally.clicks
    ]
    return f"The lift is not known yet: no click of {' and '.join(waiting)} is counted."


def _sentence(lift: Lift) -> str:
    low, high = lift["interval"]
    found = (
        f"Viewers with their own pictures click {_more(lift['clicks'])} than viewers of the best single picture"
    )
    fits = f"{_signed(low)} to {_signed(high)} fits the data"
    if low <= 0 <= high:
        return f"It is not known yet whether Keyart pays. {found}, but {fits}."
    return f"{'Keyart pays' if low > 0 else 'Keyart costs clicks'}. {found}; {fits}."


def _more(part: float) -> str:
    return f"{abs(100 * part):.1f}\N{NO-BREAK SPACE}% {'more' if part >= 0 else 'less'} often"


def _signed(part: float) -> str:
    return f"{100 * part:+.1f}\N{NO-BREAK SPACE}%".replace("-", "−")

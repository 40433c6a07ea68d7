"""The exposures that a fold leaves out, because an operator quarantined them."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from app.interventions import (
    NONE,
    SETTING,
    Given,
    Interventions,
    Order,
    Quarantine,
    decode_order,
    interventions_in,
)
from app.learning.log_join import Close, Credit, Past
from app.records import Decision, Kind, Record
from app.store.protocol import Log


@dataclass(slots=True)
class _Applied:
    """A quarantine with the positions from which, and before which, a fold applies it."""

    what: Quarantine
    since: int = 0
    before: float = inf


class Quarantines:
    """The quarantines that a fold applies.

    A fold that begins applies all that are in force then, to everything that it takes in. It applies those that it
    reads later from their records on. The trainer sets a base at such a record, and repeats the fold.
    """

    def __init__(self, known: Interventions = NONE):
        self._applied = [_Applied(each) for each in known.quarantines]
        self.known_to = known.quarantined
        """The position of the latest order that is applied or was lifted."""

    @classmethod
    async def in_force(cls, log: Log) -> "Quarantines":
        return cls(interventions_in(await log.setting(SETTING)))

    def note(self, records: Iterable[Record]) -> None:
        """Take in the orders among records that the fold is about to read."""
        for record in records:
            if record.kind == Kind.QUARANTINE and record.position > self.known_to:
                self._note(record.position, record.stamp, decode_order(record.body))

    def _note(self, position: int, stamp: int, order: Order) -> None:
        self.known_to = position
        if order.lifts is None:
            given = Given(position, stamp, order.role, order.name, order.why)
            self._applied.append(_Applied(Quarantine(given, order.since, order.until, order.device), position))
        for each in self._applied:
            if each.what.given.position == order.lifts:
                each.before = position

    def leaves_out(self, step: Close | Credit | Past, decision: Decision) -> bool:
        """Tell whether an exposure, or a click or play, is in quarantine."""
        if not self._applied:
            return False
        opened, closed = _span(step)
        device = decision.attributes.get("device")
        return any(
            each.since <= step.position < each.before and each.what.covers(opened, closed, device)
            for each in self._applied
        )


def _span(step: Close | Credit | Past) -> tuple[int, int]:
    """Return when the window was open; of a click, a play or an imported exposure, only the time of it."""
    if isinstance(step, Past):
        return step.imported.at, step.imported.at + 1
    if isinstance(step, Credit):
        return step.stamp, step.stamp + 1
    return step.closed.deadline - step.rules.window, step.closed.deadline

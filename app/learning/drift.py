"""The sums of a fold by which drift is noticed."""

from collections.abc import Sequence

import msgspec

from app.records import Decision, encode
from app.store.protocol import HOUR_MS, PARTS, DriftChange, DriftHour, DriftSums, GroupSums
from bandit.groups import GROUPS
from bandit.windows import Closed

KEPT_HOURS = 24 * 8 + 1
"""Eight days' hours and the present one: a day or less is compared with the seven before it."""
ABOUT_LEAST = 1.001
"""A probability is the least one up to this factor: the mixture with the floor is rounded."""
SETTLED, SETTLED_LEAST = 1.05, 0.9
"""All pictures but one have the least probability, together up to this factor, and that one at least so much."""
SEVERAL = 2
_copied = msgspec.json.Decoder(DriftSums).decode


class Drift:
    """Counts exposures in the hour in which their windows closed, which never decreases.

    Only the present hour is in memory, with those before it that are not committed yet.
    """

    def __init__(self, state: DriftHour, *, apart: bool):
        self.at, self._apart = state.at, apart
        self._present = state.sums
        self._ended: dict[int, DriftSums] = {}
        self._since = state.at if state.sums else None
        self._changed = apart and state.sums is not None

    def count(self, closed: Closed, decision: Decision, predicted: float | None) -> None:
        """Count an exposure, with the reward that the learner `predicted` if it learned from it."""
        if decision.pinned or decision.bot:
            return
        sums, part = self._sums_of(closed.deadline // HOUR_MS), part_of(decision)
        if decision.profile and decision.group in GROUPS:
            group = sums.groups.get(decision.group)
            if group is None:
                group = sums.groups[decision.group] = GroupSums()
            group.exposures[part] += 1
            group.rewards[part] += closed.reward
            if decision.group == "personalized" and len(decision.probabilities) >= SEVERAL:
                _count_draw(sums, part, decision.probabilities, decision.propensity)
        if isinstance(predicted, float) and 0.0 <= predicted <= 1.0:  # a learner of one's own may say anything
            sums.examples += 1
            sums.predicted[part] += predicted
            sums.seen[part] += closed.reward

    def _sums_of(self, hour: int) -> DriftSums:
        if hour != self.at:
            self._turn(hour)
        if self._present is None:
            self._present = DriftSums()
        if self._since is None:
            self._since = hour
        self._changed = True
        return self._present

    def _turn(self, hour: int) -> None:
        if self._present is not None and self._changed:
            self._ended[self.at] = self._present
        self._present, self._changed, self.at = None, False, hour
        for old in [each for each in self._ended if each < self._before]:
            del self._ended[old]

    # ---------------------------------------------------------------- keeping

    def state(self) -> DriftHour:
        return DriftHour(self.at, _copied(encode(self._present)) if self._present else None)

    def change(self) -> DriftChange:
        return DriftChange(self.hours(), self._since if self._apart else None, self._before)

    def hours(self) -> dict[int, DriftSums]:
        """Return the hours that changed since the last commit: for a fold that never commits, all of them."""
        present = {self.at: self._present} if self._present is not None and self._changed else {}
        return {**self._ended, **present}

    def settle(self) -> None:
        self._apart = self._changed = False
        self._ended.clear()

    @property
    def since(self) -> int | None:
        """Return the first hour that this fold has counted in; None before its first exposure."""
        return self._since

    @property
    def _before(self) -> int:
        return self.at - KEPT_HOURS + 1


def part_of(decision: Decision) -> int:
    """Return the part that a profile is in. Without one, it is a part of the nonces."""
    return (int(decision.profile[:2], 16) if decision.profile else decision.nonce[-1]) % PARTS


def _count_draw(sums: DriftSums, part: int, probabilities: Sequence[float], propensity: float) -> None:
    least, greatest = min(probabilities), max(probabilities)
    bound = ABOUT_LEAST * least
    others = len(probabilities) - 1
    sums.drawn += 1
    sums.even += (others + 1) * least
    if greatest <= bound:
        return  # all are alike, so none is forced
    sums.settled += greatest >= SETTLED_LEAST and 1.0 - greatest <= SETTLED * others * least
    if propensity <= bound:
        sums.forced[part] += 1
    for probability in probabilities:
        if probability <= bound:
            sums.expected[part] += probability

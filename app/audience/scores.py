"""The rewards of each group's exposures, beside those of the best single picture and the best possible choices."""

import math
from array import array
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GROUPS = ("personalized", "best_single", "uniform", "default", "canary")
Z = 1.959964
"""Standard errors on either side of a figure in a 95 % interval."""
LEAST_VIEWERS = 2
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Seen(NamedTuple):
    """An exposure: its viewer and picture, its reward, and the expected rewards of the two yardsticks."""

    viewer: int
    group: int
    """Its index in `GROUPS`."""
    clicked: bool
    left: bool
    reward: float
    best: float
    single: float


class Estimate(NamedTuple):
    value: float
    low: float
    high: float


class Scores:
    """Every exposure, in the order in which it was counted."""

    def __init__(self) -> None:
        self._columns = [array("d") for _ in Seen._fields]

    def __len__(self) -> int:
        return len(self._columns[0])

    def add(self, seen: Seen) -> None:
        for column, value in zip(self._columns, seen, strict=True):
            column.append(value)

    def frozen(self) -> "Outcomes":
        return Outcomes(np.array(column) for column in self._columns)

    def moving(self, last: int) -> dict[str, float]:
        """Return each group's click rate over the last exposures. Another thread may add one meanwhile."""
        end = len(self._columns[-1])  # the column that is filled last
        begin = max(0, end - last)
        groups, clicked = (np.array(self._columns[number][begin:end]) for number in (1, 2))
        return {
            name: float(clicked[groups == number].mean())
            for number, name in enumerate(GROUPS)
            if (groups == number).any()
        }


class Outcomes:
    """The exposures as columns of one length."""

    def __init__(self, columns: Iterable[Floats]):
        viewer, group, self.clicked, self.left, self.reward, self.best, self.single = columns
        self.viewer, self.group = viewer.astype(np.int64), group.astype(np.int64)

    def of(self, group: str) -> Mask:
        mask: Mask = self.group == GROUPS.index(group)
        return mask

    @property
    def groups(self) -> list[str]:
        return [name for name in GROUPS if self.of(name).any()]

    @property
    def late(self) -> Mask:
        """The last half of the exposures."""
        late: Mask = np.arange(len(self.group)) >= len(self.group) // 2
        return late

    def rate(self, mask: Mask, earned: Floats) -> Estimate:
        found = self._ratio(mask, earned, np.ones_like(earned))
        return Estimate(found.value, max(0.0, found.low), min(1.0, found.high))

    def lift(self, *, allowing: bool = True) -> Estimate | None:
        """Return how much more the personalized group earned in the last half than best_single, as a ratio less 1.

        With `allowing`, each group's reward is first divided by the expected reward of the best single picture,
        with the group's own viewers, titles and spots. The interval is on the log scale.
        """
        expected = self.single if allowing else np.ones_like(self.reward)
        above, below = (
            self._ratio(self.of(name) & self.late, self.reward, expected)
            for name in ("personalized", "best_single")
        )
        if not above.value > 0 or not below.value > 0:
            return None
        spreads = [(each.high - each.value) / each.value for each in (above, below)]
        value, spread = math.log(above.value / below.value), math.hypot(*spreads)
        return Estimate(*(math.expm1(x) for x in (value, value - spread, value + spread)))

    def way(self) -> Estimate | None:
        """Return how far the personalized group came, in the last half, from the best single to the best possible.

        Both ends are expected values for the group's own exposures: 0 is the one, 1 the other.
        """
        mask = self.of("personalized") & self.late
        found = self._ratio(mask, self.reward - self.single, self.best - self.single)
        return None if np.isnan(found.value) else found

    def _ratio(self, mask: Mask, earned: Floats, expected: Floats) -> Estimate:
        """Return the ratio of two sums. Its interval takes viewers, not exposures, to be independent.

        The variance is the linearized one for clusters (Cochran 1977, section 6.4). The ratio is not a number if
        nothing was expected.
        """
        whole = float(expected[mask].sum())
        if whole <= 0:
            return Estimate(np.nan, np.nan, np.nan)
        value, count = float(earned[mask].sum()) / whole, len(np.unique(self.viewer[mask]))
        if count < LEAST_VIEWERS:
            return Estimate(value, -np.inf, np.inf)
        sums = np.bincount(self.viewer[mask], weights=(earned - value * expected)[mask])
        spread = Z * float(np.sqrt((sums**2).sum() * count / (count - 1))) / whole
        return Estimate(value, value - spread, value + spread)

    def over_time(self, bins: int, earned: Floats, mask: Mask) -> Floats:
        """Return a mean in each of `bins` equal stretches of all exposures; not a number where `mask` has none."""
        starts = np.linspace(0, len(self.group), bins + 1).astype(int)[:-1]
        shown, got = (np.add.reduceat(column, starts) for column in (mask.astype(float), mask * earned))
        means: Floats = np.divide(got, shown, out=np.full(bins, np.nan), where=shown > 0)
        return means

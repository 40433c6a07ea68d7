"""The means of tastes among all viewers, and their correlations."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from math import isfinite, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TAGS = 128
"""The first tags that come have a place: a matrix of this many rows and columns is kept."""
WIDEST = 4.0
GREATEST = 1e100
"""The square of a greater number is not finite."""
DOUBT = 20.0
"""The weight of the assumption that no two tags go together, in viewers."""
NOTHING = 1e-12
"""The total variance below which tastes tell nothing about each other."""
SETS = 5_000
"""Sets of actions whose tags' rows are remembered, in some 3 MB."""
Liking = Mapping[str, float]
Rows = NDArray[np.intp]
Floats = NDArray[np.float64]


class Worth(NamedTuple):
    """The worth of tags to a viewer."""

    by_row: Floats
    """By the rows of tags. The last number is 0: tags without a row have it."""
    by_tag: dict[str, float]
    """The same by tag; empty unless the viewer likes a tag without a row."""


class TagRows(NamedTuple):
    """The rows of each action's tags: n actions, each with at most t tags."""

    rows: Rows
    """Shape (t, n)."""
    counts: Floats
    """The number of tags of each action, at least 1."""
    tags: tuple[tuple[str, ...], ...]


class Kinship:
    """The running second moments of tastes, by tag.

    A taste is centred on the tag's mean and measured in the spread of all tastes. A viewer who likes westerns may
    like crime, if the two go together in the tastes of others: this is the covariance matrix of tastes, applied to
    a taste. It is learned from contexts alone, without a single click (compare the item-item similarities of
    Sarwar et al. 2001, section 3.1, and ridge regression's shrinkage by eigenvalues).
    """

    def __init__(self) -> None:
        self._row: dict[str, int] = {}
        self._sums: dict[str, float] = {}
        self._contexts = self._values = 0
        self._squares = 0.0
        self._moments = np.zeros((TAGS, TAGS + 1))
        """The sums of products of two tags. The last column has zeros, like a tag that nobody likes."""
        self._trace = 0.0
        self._tag_rows: dict[tuple[tuple[str, ...], ...], TagRows] = {}

    def admit(self, taste: Liking) -> tuple[dict[str, float], dict[str, float]]:
        """Admit a taste, and return its consequences from now on: as `centred`, and as `kindred`."""
        if not taste:
            return {}, {}
        self._measure(taste)
        liking = self.centred(taste)
        rows, values = self._known(liking)
        at = (rows[:, None] * (TAGS + 1) + rows).ravel()
        self._moments.ravel()[at] += np.multiply.outer(values, values).ravel()
        self._trace += float(np.add.reduce(values * values))
        return liking, self._kindred(rows, values)

    def centred(self, taste: Liking) -> dict[str, float]:
        """Return the taste in deviations from each tag's mean; a missing tag counts as 0."""
        spread = sqrt(self._squares / self._values) if self._values else 0.0
        if not spread:
            return {tag: _bound(value, WIDEST) for tag, value in taste.items()}
        sums, seen = self._sums, self._contexts
        return {
            tag: off
            if -WIDEST <= (off := (value - sums.get(tag, 0.0) / seen) / spread) <= WIDEST
            else _bound(off, WIDEST)
            for tag, value in taste.items()
        }

    def kindred(self, liking: Liking) -> dict[str, float]:
        """Return the liking for each tag that follows from a centred taste, including the tag itself."""
        return self._kindred(*self._known(liking))

    def worth(self, liking: Liking, own: float, kindred: float) -> Worth:
        """Return for each tag `own` times a centred taste plus `kindred` times the kindred taste."""
        rows, values = self._known(liking)
        worth = self._related(rows, values)
        if worth is None:
            worth = np.zeros(TAGS + 1)
        else:
            worth *= kindred
        worth[rows] += own * values
        if len(rows) == len(liking):
            return Worth(worth, {})
        besides = {tag: own * value for tag, value in liking.items() if tag not in self._row}
        return Worth(worth, dict(zip(self._row, worth.tolist(), strict=False)) | besides)

    def take_over(self, before: "Kinship") -> None:
        """Take over what another remembers if the same tags have the same rows there."""
        if before._row == self._row:  # noqa: SLF001  one of its own kind
            self._tag_rows = before._tag_rows  # noqa: SLF001  as above

    def tag_rows(self, tags: tuple[tuple[str, ...], ...]) -> TagRows:
        """Return the rows of the tags of each action, remembered until another tag gets a row."""
        found = self._tag_rows.get(tags)
        if found is None:
            if len(self._tag_rows) >= SETS:
                self._tag_rows.clear()
            found = self._tag_rows[tags] = self._rows_of(tags)
        return found

    def _rows_of(self, tags: tuple[tuple[str, ...], ...]) -> TagRows:
        row, most = self._row, max([1, *map(len, tags)])
        rows = [[row.get(tag, TAGS) for tag in each] + [TAGS] * (most - len(each)) for each in tags]
        counts = np.array([max(1, len(each)) for each in tags], np.float64)
        return TagRows(np.ascontiguousarray(np.array(rows, np.intp).reshape(len(tags), most).T), counts, tags)

    def _kindred(self, rows: Rows, values: Floats) -> dict[str, float]:
        related = self._related(rows, values)
        return {} if related is None else dict(zip(self._row, related.tolist(), strict=False))

    def _related(self, rows: Rows, values: Floats) -> Floats | None:
        """Return the kindred tastes by row, and behind them zeros; None if there are none."""
        if not len(rows) or self._trace < NOTHING:
            return None
        doubted = self._trace / len(self._row) * (1 + DOUBT / self._contexts)
        moments = self._moments.take(rows, axis=0, mode="clip")
        moments *= values[:, None]
        related: Floats = np.add.reduce(moments, axis=0)
        related /= doubted
        return related

    def state(self) -> dict[str, Any]:
        tags = len(self._row)
        return {
            "sums": self._sums,
            "contexts": self._contexts,
            "values": self._values,
            "squares": self._squares,
            "trace": self._trace,
            "moments": b64encode(self._moments[:tags, :tags].tobytes()).decode(),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "Kinship":
        kinship = cls()
        kinship._sums = dict(state["sums"])
        kinship._row = {tag: row for row, tag in enumerate(kinship._sums)}
        kinship._contexts, kinship._values = state["contexts"], state["values"]
        kinship._squares, kinship._trace = state["squares"], state["trace"]
        tags = len(kinship._row)
        if not isfinite(kinship._squares + kinship._trace):
            raise ValueError("The moments of tastes are not finite")
        kinship._moments[:tags, :tags] = np.frombuffer(b64decode(state["moments"])).reshape(tags, tags)
        return kinship

    def _measure(self, taste: Liking) -> None:
        self._contexts += 1
        sums, seen = self._sums, self._contexts
        for tag, value in taste.items():
            before = sums.get(tag)
            if before is None:
                if len(sums) >= TAGS:
                    continue
                self._row[tag] = len(sums)
                self._tag_rows.clear()
                before = 0.0
            bounded = value if -GREATEST <= value <= GREATEST else _bound(value, GREATEST)
            total = sums[tag] = before + bounded
            off = bounded - total / seen
            self._squares += off * off
            self._values += 1

    def _known(self, liking: Liking) -> tuple[Rows, Floats]:
        """Return the rows of the tags that have one, and the liking for these tags."""
        row = self._row
        rows = [row[tag] for tag in liking if tag in row]
        if len(rows) == len(liking):
            return np.array(rows, np.intp), np.array(list(liking.values()), np.float64)
        values = [value for tag, value in liking.items() if tag in row]
        return np.array(rows, np.intp), np.array(values, np.float64)


def means_over(worth: Worth, actions: TagRows) -> Floats:
    """Return the mean worth of the tags of each action, added up in the order of its tags."""
    if worth.by_tag:
        return np.array([mean_over(worth.by_tag, tags) for tags in actions.tags])
    worths = worth.by_row.take(actions.rows, mode="clip")
    means: Floats = np.add.accumulate(worths, axis=0)[-1]  # reduce would add a single column in pairs
    means /= actions.counts
    return means


def mean_over(liking: Mapping[str, float], tags: Sequence[str]) -> float:
    """Add up as `added` does, but inline, because decisions need this mean for each of their actions."""
    total = 0.0
    for tag in tags:
        if tag in liking:
            total += liking[tag]
    return total / len(tags) if tags else 0.0


def _bound(value: float, most: float) -> float:
    return max(-most, min(most, value))

"""The audit of exposures: which viewers are shown which pictures more or less often than other viewers are."""

from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

from app.evaluation.exposure_difference import SIZE, Audit, Difference
from app.evaluation.exposure_sums import ExposureSums, Floats, Sums

LEVEL: Final = 0.05
FEWEST_VIEWERS: Final = 30
FEWEST_BUCKETS: Final = 20
MOST_OTHERS: Final = 50
"""The most differences that are told beside those that are named."""
NOTHING: Final = 1e-9
"""Less than any error of a mean. Without learning every viewer gets the same chances, to the last bits."""
_NORMAL: Final = NormalDist()
_WIDE: Final = _NORMAL.inv_cdf(1 - LEVEL / 2)


class _Compared(NamedTuple):
    dimension: str
    value: str
    label: int
    some: Sums
    others: "_Means"
    own: "_Means"
    difference: float
    error: float
    p: float


class _Means(NamedTuple):
    """Mean shares by label, shape (labels,)."""

    shown: Floats
    by_chance: Floats


def audit_of(sums: ExposureSums, size: float = SIZE) -> Audit:
    found = sorted(_comparisons(sums), key=lambda each: each.p)
    corrected = _holm([each.p for each in found])
    told = [_told(sums, each, p, size) for each, p in zip(found, corrected, strict=True)]
    told.sort(key=lambda each: -abs(each["difference"]))
    others = [each for each in told if not each["named"]]
    return {
        "decisions": int(sums.all.decisions.sum()),
        "compared": len(found),
        "size": size,
        "fewest": FEWEST_VIEWERS,
        "differences": [each for each in told if each["named"]] + others[:MOST_OTHERS],
    }


def _comparisons(sums: ExposureSums) -> Iterator[_Compared]:
    for dimension, values in sums.by_value.items():
        for value, some in values.items():
            others = _rest(sums.all, some)
            if len(some.viewers) >= FEWEST_VIEWERS and _told_apart(some, others):
                yield from _compared(dimension, value, some, others)


def _told_apart(some: Sums, others: Sums) -> bool:
    return all(int(np.count_nonzero(each.decisions)) >= FEWEST_BUCKETS for each in (some, others))


def _compared(dimension: str, value: str, some: Sums, others: Sums) -> Iterator[_Compared]:
    differences, errors = _differences(some, others)
    own, theirs = _means(some), _means(others)
    for label, (difference, error) in enumerate(zip(differences.tolist(), errors.tolist(), strict=True)):
        p = 2 * (1 - _NORMAL.cdf(abs(difference) / max(error, NOTHING)))
        yield _Compared(dimension, value, label, some, theirs, own, difference, error, p)


def _differences(some: Sums, others: Sums) -> tuple[Floats, Floats]:
    """Return the differences by label, and their standard errors by leaving out one group at a time.

    The groups are random ones of viewers (Wolter 2007, Introduction to Variance Estimation, chapter 4), so all
    decisions of a viewer count as one viewer's.
    """
    groups = np.flatnonzero(some.decisions + others.decisions)
    without = (_without_each(some) - _without_each(others))[groups]
    spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0) * (len(groups) - 1) / len(groups)
    return _added(some) - _added(others), np.sqrt(spread)


def _added(sums: Sums) -> Floats:
    """Return what the policy adds to equal chance in the mean, by label."""
    mean: Floats = sums.added.sum(axis=0) / sums.decisions.sum()
    return mean


def _without_each(sums: Sums) -> Floats:
    """Return the same without each group, shape (groups, labels)."""
    left: Floats = sums.added.sum(axis=0) - sums.added
    left /= np.maximum(sums.decisions.sum() - sums.decisions, 1)[:, None]
    return left


def _means(sums: Sums) -> _Means:
    count = sums.decisions.sum()
    return _Means(sums.shown / count, sums.by_chance / count)


def _rest(everyone: Sums, some: Sums) -> Sums:
    return Sums(
        everyone.shown - some.shown,
        everyone.by_chance - some.by_chance,
        everyone.added - some.added,
        everyone.decisions - some.decisions,
    )


def _holm(ascending: Sequence[float]) -> list[float]:
    """Correct p-values for being several; the first is the least (Holm 1979, A simple … test procedure)."""
    corrected, most, n = [], 0.0, len(ascending)
    for rank, p in enumerate(ascending):
        most = max(most, min(1.0, p * (n - rank)))
        corrected.append(most)
    return corrected


def _told(sums: ExposureSums, found: _Compared, p: float, size: float) -> Difference:
    label = sums.labels[found.label]
    own, others = float(found.own.shown[found.label]), float(found.others.shown[found.label])
    wide = _WIDE * found.error
    return {
        "dimension": found.dimension,
        "value": found.value,
        "label": label,
        "viewers": len(found.some.viewers),
        "shown": own,
        "by_chance": float(found.own.by_chance[found.label]),
        "shown_to_others": others,
        "by_chance_for_others": float(found.others.by_chance[found.label]),
        "difference": found.difference,
        "interval": [found.difference - wide, found.difference + wide],
        "p": p,
        "named": p < LEVEL and abs(found.difference) >= size,
        "says": _sentence(found, label, own, others),
    }


def _sentence(found: _Compared, label: str, own: float, others: float) -> str:
    points = 100 * abs(found.difference)
    more = "more" if found.difference > 0 else "less"
    return (
        f"If {found.dimension} is “{found.value}”, the policy shows “{label}” {points:.0f} points {more} often "
        f"than to others, beyond equal chance ({own:.0%}; to others {others:.0%})."
    )

"""Addition of floats that gives the same last bit on every supported Python."""

from collections.abc import Iterable


def added(values: Iterable[float]) -> float:
    """Return the sum of the values, added from the first to the last, each sum rounded.

    The built-in `sum` compensates for rounding from Python 3.12 on, so its result differs from that of 3.11. A
    fold must end at the same weights on every Python.
    """
    total = 0.0
    for value in values:
        total += value
    return total

"""Adding floats up so that every supported Python comes to the same last bit."""

from collections.abc import Iterable


def added(values: Iterable[float]) -> float:
    """Return the sum of the values, added from the first to the last, each sum rounded.

    The built-in `sum` compensates for rounding from Python 3.12 on, so it ends elsewhere than under 3.11. A fold
    must end at the same weights whichever Python makes it.
    """
    total = 0.0
    for value in values:
        total += value
    return total

"""The longest stand-still of a worker that takes a snapshot up."""

from tests.bench.budget import Bound, Budget, Effort, Rounds
from tests.bench.crowd import crowds


def measure(effort: Effort) -> Rounds:
    """Return the upper edge of the slowest bucket that a load fell into, in milliseconds."""
    seen = crowds(effort)
    return Rounds([crowd.slowest_load for crowd in seen], [], {"loads": float(sum(crowd.loads for crowd in seen))})


BUDGET = Budget("snapshot", "the longest load of a snapshot", Bound("≤", 20, "ms"), measure, "worst")

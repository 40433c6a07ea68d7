"""The memory of a worker that has served a large catalogue."""

from tests.bench.budget import Bound, Budget, Effort, Rounds
from tests.bench.crowd import crowds


def measure(effort: Effort) -> Rounds:
    """Return resident megabytes of the largest worker, after the load."""
    return Rounds([crowd.megabytes for crowd in crowds(effort)])


BUDGET = Budget("memory", "a worker with 1,000 titles of 10", Bound("<", 200, "MB"), measure)

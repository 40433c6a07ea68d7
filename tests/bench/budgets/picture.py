"""The first picture of the browse page, on a slow device with a slow network."""

from tests.bench.budget import Bound, Budget, Effort, Rounds
from tests.bench.first_picture import seconds


def measure(effort: Effort) -> Rounds:
    return Rounds(seconds(effort))


BUDGET = Budget(
    "picture", "the browse page's first picture on a slow phone", Bound("≤", 2.5, "s", digits=2), measure
)

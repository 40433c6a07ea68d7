"""The trainer's fold against `parse_line` and `learn_one` in a loop over the same examples."""

import asyncio

from tests.bench import learning, world
from tests.bench.budget import Bound, Budget, Effort, Rounds


def measure(effort: Effort) -> Rounds:
    """Return examples learned in a second of processor time."""
    with world.folder() as folder:
        ours, theirs = asyncio.run(learning.compare(folder, rounds=effort.rounds))
    return Rounds(ours, theirs)


BUDGET = Budget("trainer", "the trainer / a bare loop of its learner", Bound("≥", 0.5, digits=2), measure)

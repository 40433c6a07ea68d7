"""The memory of the largest process that has a part in an import of the samples."""

from tests.bench.budget import Bound, Budget, Effort, Rounds
from tests.bench.importing import imports


def measure(effort: Effort) -> Rounds:
    return Rounds([each.megabytes for each in imports(effort)])


BUDGET = Budget("decoding", "the largest process of that import", Bound("<", 512, "MB"), measure, "worst")

"""The sample catalogue from its files to all of its renditions, on all cores."""

from tests.bench.budget import Bound, Budget, Effort, Rounds
from tests.bench.importing import imports


def measure(effort: Effort) -> Rounds:
    seen = imports(effort)
    return Rounds([each.seconds for each in seen], [], {"pictures": seen[-1].pictures})


BUDGET = Budget("samples", "an import of the sample pictures", Bound("<", 20, "s", digits=1), measure)

"""A page of 40 titles of 6 pictures, in decisions a second on one core."""

from tests.bench import servers, world, wrk
from tests.bench.budget import Bound, Budget, Effort, Rounds
from tests.bench.rivals import FRESH

TITLES, PICTURES = 40, 6


def measure(effort: Effort) -> Rounds:
    names = [f"title-{n}" for n in range(TITLES)]
    with (
        world.stocked(TITLES, PICTURES) as folder,
        servers.keyart(folder, **FRESH) as url,
    ):
        servers.warm_up(url)
        results = [wrk.page(url, folder, titles=names, seconds=effort.seconds) for _ in range(effort.rounds)]
        fallbacks = servers.metric(url, "keyart_fallbacks_total")
    failed = float(sum(result.failed for result in results))
    return Rounds([result.rate * TITLES for result in results], [], {"failed": failed, "fallbacks": fallbacks})


BUDGET = Budget("page", "decisions in pages of 40", Bound("≥", 8000, "/s"), measure)

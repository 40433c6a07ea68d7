"""`GET /artwork` with everything on, against an endpoint with nothing behind it."""

from tests.bench import servers, world, wrk
from tests.bench.budget import Bound, Budget, Effort, Rounds
from tests.bench.rivals import FRESH

TITLES, PICTURES = 40, 6


def measure(effort: Effort) -> Rounds:
    """Return requests a second of fresh decisions, the window 1 s, and of the bare endpoint, in turns."""
    ours, theirs, notes = [], [], {"failed": 0.0, "failed at the bare endpoint": 0.0}
    with world.stocked(TITLES, PICTURES) as folder:
        for _ in range(effort.rounds):
            with servers.keyart(folder, **FRESH) as url:
                servers.warm_up(url)
                result = wrk.single(url, folder, titles=TITLES, seconds=effort.seconds)
                notes["seconds the trainer was behind at the end"] = servers.metric(
                    url, "keyart_trainer_lag_seconds"
                )
                notes["fallbacks"] = servers.metric(url, "keyart_fallbacks_total")
            notes["failed"] += result.failed
            ours.append(result.rate)
            with servers.bare() as url:
                result = wrk.single(url, folder, titles=TITLES, seconds=effort.seconds)
            notes["failed at the bare endpoint"] += result.failed
            theirs.append(result.rate)
    return Rounds(ours, theirs, notes)


BUDGET = Budget("artwork", "GET /artwork / the bare endpoint", Bound("≥", 0.9, digits=2), measure)

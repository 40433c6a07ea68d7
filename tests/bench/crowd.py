"""A worker under load with a catalogue of 1,000 titles of 10 pictures: its memory, and how snapshots load."""

import re
from functools import cache
from typing import NamedTuple

from tests.bench import servers, world, wrk
from tests.bench.budget import Effort
from tests.bench.rivals import FRESH

TITLES, PICTURES = 1000, 10
MOST_ROUNDS = 3
LONGER = 4
"""Times as long as other loads: memory grows, and snapshots come once a second."""


class Crowd(NamedTuple):
    megabytes: float
    slowest_load: float
    """Milliseconds: the upper edge of the bucket."""
    loads: int


@cache
def crowds(effort: Effort) -> list[Crowd]:
    """Return what was seen in each round; two budgets are read from the same ones."""
    return [_crowd(effort.seconds * LONGER) for _ in range(effort.at_most(MOST_ROUNDS).rounds)]


def _crowd(seconds: int) -> Crowd:
    with (
        world.stocked(TITLES, PICTURES) as folder,
        servers.keyart(folder, **FRESH) as url,
    ):
        servers.warm_up(url)
        wrk.single(url, folder, titles=TITLES, seconds=seconds)
        return Crowd(servers.worker_megabytes(folder), *loads_in(servers.text(f"{url}/metrics")))


def loads_in(metrics: str) -> tuple[float, int]:
    """Return the upper edge, in milliseconds, of the slowest bucket with a load in it, and how many there were."""
    found = re.findall(r'keyart_snapshot_load_seconds_bucket{le="([\d.]+|\+Inf)"} ([\d.]+)', metrics)
    buckets = sorted((float(edge), float(count)) for edge, count in found)
    loads = buckets[-1][1] if buckets else 0.0
    return next((edge * 1000 for edge, count in buckets if count == loads), 0.0), int(loads)

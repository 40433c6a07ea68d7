"""The last hour of readings in the memory of a process. A restart empties it."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Final

from app.telemetry.reading import Reading

HOUR: Final = 3600
EVERY_SECONDS: Final = 5
"""The time between two readings. One costs a few milliseconds."""
MOST: Final = HOUR // EVERY_SECONDS + 1


@dataclass(frozen=True, slots=True)
class Span:
    """The changes between two readings."""

    first: Reading
    last: Reading

    @property
    def seconds(self) -> float:
        return max(0.0, (self.last.at - self.first.at) / 1000)

    def increase(self, name: str, *values: str) -> float:
        """Return the rise of a counter. A counter of a trainer that runs alone ends with it, so it may fall."""
        return max(0.0, self.last.count(name, *values) - self.first.count(name, *values))

    def rate(self, name: str, *values: str) -> float:
        """Return the rise for each second."""
        return self.increase(name, *values) / self.seconds if self.seconds else 0.0

    @property
    def failed(self) -> float:
        return max(0.0, self.last.failed - self.first.failed)

    @property
    def fallback_share(self) -> float | None:
        """The part of the pictures that are fallbacks; None if there were no pictures."""
        fallbacks, decisions = (self.increase(f"keyart_{each}_total") for each in ("fallbacks", "decisions"))
        return fallbacks / (fallbacks + decisions) if fallbacks + decisions else None

    def quantile(self, part: float) -> float | None:
        """Return how many seconds this part of the answers of `/artwork` took at most; None if there were none.

        It is estimated within a bucket of the histogram as Prometheus does: by a straight line.
        """
        bounds = sorted(self.last.seconds)
        counts = [max(0.0, self.last.seconds[le] - self.first.seconds.get(le, 0.0)) for le in bounds]
        if not counts or not counts[-1]:
            return None
        wanted = part * counts[-1]
        at = next(number for number, count in enumerate(counts) if count >= wanted)
        below, before = (bounds[at - 1], counts[at - 1]) if at else (0.0, 0.0)
        if bounds[at] == inf:
            return below
        inside = counts[at] - before
        return below + (bounds[at] - below) * ((wanted - before) / inside if inside else 1.0)


class Ring:
    """Readings of the last hour, the oldest first."""

    def __init__(self, readings: Iterable[Reading] = ()):
        self._readings = deque(readings, maxlen=MOST)

    def add(self, reading: Reading) -> None:
        """Keep a reading. If the clock was set back, the earlier readings have no place in time any more."""
        if self._readings and reading.at <= self._readings[-1].at:
            self._readings.clear()
        self._readings.append(reading)

    def __len__(self) -> int:
        return len(self._readings)

    @property
    def since(self) -> int:
        """Return when the first reading was made. There has to be one."""
        return self._readings[0].at

    def last(self, seconds: float) -> Span:
        """Return the changes of the last seconds, or since the first reading. There has to be a reading."""
        newest = self._readings[-1]
        at = bisect_right(self._readings, newest.at - 1000 * seconds, key=lambda reading: reading.at)
        return Span(self._readings[max(0, at - 1)], newest)

    def steps(self, most: int = MOST) -> list[Span]:
        """Return the changes between each two readings that follow each other, at most the latest so many."""
        readings = list(self._readings)[-most - 1 :]
        return [Span(*pair) for pair in pairwise(readings)]

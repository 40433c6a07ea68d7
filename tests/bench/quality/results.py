"""What runs came to, and their file."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

import msgspec

from tests.bench.machine import Machine
from tests.bench.quality.validation import Score


class Key(NamedTuple):
    case: str
    policy: str
    steps: int
    delay: int


class Row(msgspec.Struct):
    """A policy on a case, seed by seed; one that was not run has no scores, and says why."""

    case: str
    policy: str
    steps: int
    delay: int
    scores: dict[int, Score] = {}
    why_not: str | None = None

    @property
    def key(self) -> Key:
        return Key(self.case, self.policy, self.steps, self.delay)

    def put(self, seed: int, found: Score | str) -> None:
        if isinstance(found, str):
            self.why_not = found
        else:
            self.scores[seed] = found

    def mean(self, name: str) -> float:
        return fmean(self._all(name))

    def spread(self, name: str) -> float:
        """Return the standard deviation over the seeds, of single runs and not of their mean."""
        return stdev(self._all(name)) if len(self.scores) > 1 else 0.0

    def _all(self, name: str) -> list[float]:
        return [float(getattr(score, name)) for score in self.scores.values()]


class Run(msgspec.Struct):
    """It grows while it is measured. `jobs` is how many runs there were at a time."""

    machine: Machine
    jobs: int
    rows: list[Row] = []

    def write(self, file: Path) -> None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    @classmethod
    def read(cls, file: Path) -> "Run":
        return msgspec.json.decode(file.read_bytes(), type=cls)


def together(runs: Sequence[Run]) -> list[Row]:
    """Return the rows of several runs; what is in two of them is taken from the later one."""
    return list(_latest(row for run in runs for row in run.rows).values())


def _latest(rows: Iterable[Row]) -> dict[Key, Row]:
    return {row.key: row for row in rows if row.scores or row.why_not}

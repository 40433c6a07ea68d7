"""The false alarms of the lift, and how often its intervals hold the truth, in simulated experiments.

python -m tests.bench.lift --runs 1000

An experiment has 60,000 profiles, who enter over 28 days, in groups of 93, 5 and 2 %. Each comes some eight times
in its seven days, and one in twenty comes often. A visit earns 1 with a chance of about 1 %, which differs between
profiles. The totals are winsorized at 20. The lift is looked at 60 times, each time by the profiles whose seven
days are over. A run fails if any of its 60 intervals misses the truth.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bandit.lift import Effect, Sample, effect

SHARES = {"personalized": 0.93, "best_single": 0.05, "uniform": 0.02}
PROFILES, LOOKS, DAYS, WINDOW = 60_000, 60, 28, 7
RATE, BOUND = 0.01, 20
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Population:
    """Profiles in the order in which they are complete, their totals, and how many are complete at each look."""

    groups: NDArray[np.int64]
    totals: Ints
    complete: Sequence[int]
    truth: tuple[float, float]
    """The mean total of all profiles as personalized ones, and as ones of a control."""


def population(
    rng: np.random.Generator, *, lift: float, profiles: int = PROFILES, looks: int = LOOKS
) -> Population:
    visits = np.minimum(rng.geometric(1 / 8, profiles) * np.where(rng.random(profiles) < 0.05, 15, 1), 400)
    expected = visits * RATE * rng.gamma(0.5, 2.0, profiles)
    plain = np.minimum(rng.poisson(expected), BOUND)
    better = np.minimum(rng.poisson(expected * (1 + lift)), BOUND) if lift else plain
    groups = np.searchsorted(np.cumsum(list(SHARES.values())), rng.random(profiles)).clip(max=len(SHARES) - 1)
    entered = np.sort(rng.random(profiles)) * DAYS
    times = WINDOW + np.linspace(0, DAYS, looks + 1)[1:]
    complete = np.searchsorted(entered + WINDOW, times, side="right")
    totals = np.where(groups == 0, better, plain)
    return Population(groups, totals, [int(n) for n in complete], (float(better.mean()), float(plain.mean())))


def looks_at(people: Population) -> Iterator[Effect | None]:
    """Yield the lift at each look."""
    ends = [end - 1 for end in people.complete]
    columns = []
    for group in range(len(SHARES)):
        mine = people.groups == group
        totals = np.where(mine, people.totals, 0)
        columns.append([np.cumsum(each)[ends] for each in (mine, totals > 0, totals, totals * totals)])
    for look in range(len(ends)):
        samples = {
            group: Sample(*(int(each[look]) for each in column))
            for group, column in zip(SHARES, columns, strict=True)
        }
        yield effect(samples, SHARES, over="best_single")


@dataclass(slots=True)
class Misses:
    runs: int = 0
    difference: int = 0
    ratio: int = 0
    silent: int = 0
    found: int = 0
    wrong: int = 0


def simulate(runs: int, *, lift: float, seed: int = 1, profiles: int = PROFILES, looks: int = LOOKS) -> Misses:
    """Count the runs in which any interval misses the truth, which is that of all runs together."""
    rng = np.random.default_rng(seed)
    results, truths = [], []
    for _ in range(runs):
        people = population(rng, lift=lift, profiles=profiles, looks=looks)
        results.append([each for each in looks_at(people) if each])
        truths.append(people.truth)
    better, plain = np.mean(truths, axis=0)
    misses = Misses(runs)
    for effects in results:
        misses.difference += any(not _holds(each.interval, better - plain) for each in effects)
        misses.ratio += any(not _holds(each.ratio_interval, better / plain - 1) for each in effects)
        misses.silent += not effects
        misses.found += any(each.sign > 0 for each in effects)
        misses.wrong += any(each.sign < 0 for each in effects)
    return misses


def _holds(interval: tuple[float, float], truth: float) -> bool:
    low, high = interval
    return -inf <= low <= truth <= high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--lifts", type=float, nargs="*", default=[0.0, 0.1, 0.3, 0.6])
    asked = parser.parse_args()
    table = Table("true lift", "difference missed", "ratio missed", "lift found", "loss found", "never enough")
    for lift in track(asked.lifts, "Simulating"):
        misses = simulate(asked.runs, lift=lift)
        shown = (misses.difference, misses.ratio, misses.found, misses.wrong, misses.silent)
        table.add_row(f"{lift:.0%}", *(f"{each / asked.runs:.1%}" for each in shown))
    Console().print(table)


if __name__ == "__main__":
    main()

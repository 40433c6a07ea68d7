"""What a change costs: a policy that goes on through it, beside one that begins anew at that moment.

`python -m tests.bench.quality.recovery` prints, for `artwork_drift` with 20,000 steps before and after the change,
what each earns on average in so many steps after it. The standard error is that over the seeds of the difference.
"""

import multiprocessing
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from tests.bench.quality.case import Ahead
from tests.bench.quality.cases import CASES
from tests.bench.quality.movielens import Floats
from tests.bench.quality.policies import maker

CASE, BEFORE = "artwork_drift", 20_000
WINDOWS = (1_000, 1_000, 1_000, 1_000, 2_000, 4_000, 10_000)
"""After the change, one after another."""


class Run(NamedTuple):
    policy: str
    seed: int
    fresh: bool


def earned(run: Run) -> Floats:
    """Return what is expected of each choice after the change; a fresh policy has seen nothing before it."""
    case, steps = CASES[CASE], 2 * BEFORE
    policy = maker(run.policy)(Ahead(case, run.seed, steps), run.seed)
    scores = []
    for n, (context, actions, outcome) in enumerate(case.play(run.seed, steps)):
        if run.fresh and n < BEFORE:
            continue
        index, probabilities = policy.decide(context, actions)
        probability = 1.0 if probabilities is None else float(probabilities[index])
        policy.learn(context, actions, index, probability, outcome.reward(index))
        scores.append(outcome.p[index])
    return np.array(scores[-BEFORE:])


def windows(scores: Floats) -> list[float]:
    return [float(part.mean()) for part in np.split(scores, np.cumsum(WINDOWS)[:-1])]


def main(
    policies: Annotated[list[str] | None, typer.Argument(help="Whom to run. [default: reference keyart]")] = None,
    seeds: Annotated[int, typer.Option(min=2, help="How many runs of each.")] = 5,
    jobs: Annotated[int, typer.Option(min=1, help="How many at a time.")] = 2,
) -> None:
    """Measure what goes on earning through a change, beside what begins anew."""
    names = policies or ["reference", "keyart"]
    runs = [Run(name, seed, fresh) for name in names for fresh in (False, True) for seed in range(seeds)]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        found = dict(zip(runs, map(windows, pool.imap(earned, runs)), strict=True))
    Console().print(_table(names, found, range(seeds)))


def _table(names: Sequence[str], found: dict[Run, list[float]], seeds: range) -> Table:
    table = Table(title=f"{CASE}, after the change at step {BEFORE:,}")
    table.add_column("steps after")
    for name in names:
        for column in (name, "anew", "of that", "±"):
            table.add_column(column, justify="right")
    first = 0
    for at, width in enumerate(WINDOWS):
        cells = [cell for name in names for cell in _cells(name, found, seeds, at)]
        table.add_row(f"{first:,} to {first + width:,}", *cells)
        first += width
    return table


def _cells(name: str, found: dict[Run, list[float]], seeds: range, at: int) -> list[str]:
    on = np.array([found[Run(name, seed, fresh=False)][at] for seed in seeds])
    anew = np.array([found[Run(name, seed, fresh=True)][at] for seed in seeds])
    error = (on - anew).std(ddof=1) / np.sqrt(len(on)) / anew.mean()
    return [f"{on.mean():.4f}", f"{anew.mean():.4f}", f"{on.mean() / anew.mean():.1%}", f"{error:.1%}"]


if __name__ == "__main__":
    typer.run(main)

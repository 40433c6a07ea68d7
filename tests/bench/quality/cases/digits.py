"""Real numbers, much correlated: 64 grey values of a written digit, and the action that names it earns.

It is the test set of the UCI collection "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998), as
scikit-learn brings it, which mabwiser brings. Its file is read without importing scikit-learn.
"""

import gzip
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from tests.bench.quality.case import Outcome, Step, Unavailable
from tests.bench.quality.movielens import Floats

DIGITS = 10


@cache
def digits() -> Floats:
    """Return a row for each digit: 64 grey values from 0 to 16, and which digit it is."""
    try:
        file = Path(str(distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")))
    except PackageNotFoundError:
        raise Unavailable(
            "The digits could not be had: scikit-learn is not installed; `make bench-quality` installs it."
        ) from None
    with gzip.open(file) as lines:
        return np.loadtxt(lines, delimiter=",")


def play(seed: int, steps: int) -> Iterator[Step]:
    rows = digits()
    random = np.random.default_rng(seed)
    for _ in range(steps):
        *greys, digit = rows[int(random.integers(len(rows)))]
        context: dict[str, str | float] = {f"p{n}": float(grey) for n, grey in enumerate(greys)}
        actions: list[dict[str, str | float]] = [{"id": f"c{n}"} for n in range(DIGITS)]
        yield Step(context, actions, Outcome([1.0 if n == digit else 0.0 for n in range(DIGITS)], 0.5))

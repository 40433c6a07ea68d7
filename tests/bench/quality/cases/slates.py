"""Real ratings only: one of six films that a viewer rated is chosen, and earns if it got four stars or more."""

from collections.abc import Iterator

import numpy as np

from tests.bench.quality.case import Features, Outcome, Step
from tests.bench.quality.movielens import GENRES, movielens

FILMS = 6
LIKED = 4
"""Stars."""
SECOND_STREAM = 1000


def play(seed: int, steps: int) -> Iterator[Step]:
    data = movielens()
    late = data.ratings[~data.early]
    rated = {viewer: late[late[:, 0] == viewer] for viewer in map(int, np.unique(late[:, 0]))}
    viewers = [viewer for viewer, rows in rated.items() if len(rows) >= FILMS]
    counts = np.array([len(rated[viewer]) for viewer in viewers], float)
    asking = np.random.default_rng(seed).choice(viewers, steps, p=counts / counts.sum())
    random = np.random.default_rng(seed + SECOND_STREAM)
    films = _films()
    for viewer in map(int, asking):
        rows = rated[viewer][random.choice(len(rated[viewer]), FILMS, replace=False)]
        tastes = zip(GENRES, data.before[viewer], strict=True)
        context = data.viewers[viewer] | {f"taste_{genre}": round(float(value), 3) for genre, value in tastes}
        p = [1.0 if stars >= LIKED else 0.0 for stars in rows[:, 2]]
        yield Step(context, [dict(films[film]) for film in rows[:, 1]], Outcome(p, 0.5))


def _films() -> list[Features]:
    data = movielens()
    films: list[Features] = []
    for film, (flags, year) in enumerate(zip(data.genres, data.years, strict=True)):
        shown: Features = {"id": f"m{film}", "decade": str(year // 10 * 10)}
        films.append(shown | {genre: 1 for genre, flag in zip(GENRES, flags, strict=True) if flag})
    return films

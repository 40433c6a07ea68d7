"""MovieLens-100k: what viewers liked in the first half of their ratings, and in the second.

The data set (Harper & Konstan 2015) may not be passed on, so it is no part of this repository: it is read from the
recbole wheel on PyPI at first use, into a folder outside of it.
"""

import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tests.bench.quality.case import Features, Unavailable

FOLDER = Path(os.environ.get("QUALITY_DATA", "~/.cache/keyart-quality")).expanduser()
WHEEL, DIGEST = "recbole==1.2.1", "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
INSIDE = "recbole/dataset_example/ml-100k/ml-100k"
GENRES = (
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
VIEWERS, FILMS = 944, 1683
"""One more than there are, for ids begin with 1."""
UNKNOWN_YEAR = 1995
AGES = ((18, "<18"), (25, "18-24"), (35, "25-34"), (50, "35-49"), (1000, "50+"))
LIKING = np.array([0, 0, 0.25, 0.5, 1, 1.5])
"""How much a rating from 1 to 5 says that a genre is liked."""
PSEUDO_FILMS = 10.0
"""As many films of the population's taste as each viewer's own are shrunk by."""
FARTHEST = 2.5

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MovieLens:
    """Ratings are rows of viewer, film, stars and time; `early` tells those in the first half of their viewer's.

    `before` and `after` have a row for each viewer and a column for each genre: the taste in either half, as
    standard deviations from the population's, within 2.5 of it.
    """

    ratings: Integers
    early: NDArray[np.bool_]
    genres: Floats
    years: Integers
    viewers: dict[int, Features]
    before: Floats
    after: Floats


@cache
def movielens() -> MovieLens:
    fetch()
    ratings = np.loadtxt(FOLDER / "ml100k/u.data", dtype=np.int64)
    ratings = ratings[np.lexsort((ratings[:, 3], ratings[:, 0]))]
    counts = np.bincount(ratings[:, 0], minlength=VIEWERS)
    places = np.concatenate([np.arange(count) for count in counts[1:]])
    early = places < (counts[ratings[:, 0]] + 1) // 2
    genres, years = _films()
    before, after = _taste(ratings[early], genres), _taste(ratings[~early], genres)
    return MovieLens(ratings, early, genres, years, _viewers(), before, after)


def _films() -> tuple[Floats, Integers]:
    genres, years = np.zeros((FILMS, len(GENRES))), np.full(FILMS, UNKNOWN_YEAR)
    for line in (FOLDER / "ml100k/u.item").read_text("latin1").splitlines():
        fields = line.split("|")
        genres[int(fields[0])] = [int(flag) for flag in fields[6:24]]
        if fields[2]:
            years[int(fields[0])] = int(fields[2][-4:])
    return genres, years


def _viewers() -> dict[int, Features]:
    lines = (FOLDER / "ml100k/u.user").read_text().splitlines()
    return {int(id_): _viewer(int(age), sex, work) for id_, age, sex, work, _ in (x.split("|") for x in lines)}


def _viewer(age: int, sex: str, work: str) -> Features:
    band = next(name for below, name in AGES if age < below)
    return {"user_age": band, "user_sex": sex, "user_occ": work}


def _taste(ratings: Integers, genres: Floats) -> Floats:
    """Return the logarithm of how much more a viewer likes each genre than all do, standardised by genre."""
    viewer, weight = ratings[:, 0], LIKING[ratings[:, 2]]
    liked, total = np.zeros((VIEWERS, len(GENRES))), np.zeros(VIEWERS)
    np.add.at(liked, viewer, weight[:, None] * genres[ratings[:, 1]])
    np.add.at(total, viewer, weight)
    everyone = liked.sum(0) / total.sum()
    expected = (total[:, None] + PSEUDO_FILMS) * everyone
    taste = np.log((liked + PSEUDO_FILMS * everyone + 0.1) / (expected + 0.1))
    taste[1:] = (taste[1:] - taste[1:].mean(0)) / taste[1:].std(0)
    return cast("Floats", np.clip(taste, -FARTHEST, FARTHEST))


def fetch() -> None:
    """Put u.data, u.item and u.user into the folder, if they aren't there. Raises `Unavailable`."""
    folder = FOLDER / "ml100k"
    if (folder / "u.user").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(_wheel()) as wheel:
        tables = {name: _rows(wheel, name) for name in ("inter", "item", "user")}
    _write(folder / "u.data", tables["inter"])
    _write(folder / "u.item", [_item(line) for line in tables["item"]])
    _write(folder / "u.user", [line.replace("\t", "|") for line in tables["user"]])  # it says that all are there


def _wheel() -> Path:
    """Return the wheel's file, downloaded if need be."""
    file = FOLDER / "recbole-1.2.1-py3-none-any.whl"
    if not file.exists():
        with TemporaryDirectory(dir=FOLDER) as folder:
            _download(folder)
            next(Path(folder).glob("*.whl")).replace(file)
    if hashlib.sha256(file.read_bytes()).hexdigest() != DIGEST:
        raise Unavailable(f"{file} is not the wheel of {WHEEL} that is known here; remove it and try again.")
    return file


def _download(folder: str) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries", "1", "--timeout", "15"]
    done = subprocess.run(
        [*pip, "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, WHEEL],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
        raise Unavailable(
            f"MovieLens-100k could not be had: downloading {WHEEL} from the package index failed ({why[0]}). "
            f"It needs a network once; afterwards it is read from {FOLDER}."
        )


def _rows(wheel: zipfile.ZipFile, name: str) -> list[str]:
    return wheel.read(f"{INSIDE}.{name}").decode().splitlines()[1:]


def _item(line: str) -> str:
    """Return a film as the data set itself writes it."""
    id_, name, year, genres = line.split("\t")
    flags = [str(int(genre in genres.split(" "))) for genre in GENRES]
    return "|".join([id_, name, f"01-Jan-{year}" if year.isdigit() else "", "", "", "0", *flags])


def _write(file: Path, lines: list[str]) -> None:
    """Write a file at once, so that another process finds it whole or not at all."""
    part = file.with_suffix(f".{os.getpid()}")
    part.write_text("\n".join(lines) + "\n", "latin1", errors="replace")
    part.replace(file)

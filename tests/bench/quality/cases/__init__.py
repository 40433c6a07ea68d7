"""Every case, by its name."""

from tests.bench.quality.case import Case, Play, Section
from tests.bench.quality.cases import digits, flat, slates
from tests.bench.quality.cases.artwork import World
from tests.bench.quality.cases.dense import Dense
from tests.bench.quality.cases.segments import Segments
from tests.bench.quality.movielens import fetch

SPARSE, ONE_PERCENT = -4.6, -5.1


def _artwork(name: str, section: Section, what: str, world: World, steps: int = 20_000) -> Case:
    return Case(name, section, what, steps, world.play, arm_key="aspect", ready=fetch)


def _untagged(name: str, what: str, steps: int, play: Play) -> Case:
    return Case(name, "untagged", what, steps, play)


CASES = {
    case.name: case
    for case in (
        _artwork("artwork", "tastes", "tastes from one half of real ratings, clicks from the other", World()),
        _artwork("artwork_drift", "tastes", "half-way meanings and qualities change", World(drifts=True)),
        _artwork("artwork_new", "tastes", "half-way each title gets two new pictures", World(grows=True)),
        _artwork("artwork_sparse", "tastes", "1.6 % are clicked", World(base=SPARSE), 200_000),
        Case("mlslate", "tastes", "real ratings only", 10_000, slates.play, ready=fetch),
        _artwork("few", "variations", "3 pictures a title", World(pictures=3)),
        _artwork("many", "variations", "15 pictures a title", World(pictures=15)),
        _artwork("one_percent", "variations", "1 % are clicked", World(base=ONE_PERCENT), 60_000),
        _artwork("shifted", "variations", "tastes on another scale, far from 0", World(scale=40, offset=130)),
        _untagged("segment", "one attribute of four decides", 20_000, Segments().play),
        _untagged("segment_sparse", "the same where few are clicked", 60_000, Segments(base=SPARSE).play),
        _untagged("dense_linear", "twenty numbers decide, in a linear way", 20_000, Dense(linear=True).play),
        _untagged("dense_nonlinear", "twenty numbers decide, in no linear way", 20_000, Dense(linear=False).play),
        Case("digits", "untagged", "64 grey values of written digits", 10_000, digits.play, ready=digits.digits),
        _untagged("flat", "the context says nothing", 20_000, flat.play),
    )
}

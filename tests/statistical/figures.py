"""Prints what new pictures, new viewers and clickbait come to: `python -m tests.statistical.figures`."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from scipy import stats

from tests.statistical import test_clickbait, test_new_pictures
from tests.statistical.arrival import Arrival, Mask, arrival
from tests.statistical.clickbait import REWARDS, ending
from tests.statistical.test_new_pictures import When, at_once, before, good, late, soon

STRETCHES = {"at once": at_once, "soon": soon, "late": late}


def say(what: str, figures: Sequence[float]) -> None:
    """Print the mean over worlds with its 95 % interval, by Student's t."""
    spread = stats.sem(figures) * stats.t.ppf(0.975, len(figures) - 1)
    print(f"{what:52} {sum(figures) / len(figures):7.3f} ± {spread:.3f}")  # noqa: T201


def of_new_pictures(folder: Callable[[], Path]) -> None:
    arrivals = [arrival(seed, folder()) for seed in test_new_pictures.SEEDS]
    say("first guess above chance", [each.guess for each in arrivals])
    say("reached of the best possible, before", [each.reached(before(each)) for each in arrivals])
    for name, when in STRETCHES.items():
        say(f"reached, {name}", [each.reached(when(each)) for each in arrivals])
        for which, pictures in _kinds(arrivals).items():
            say(f"share of {which}, {name}", _shares(arrivals, when, pictures))
        say(
            f"greatest odds of a new picture, {name}",
            [each.shown(when(each))[each.new].max() for each in arrivals],
        )
    levels = [each.strangers for each in arrivals]
    say("strangers: policy over uniform", [each.policy / each.uniform for each in levels])
    say("strangers: policy over the best single picture", [each.policy / each.single for each in levels])
    say("strangers: best for their kin over the best single", [each.kin / each.single for each in levels])


def _kinds(arrivals: Sequence[Arrival]) -> dict[str, list[Mask]]:
    return {
        "new pictures": [each.new for each in arrivals],
        "good new pictures": [each.new & good(each) for each in arrivals],
        "bad new pictures": [each.new & ~good(each) for each in arrivals],
        "good known pictures": [~each.new & good(each) for each in arrivals],
    }


def _shares(arrivals: Sequence[Arrival], when: When, pictures: Sequence[Mask]) -> Sequence[float]:
    """Return of each world in what multiple of their fair share its pictures were shown, in their mean."""
    every = zip(arrivals, pictures, strict=True)
    return [float((each.shown(when(each)) / each.fair)[mask].mean()) for each, mask in every if mask.any()]


def of_clickbait(folder: Callable[[], Path]) -> None:
    for reward in REWARDS:
        endings = [ending(seed, reward, folder()) for seed in test_clickbait.SEEDS]
        say(f"clickbait's share, REWARD={reward}", [each.bait for each in endings])
        say(f"seconds watched an exposure, REWARD={reward}", [each.seconds for each in endings])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as root:

        def fresh() -> Path:
            return Path(tempfile.mkdtemp(dir=root))

        of_new_pictures(fresh)
        of_clickbait(fresh)

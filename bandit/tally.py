"""The tallies of artworks, and the best single picture by them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CLIP = 10.0
PSEUDO_DRAWS = 50.0


@dataclass(slots=True)
class Tally:
    """The counts of one artwork in one group.

    `weight` and `weighted` are the sums of 1/p, clipped, and of that times the reward, over exposures within the
    caps; the others count all.
    """

    exposures: int = 0
    clicks: int = 0
    plays: int = 0
    reward: float = 0.0
    weight: float = 0.0
    weighted: float = 0.0

    def add(self, *, reward: float, propensity: float, clicked: bool, played: bool, weighs: bool = True) -> None:
        """Count an exposure. The best single picture depends on it only if it `weighs`."""
        self.exposures += 1
        self.clicks += clicked
        self.plays += played
        self.reward += reward
        if weighs:
            weight = 1.0 / max(propensity, 1.0 / CLIP)
            self.weight += weight
            self.weighted += weight * reward

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.exposures + other.exposures,
            self.clicks + other.clicks,
            self.plays + other.plays,
            self.reward + other.reward,
            self.weight + other.weight,
            self.weighted + other.weighted,
        )


def best_single(candidates: Iterable[str], tallies: Mapping[str, Tally]) -> int:
    """Return the index of the candidate that did best: self-normalized IPS, shrunk to the title's mean.

    `tallies` holds, by artwork, the sum over all groups' unpinned draws. Weights are clipped (Ionides 2008), and
    the estimate is self-normalized (Swaminathan & Joachims 2015, equation 5). The mean is added as 50
    pseudo-draws, so that a picture shown a few times is neither first nor last. Ties go to the first.
    """
    total = sum(tallies.values(), Tally())
    mean = total.weighted / total.weight if total.weight else 0.0

    def estimate(artwork: str) -> float:
        tally = tallies.get(artwork, _NOTHING)
        return (tally.weighted + PSEUDO_DRAWS * mean) / (tally.weight + PSEUDO_DRAWS)

    scores = [estimate(artwork) for artwork in candidates]
    return scores.index(max(scores))


_NOTHING = Tally()

"""What a profile likes, learned from what it was shown and opened."""

from dataclasses import dataclass, field
from math import log

HALF_LIFE = 30 * 24 * 3600 * 1000
"""In milliseconds of the log's time: after so long without news, what was seen counts half."""
PRIOR = 5.0
"""Pseudo-exposures that pull a tag to the profile's own rate, and the profile's rate to everyone's."""
LIMIT = 2.5
TAGS = 64
SHOWN = 16
NEGLIGIBLE = 0.05


@dataclass(slots=True)
class Base:
    """How much everyone is shown and likes: the rate that tastes are centred on."""

    shown: float = 0.0
    liked: float = 0.0

    def rate(self) -> float:
        return (self.liked + 1.0) / (self.shown + 20.0)


@dataclass(slots=True)
class Taste:
    """One profile's decayed counts, in all and by tag (or genre): exposures and rewards.

    A tag's taste is the log ratio of its rate to the profile's own, each shrunk to the level above
    (empirical Bayes with a fixed prior strength; Efron & Morris 1975), within ±2.5.
    """

    at: int = 0
    shown: float = 0.0
    liked: float = 0.0
    tags: dict[str, list[float]] = field(default_factory=dict)

    def like(self, tags: tuple[str, ...], gain: float, at: int) -> None:
        """Take a reward in as it comes, before the window closes, so that the next decision knows."""
        self._decay(at)
        self.liked += gain
        for tag in tags:
            self.tags.setdefault(tag, [0.0, 0.0])[1] += gain
        self._keep_heaviest()

    def show(self, tags: tuple[str, ...], at: int) -> None:
        """Count an exposure whose window has closed."""
        self._decay(at)
        self.shown += 1.0
        for tag in tags:
            self.tags.setdefault(tag, [0.0, 0.0])[0] += 1.0
        self._keep_heaviest()

    def values(self, base: Base) -> dict[str, float]:
        """Return the strongest tastes by tag, rounded, the strongest first."""
        own = _shrunk(self.liked, self.shown, base.rate())
        every = {tag: _bounded(log(_shrunk(liked, shown, own) / own)) for tag, (shown, liked) in self.tags.items()}
        strongest = sorted(every.items(), key=lambda tag: (-abs(tag[1]), tag[0]))[:SHOWN]
        return {tag: value for tag, value in strongest if abs(value) >= NEGLIGIBLE}

    def _keep_heaviest(self) -> None:
        if len(self.tags) > TAGS:
            heaviest = sorted(self.tags.items(), key=lambda tag: (-sum(tag[1]), tag[0]))
            self.tags = dict(heaviest[:TAGS])

    def _decay(self, at: int) -> None:
        kept = 0.5 ** (max(0, at - self.at) / HALF_LIFE)
        self.at = at
        self.shown *= kept
        self.liked *= kept
        for counts in self.tags.values():
            counts[0] *= kept
            counts[1] *= kept


def _shrunk(liked: float, shown: float, rate: float) -> float:
    """Return a rate pulled towards `rate`. A reward may be known before its exposure is counted."""
    return (liked + PRIOR * rate) / (max(shown, liked) + PRIOR)


def _bounded(value: float) -> float:
    return round(max(-LIMIT, min(LIMIT, value)), 3)

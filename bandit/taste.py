"""The taste of a profile, learned from its exposures and clicks."""

from dataclasses import dataclass, field

from bandit.addition import added
from bandit.elementary import exp2, log

HALF_LIFE = 30 * 24 * 3600 * 1000
"""The age at which an event counts half, in milliseconds of the log's time."""
PRIOR = 1.0
"""Pseudo-rewards that pull a tag's rate to the profile's own, and the profile's rate to the general one."""
REBASED = 16
"""Half-lives after which the units are renewed, before numbers grow large."""
LIMIT = 2.5
TAGS = 64
SHOWN = 16
NEGLIGIBLE = 0.05


@dataclass(slots=True)
class Base:
    """The exposures and rewards of everyone: the rate that tastes are centred on."""

    shown: float = 0.0
    liked: float = 0.0

    def rate(self) -> float:
        return (self.liked + 1.0) / (self.shown + 20.0)


@dataclass(slots=True)
class Taste:
    """One profile's decayed counts, in all and by tag (or genre): exposures and rewards.

    A tag's taste is the log of its reward over the reward that the profile's own rate would give. It is shrunk to
    0 by a gamma prior on that ratio (DuMouchel 1999, section 3, with a fixed prior), within ±2.5. Few clicks are
    expected of few exposures, so their absence tells little.
    """

    at: int = 0
    since: int = 0
    first: int = 0
    """The time of the profile's first exposure; 0 if it is not recorded."""
    shown: float = 0.0
    liked: float = 0.0
    tags: dict[str, list[float]] = field(default_factory=dict)
    imported: int = 0
    """When the log got the latest imported event, which is older itself; 0 if there is none."""

    @property
    def latest(self) -> int:
        """Return when the log got its latest event."""
        return max(self.at, self.imported)

    def like(self, tags: tuple[str, ...], gain: float, at: int) -> None:
        """Count a reward when it comes, before the window closes, so that the next decision uses it."""
        gain *= self._weight(at)
        self.liked += gain
        for tag in tags:
            self.tags.setdefault(tag, [0.0, 0.0])[1] += gain
        self._keep_heaviest()

    def show(self, tags: tuple[str, ...], at: int) -> None:
        """Count an exposure whose window has closed."""
        weight = self._weight(at)
        self.shown += weight
        for tag in tags:
            self.tags.setdefault(tag, [0.0, 0.0])[0] += weight
        self._keep_heaviest()

    def meet(self, at: int) -> None:
        """Note that the profile was there, by an exposure that tells nothing of its taste."""
        self._weight(at)

    def values(self, base: Base) -> dict[str, float]:
        """Return the strongest tastes by tag, rounded, the strongest first."""
        kept = 1.0 / self._weight(self.at)
        everyone = base.rate()
        own = everyone * _ratio(kept * self.liked, everyone * kept * self.shown)
        every = {tag: _taste(kept * liked, own * kept * shown) for tag, (shown, liked) in self.tags.items()}
        strongest = sorted(every.items(), key=lambda tag: (-abs(tag[1]), tag[0]))[:SHOWN]
        return {tag: value for tag, value in strongest if abs(value) >= NEGLIGIBLE}

    def _keep_heaviest(self) -> None:
        if len(self.tags) > TAGS:
            heaviest = sorted(self.tags.items(), key=lambda tag: (-added(tag[1]), tag[0]))
            self.tags = dict(heaviest[:TAGS])

    def _weight(self, at: int) -> float:
        """Return the weight of one event at `at`, in the units of `since`.

        New events get heavier instead of old ones lighter: the ratios are the same, and only one number changes.
        An event that is older than the latest one, because it was imported or came late, weighs less than that.
        """
        if not self.at or at < self.first:
            self.first = at
        self.at = max(at, self.at)
        age = (at - self.since) / HALF_LIFE
        if age > REBASED:
            self._rebase(exp2(-age))
            return 1.0
        return exp2(age)

    def _rebase(self, kept: float) -> None:
        self.since = self.at
        self.shown *= kept
        self.liked *= kept
        self.tags = {tag: [shown * kept, liked * kept] for tag, (shown, liked) in self.tags.items()}


def _taste(earned: float, expected: float) -> float:
    return round(max(-LIMIT, min(LIMIT, log(_ratio(earned, expected)))), 3)


def _ratio(earned: float, expected: float) -> float:
    return (earned + PRIOR) / (expected + PRIOR)

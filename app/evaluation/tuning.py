"""The search for a way to learn that does better on a log than the online one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import log as ln
from math import log1p, sqrt

import numpy as np
from numpy.typing import NDArray

from app.evaluation.example_file import ExampleFile
from app.learning.fold import Fold
from app.store.protocol import Store
from app.viewers.erasure import erased_since
from bandit.exploration import with_floor
from bandit.logistic.learner import LogisticLearner
from bandit.logistic.prior import Tuning
from bandit.logistic.repetition import Repetition
from bandit.tally import CLIP
from bandit.types import Example

ENOUGH = 500
"""Examples that a comparison needs to be meaningful."""
HELD_BACK = 5
"""The last examples, one in this many, are for judging."""
SPREADS, MOST_KNOWN = (0.3, 3.0), (10.0, 100.0)
"""The values that are tried beside the defaults, one setting after the other."""
DEVIATIONS = 2.0
"""A mean difference of fewer standard errors counts as noise."""
NEVER = 1e-6
USUAL = Tuning()
TOLD = 500
Floats = NDArray[np.float64]
Watch = Callable[[str, int, int], None]
"""A function that gets the present step, how many of its examples are done, and how many it has."""


@dataclass(frozen=True, slots=True)
class Way:
    """The way in which a learner is made from examples; its defaults are the online way."""

    tuning: Tuning = USUAL
    passes: int = 1


ONLINE = Way()


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean by which one is better than another on the same examples, and its standard error."""

    mean: float
    error: float

    @classmethod
    def of(cls, each: Floats) -> "Difference":
        return cls(float(each.mean()), float(each.std()) / sqrt(len(each)))

    @property
    def clear(self) -> bool:
        return self.mean > DEVIATIONS * self.error

    @property
    def clearly_worse(self) -> bool:
        return self.mean < -DEVIATIONS * self.error


@dataclass(frozen=True, slots=True)
class Trial:
    """A way with the log loss of each example, before it was learned, and the resulting learner."""

    way: Way
    losses: Floats
    learner: LogisticLearner


@dataclass(frozen=True, slots=True)
class Judged:
    """The result of a way on examples that it has not seen: log loss, and the estimated reward of its choices.

    Each example moves the value by one of `pulls`; both have no value if no example earned a reward.
    """

    way: Way
    losses: Floats
    value: float | None
    pulls: Floats | None


@dataclass(frozen=True, slots=True)
class Found:
    """The trials, the results of the contenders, of which the online way is the first, and the winner."""

    trials: list[Trial]
    judged: list[Judged]
    won: Way
    learner: LogisticLearner


class Rebuilding:
    """Tries ways to learn on the first examples of an example file, and judges them by the last fifth.

    Tunings are compared by progressive validation (Blum, Kalai & Langford 1999): each example is predicted before
    it is learned. Among those that are better than the default by more than noise, the one with the least loss is
    judged.
    """

    def __init__(self, spool: ExampleFile, *, floor: float, watch: Watch):
        self._spool, self._floor, self._watch = spool, floor, watch
        self._cut = len(spool) - len(spool) // HELD_BACK

    def found(self, online: LogisticLearner, *, passes: int, tune: bool) -> Found:
        """Return the result. `online` has learned all examples the online way."""
        trials = self._tried(tune=tune)
        best = best_of(trials)
        judged = [self._judged(trials[0].way, trials[0].learner)]
        for way in _contenders(best.way.tuning, passes):
            judged.append(self._judged(way, self._repeated(way, best.learner, self._cut)))
            if at_least_as_good(judged[-1], judged[0]):
                return Found(trials, judged, way, self._learned(way))
        return Found(trials, judged, ONLINE, online)

    # ---------------------------------------------------------------- learning

    def _tried(self, *, tune: bool) -> list[Trial]:
        trials = [self._trial(Tuning())]
        if not tune:
            return trials
        trials += [self._trial(Tuning(spread=spread)) for spread in SPREADS]
        tuning = best_of(trials).way.tuning
        return trials + [self._trial(replace(tuning, most_known=most)) for most in MOST_KNOWN]

    def _trial(self, tuning: Tuning) -> Trial:
        learner = LogisticLearner(tuning)
        losses = np.zeros(self._cut)
        name = f"Trying spread {tuning.spread:g}, most known {tuning.most_known:g}"
        for number, example in enumerate(self._examples(name, 0, self._cut)):
            losses[number] = _loss(learner, example)
            learner.learn(example)
        return Trial(Way(tuning), losses, learner)

    def _learned(self, way: Way) -> LogisticLearner:
        learner = LogisticLearner(way.tuning)
        for example in self._examples("Learning all of them", 0, len(self._spool)):
            learner.learn(example)
        return self._repeated(way, learner, len(self._spool))

    def _repeated(self, way: Way, learner: LogisticLearner, end: int) -> LogisticLearner:
        for number in range(2, way.passes + 1):
            learner = Repetition(learner)
            for example in self._examples(f"Pass {number}", 0, end):
                learner.learn(example)
        return learner

    # ---------------------------------------------------------------- judging

    def _judged(self, way: Way, learner: LogisticLearner) -> Judged:
        """Judge a learner that learns nothing meanwhile. The value is self-normalized IPS, of clipped weights."""
        count = len(self._spool) - self._cut
        losses, weights, rewards = np.zeros(count), np.zeros(count), np.zeros(count)
        for number, example in enumerate(self._examples("Judging", self._cut, len(self._spool))):
            losses[number], rewards[number] = _loss(learner, example), example.reward
            chances = with_floor(learner.probabilities(example.context, example.actions), self._floor)
            weights[number] = chances[example.chosen] / max(example.propensity, 1 / CLIP)
        if not rewards.any():
            return Judged(way, losses, None, None)
        value = float(weights @ rewards / weights.sum())
        return Judged(way, losses, value, weights * (rewards - value) / weights.mean())

    def _examples(self, what: str, begin: int, end: int) -> Iterator[Example]:
        for number, example in enumerate(self._spool.read(begin, end)):
            if number % TOLD == 0:
                self._watch(what, number, end - begin)
            yield example
        self._watch(what, end - begin, end - begin)


def best_of(trials: list[Trial]) -> Trial:
    """Return the trial with the least loss among those clearly better than the first, or else the first."""
    clear = [trial for trial in trials if better(trial, trials[0]).clear]
    return min(clear, key=lambda trial: trial.losses.mean(), default=trials[0])


def better(one: Trial | Judged, other: Trial | Judged) -> Difference:
    return Difference.of(other.losses - one.losses)


def earns_more(one: Judged, other: Judged) -> Difference | None:
    """Return by how much more the choices of `one` earn, to first order (the delta method); None if none do."""
    if one.pulls is None or other.pulls is None or one.value is None or other.value is None:
        return None
    return Difference(one.value - other.value, Difference.of(one.pulls - other.pulls).error)


def at_least_as_good(one: Judged, online: Judged) -> bool:
    """Whether neither the log loss nor the value of `one` is worse than that of `online`.

    If the loss is clearly less, the value may be less, but not clearly: the value is much noisier than the loss.
    """
    less, more = better(one, online), earns_more(one, online)
    if more is None or more.mean >= 0:
        return less.mean >= 0
    return less.clear and not more.clearly_worse


def _contenders(tuning: Tuning, passes: int) -> list[Way]:
    ways = [Way(tuning, passes), Way(tuning)]
    return [way for number, way in enumerate(ways) if way != ONLINE and way not in ways[:number]]


def _loss(learner: LogisticLearner, example: Example) -> float:
    [chance] = learner.expected(example.context, [example.actions[example.chosen]])
    chance = min(max(chance, NEVER), 1 - NEVER)
    return -(example.reward * ln(chance) + (1 - example.reward) * log1p(-chance))


# -------------------------------------------------------------------- what becomes of it


async def keep(store: Store, fold: Fold) -> int | None:
    """Store the fold's learner as a candidate snapshot, and return its id.

    Returns None, and keeps no candidate, if a profile was erased after the fold read the log. The check is after
    the write, because the trainer drops candidates for a later erasure.
    """
    candidate = await store.state.keep_candidate(fold.snapshot())
    if await erased_since(store.log, fold.position):
        await store.state.drop_candidates()
        return None
    return candidate

"""The learner that Keyart decides by: Bayesian logistic regression, by several priors side by side."""

from collections.abc import Sequence
from dataclasses import asdict, astuple
from functools import lru_cache
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from bandit.addition import added
from bandit.explaining import Parts
from bandit.logistic.averages import Averages
from bandit.logistic.belief import Affinity, Belief, Effects, Floats, Slopes
from bandit.logistic.crossing import (
    CELLS,
    Cells,
    Crossing,
    What,
    Who,
    crossed,
)
from bandit.logistic.decider import Decider
from bandit.logistic.familiarity import NO_CELLS, cells_for
from bandit.logistic.kinship import mean_over
from bandit.logistic.parts import Scores, Slope
from bandit.logistic.prior import AFFINITY, KINDRED, PRIORS, Tuning
from bandit.logistic.table import COLUMNS, Table
from bandit.policy import check
from bandit.sealing import UnusableSnapshot, seal, unseal, unusable
from bandit.types import Action, Case, Context, Example, Probabilities
from bandit.vocabulary import KEYS

KIND = "logistic"

_M = len(PRIORS)
_USUAL = Tuning()


class LogisticLearner:
    """The log-odds of a reward as a sum of effects of crossed features, each with a mean and a variance.

    An example moves both as assumed-density filtering does (Graepel et al. 2010, section 3, with the logistic's
    curvature instead of the probit's; compare Chapelle & Li 2011, algorithm 3). Each of `PRIORS` has separate
    effects, and their sums are averaged by how well each prior has predicted. The probability of an action is that
    of being the best. Only effects of the artwork itself, and of the artwork with the viewer's features, count as
    uncertain for that.

    Learning is done in float64 and without linear algebra, whose last bits may depend on memory addresses.
    """

    def __init__(
        self, tuning: Tuning = _USUAL, *, crossing: Crossing | None = None, averages: Averages | None = None
    ):
        self.tuning = tuning
        self._crossing = crossing or Crossing()
        self._averages = averages or Averages()
        self._table = Table()
        spreads = [tuning.spread * prior.affinity for prior in PRIORS]
        self._slopes = [Slopes(AFFINITY, KINDRED, spread, 0.0, spread) for spread in spreads]
        everyone, each = tuning.spread * _OWN[:, 0]
        self._artworks = np.array([everyone, *[each] * 2 * KEYS], np.float32)[:, None]
        self._decider: Decider | None = None
        self._restored: NDArray[np.uint32] | None = None
        """The cells that are not zeros, until an example is learned after restoring."""

    # ---------------------------------------------------------------- deciding

    def probabilities(self, context: Context, actions: Sequence[Action]) -> Probabilities:
        return self.decider.probabilities([Case(context, actions)])[0]

    def all_probabilities(self, cases: Sequence[Case]) -> list[Probabilities]:
        return self.decider.probabilities(cases)

    def remembered(self, case: Case) -> Probabilities | None:
        return self.decider.remembered(case)

    @property
    def decider(self) -> Decider:
        """The decider, which is another one after the next learned example."""
        if self._decider is None:
            self._decider = Decider(self._crossing, self._averages, self._table, self._slopes, self._artworks)
        return self._decider

    def parts(self, context: Context, actions: Sequence[Action]) -> list[Parts]:
        """Return the parts of each action's log-odds, as `Explainable` says."""
        own, kindred = (
            self._averages.of([getattr(slopes, name) for slopes in self._slopes]) for name in ("own", "kindred")
        )
        scores = Scores(self._crossing, self._table, self._averages.by_column(), Slope(own, kindred), context)
        by_action, probabilities = [scores.of(action) for action in actions], self.probabilities(context, actions)
        return [
            Parts(parts, added([part.log_odds for part in parts]), probability)
            for parts, probability in zip(by_action, probabilities, strict=True)
        ]

    def expected(self, context: Context, actions: Sequence[Action]) -> list[float]:
        who = self._crossing.who(context)
        whats = [self._crossing.what(action) for action in actions]
        beliefs = [self._beliefs(who, what) for what in whats]
        return [self._averages.of([belief.chance for belief in by_prior]) for by_prior in beliefs]

    # ---------------------------------------------------------------- learning

    def learn(self, example: Example) -> float | None:
        """Learn one example, unweighted, because only estimators use the true propensity."""
        check(example)
        self._decider = None  # all that it remembers may change
        self._restored = None
        who, what = self._crossing.admit(example.context), self._crossing.what(example.actions[example.chosen])
        cells, effects = self._effects(who, what)
        affinity = _affinity(who, what)
        beliefs = self._believed(effects, affinity)
        chances = [belief.chance for belief in beliefs]
        expected = self._averages.of(chances)
        self._averages.score(chances, example.reward)
        pull, curve = zip(*self._surprises(beliefs, who, what, example.reward), strict=True)
        self._table.put(cells, effects.moved(pull, curve, self.tuning.most_known))
        if affinity is not None:
            for slopes, by, narrowed in zip(self._slopes, pull, curve, strict=True):
                slopes.move(affinity, by, narrowed)
        return expected

    def forget(self, profile: int) -> None:
        self._crossing.forget(profile)

    def _surprises(
        self, beliefs: Sequence[Belief], _who: Who, _what: What, reward: float
    ) -> list[tuple[float, float]]:
        return [belief.surprise(reward) for belief in beliefs]

    def _beliefs(self, who: Who, what: What) -> list[Belief]:
        return self._believed(self._effects(who, what)[1], _affinity(who, what))

    def _believed(self, effects: Effects, affinity: Affinity | None) -> list[Belief]:
        means, variances = effects.mean(), effects.variance()
        if affinity is not None:
            means = [mean + slopes.mean(affinity) for mean, slopes in zip(means, self._slopes, strict=True)]
            variances = [
                variance + slopes.variance(affinity)
                for variance, slopes in zip(variances, self._slopes, strict=True)
            ]
        return list(map(Belief.of, means, variances))

    def _effects(self, who: Who, what: What) -> tuple[Cells, Effects]:
        more = cells_for(who.showings, what.id) if who.showings else NO_CELLS
        cells, amounts = crossed(who, what, more)
        priors = _priors(self.tuning.spread, len(who.hashes), who.attributes, len(what.looks), len(more))
        held = self._table.at(cells).T.astype(np.float64, order="C")
        return cells, Effects(held[:_M], held[_M:], priors, amounts)

    # ---------------------------------------------------------------- keeping

    def snapshot(self) -> bytes:
        """Return everything learned. Unused cells are left out, because most of a million are."""
        used = self._table.used()
        self._table.expect(len(used))
        head = {
            "learner": KIND,
            "tuning": asdict(self.tuning),
            "used": len(used),
            "crossing": self._crossing.state(),
            "averages": self._averages.logs,
            "slopes": [astuple(slopes) for slopes in self._slopes],
        }
        return seal(head, used.tobytes() + self._table.numbers[used].tobytes())

    @classmethod
    def restore(cls, snapshot: bytes, before: "LogisticLearner | None" = None) -> "LogisticLearner":
        """Return a learner that continues from `snapshot`; raises `UnusableSnapshot`.

        It takes the prepared actions and the table of the one `before`, which is not used any more: filling
        existing memory takes a fraction of the time of new memory.
        """
        head, body = unseal(snapshot)
        try:
            averages = Averages(np.reshape(head["averages"], _M).tolist())
            crossing = Crossing.restore(head["crossing"])
            learner = cls(Tuning(**head["tuning"]), crossing=crossing, averages=averages)
            learner._slopes = [Slopes(*slopes) for slopes in np.reshape(head["slopes"], (_M, 5)).tolist()]
            used = np.frombuffer(body, np.uint32, head["used"])
            held = np.frombuffer(body, np.float32, offset=used.nbytes).reshape(len(used), COLUMNS)
            sound = bool(np.isfinite(held).all()) and learner._sound() and (used < CELLS).all()
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            raise unusable(snapshot, error) from error
        if not sound:
            raise UnusableSnapshot("The snapshot holds a number that is not finite.")
        learner._follow(before, len(used))
        learner._table.numbers[used] = held
        learner._restored = used
        return learner

    def _follow(self, before: "LogisticLearner | None", used: int) -> None:
        """Take over the parts of the one before, and prepare a table for so many used cells."""
        if before is not None:
            self._crossing.take_over(before._crossing)  # noqa: SLF001  one of its own kind, also below
        if before is None or before._restored is None:  # noqa: SLF001
            self._table.settle(used)
        else:
            self._table = before._table  # noqa: SLF001
            self._table.expect(used)
            self._table.numbers[before._restored] = 0.0  # noqa: SLF001

    def weights(self) -> NDArray[np.float32]:
        """Return a copy of the table, shape (2^20, 4): by each prior the mean, then the precision."""
        return self._table.numbers.copy()

    def healthy(self) -> bool:
        return bool(np.isfinite(self._table.numbers).all()) and self._sound()

    def _sound(self) -> bool:
        few = [*self._averages.logs, *[number for slopes in self._slopes for number in astuple(slopes)]]
        return all(map(isfinite, few))


def _by_prior(*names: str) -> Floats:
    """Return the variances of these kinds of effects, by each prior: shape (kinds, priors)."""
    return np.array([[getattr(prior, name) for prior in PRIORS] for name in names])


_SHOWING = _by_prior("showing")
_LOOKS = _by_prior("look", "attribute_look", "taste_look")
_OWN = np.stack(
    [_by_prior("artwork", "title", "level"), _by_prior("attribute_artwork", "attribute_title", "attribute")]
)


@lru_cache(maxsize=1 << 12)
def _priors(spread: float, features: int, known: int, looks: int, showings: int) -> Floats:
    """Return the variances of the effects of a viewer's features and showings on a picture, shape (m, f)."""
    kinds = [0, *[1] * (known - 1), *[2] * (features - known)]
    by_look, own = np.repeat(_LOOKS[kinds], looks, axis=0), _OWN[kinds[:known]].reshape(-1, _M)
    seen = np.repeat(_SHOWING, showings, axis=0)
    return np.ascontiguousarray(spread * np.concatenate([by_look, own, seen]).T)


def _affinity(who: Who, what: What) -> Affinity | None:
    """Return the affinity; None for a viewer without a taste."""
    if not who.liking:
        return None
    return Affinity(mean_over(who.liking, what.tags), mean_over(who.kindred, what.tags))

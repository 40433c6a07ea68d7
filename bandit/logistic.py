"""The learner that Keyart decides by: Bayesian logistic regression, by several priors side by side."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from math import exp, log, log1p

import numpy as np
from numpy.typing import NDArray

from bandit.belief import Belief, Effects, Floats, Slopes
from bandit.crossing import SLOTS, Crossing, Places, Single, What, Who, mean_over, slots
from bandit.matching import matched
from bandit.policy import check
from bandit.prior import AFFINITY, HEAD_START, KINDRED, PRIORS, Tuning
from bandit.sealing import UnusableSnapshot, seal, unseal, unusable
from bandit.types import Action, Context, Example, Probabilities
from bandit.vocabulary import KEYS

KIND = "logistic"
BOLDNESS = 0.3
"""By how much standard deviations are shrunk where actions are compared (Chapelle & Li 2011, section 4)."""
REMEMBERED = 0.999
"""How much of what a prior has earned by its predictions is kept with each example."""

_M = len(PRIORS)
_USUAL = Tuning()


class Averages:
    """How much each prior is trusted: dynamic model averaging (Raftery et al. 2010, section 2.3)."""

    def __init__(self, logs: Sequence[float] = HEAD_START):
        self.logs = list(logs)
        self._weigh()

    def score(self, chance: Sequence[float], reward: float) -> None:
        """Take in how likely each held what then happened."""
        happened = [reward * log(p) + (1 - reward) * log1p(-p) for p in chance]
        self.logs = [REMEMBERED * kept + new for kept, new in zip(self.logs, happened, strict=True)]
        self._weigh()

    def _weigh(self) -> None:
        most = max(self.logs)
        weights = [exp(each - most) for each in self.logs]
        self.weights = np.array(weights) / sum(weights)
        self.by_column = np.array([*self.weights, *[0.0] * _M], np.float32)
        """The same for a slot of the table, whose precisions are no part of a mean."""


class LogisticLearner:
    """The log-odds of a reward as a sum of effects of crossed features, each with a mean and a variance.

    An example moves both as assumed-density filtering does (Graepel et al. 2010, section 3, with the logistic's
    curvature in the place of the probit's; compare Chapelle & Li 2011, algorithm 3). Every feature is believed in
    by each of `PRIORS`, and what they come to is averaged by how well each has predicted. An action is chosen as
    often as it is likely to be the best, as far as that hangs on what is its own: the effect of the artwork, and
    of the artwork for those who watch.

    A slot of the table holds, for each prior, the means of an effect, and then by how many times the prior's
    precision it is known; zeros are an effect of which nothing is known. Learning is done in float64 and without
    linear algebra on it, whose last bits may hang on where in memory numbers lie.
    """

    def __init__(
        self, tuning: Tuning = _USUAL, *, crossing: Crossing | None = None, averages: Averages | None = None
    ):
        self.tuning = tuning
        self._crossing = crossing or Crossing()
        self._averages = averages or Averages()
        self._table = np.zeros((SLOTS, 2 * _M), np.float32)
        affinity = np.eye(2) * (tuning.spread * _AFFINITY[:, None, None])
        self._slopes = Slopes(np.tile([AFFINITY, KINDRED], (_M, 1)), affinity)
        everyone, each = tuning.spread * _OWN[:, 0]
        self._artworks = np.array([everyone, *[each] * 2 * KEYS], np.float32)[:, None]
        self._seen_last: tuple[Context, Who, dict[str, float]] | None = None
        self._restored: NDArray[np.uint32] | None = None
        """The slots that are not zeros, as long as nothing was learned since they were restored."""

    # ---------------------------------------------------------------- deciding

    def probabilities(self, context: Context, actions: Sequence[Action]) -> Probabilities:
        who, likeable = self._seen(context)
        candidates, known = self._crossing.candidates(actions), who.attributes
        looks = self._held(slots(who.hashes, candidates.looks))
        own = self._held(slots(who.hashes[:known], candidates.artworks))
        weights = self._averages.by_column
        by_look = _summed(who.amounts, looks) @ weights * candidates.amounts
        means = np.add.reduceat(by_look, candidates.begins) + _summed(who.amounts[:known], own) @ weights
        if likeable:
            means += np.array([mean_over(likeable, tags) for tags in candidates.tags])
        variances = _summed(who.squares, self._artworks[:known] / (1 + own[:, :, _M:]))
        return matched(means, BOLDNESS * (np.sqrt(variances) @ self._averages.weights))

    def expected(self, context: Context, actions: Sequence[Action]) -> list[float]:
        """Return the expected reward of each action, in [0, 1]."""
        who = self._crossing.who(context)
        whats = [self._crossing.what(action) for action in actions]
        beliefs = [self._belief(who, what) for what in whats]
        return [float(belief.chance @ self._averages.weights) for belief in beliefs]

    def _seen(self, context: Context) -> tuple[Who, dict[str, float]]:
        """Return the context as features, and what each tag adds for it; made once for a whole page."""
        if self._seen_last is None or context is not self._seen_last[0]:
            who = self._crossing.who(context)
            self._seen_last = context, who, self._likeable(who)
        return self._seen_last[1:]

    def _likeable(self, who: Who) -> dict[str, float]:
        if not who.liking:
            return {}
        own, kindred = (self._averages.weights @ self._slopes.means).tolist()
        likeable = {tag: kindred * value for tag, value in who.kindred.items()}
        for tag, value in who.liking.items():
            likeable[tag] = likeable.get(tag, 0.0) + own * value
        return likeable

    # ---------------------------------------------------------------- learning

    def learn(self, example: Example) -> None:
        """Take one example in, unweighted: the true propensity is the estimators' alone."""
        check(example)
        self._seen_last = self._restored = None  # what is known of its attributes may change
        who, what = self._crossing.admit(example.context), self._crossing.what(example.actions[example.chosen])
        places, effects = self._effects(who, what)
        liking = _liking(who, what)
        belief = Belief.of(effects, self._slopes, liking)
        self._averages.score(belief.chance.tolist(), example.reward)
        pull, curve = self._surprise(belief, who, what, example.reward)
        self._table[places] = effects.moved(pull, curve, self.tuning.most_known).T
        if liking is not None:
            self._slopes.move(liking, pull, curve)

    def _surprise(self, belief: Belief, _who: Who, _what: What, reward: float) -> tuple[Floats, Floats]:
        return belief.surprise(reward)

    def _belief(self, who: Who, what: What) -> Belief:
        return Belief.of(self._effects(who, what)[1], self._slopes, _liking(who, what))

    def _effects(self, who: Who, what: What) -> tuple[Places, Effects]:
        """Return the slots of all features that viewer and action make together, and what is in them."""
        known, own = who.attributes, len(what.own)
        amounts = who.amounts.astype(np.float64)
        features = [np.multiply.outer(amounts, what.amounts).ravel(), np.repeat(amounts[:known], own)]
        places = [slots(who.hashes, what.looks).ravel(), slots(who.hashes[:known], what.own).ravel()]
        slot = np.concatenate(places)
        held = self._held(slot).T.astype(np.float64, order="C")
        priors = _priors(self.tuning.spread, len(amounts), known, len(what.looks))
        return slot, Effects(held[:_M], held[_M:], priors, np.concatenate(features))

    def _held(self, places: Places) -> Single:
        return self._table.take(places, axis=0, mode="clip")  # "raise" copies once more; none is out of bounds

    # ---------------------------------------------------------------- keeping

    def snapshot(self) -> bytes:
        """Return everything learned. Slots of which nothing is known are left out: of a million, most are."""
        first, second = self._table.view(np.uint64).T
        used = np.flatnonzero(first | second).astype(np.uint32)
        head = {
            "learner": KIND,
            "tuning": asdict(self.tuning),
            "used": len(used),
            "crossing": self._crossing.state(),
            "averages": self._averages.logs,
            "slopes": self._slopes.means.tolist(),
            "covariances": self._slopes.covariances.tolist(),
        }
        return seal(head, used.tobytes() + self._table[used].tobytes())

    @classmethod
    def restore(cls, snapshot: bytes, before: "LogisticLearner | None" = None) -> "LogisticLearner":
        """Return a learner that goes on where `snapshot` was taken, or raise `UnusableSnapshot`.

        Of the one `before`, which is not used any more, it takes over what was prepared of actions, and the table:
        to fill memory that is there takes a fraction of the time that new memory does.
        """
        head, body = unseal(snapshot)
        try:
            crossing, averages = (
                Crossing.restore(head["crossing"]),
                Averages(np.reshape(head["averages"], _M).tolist()),
            )
            learner = cls(Tuning(**head["tuning"]), crossing=crossing, averages=averages)
            learner._slopes = Slopes(
                np.reshape(head["slopes"], (_M, 2)), np.reshape(head["covariances"], (_M, 2, 2))
            )
            used = np.frombuffer(body, np.uint32, head["used"])
            held = np.frombuffer(body, np.float32, offset=used.nbytes).reshape(len(used), 2 * _M)
            sound = bool(np.isfinite(held).all()) and learner._sound() and (used < SLOTS).all()
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise unusable(snapshot, error) from error
        if not sound:
            raise UnusableSnapshot("The snapshot holds a number that is not finite.")
        if before is not None:
            learner._take_over(before)
        learner._table[used] = held
        learner._restored = used
        return learner

    def _take_over(self, before: "LogisticLearner") -> None:
        self._crossing.take_over(before._crossing)  # noqa: SLF001  one of its own kind, also below
        slots_in_use = before._restored  # noqa: SLF001
        if slots_in_use is not None:
            self._table = before._table  # noqa: SLF001
            self._table[slots_in_use] = 0.0

    def weights(self) -> NDArray[np.float32]:
        """Return a copy of the table, shape (2^20, 4): by each prior the mean, then the precision."""
        return self._table.copy()

    def healthy(self) -> bool:
        return bool(np.isfinite(self._table).all()) and self._sound()

    def _sound(self) -> bool:
        few = (self._slopes.means, self._slopes.covariances, self._averages.weights)
        return all(np.isfinite(numbers).all() for numbers in few)


def _by_prior(*names: str) -> Floats:
    """Return the variances of these kinds of effects, by each prior: shape (kinds, priors)."""
    return np.array([[getattr(prior, name) for prior in PRIORS] for name in names])


_LOOKS = _by_prior("look", "attribute_look", "taste_look")
_OWN = np.stack(
    [_by_prior("artwork", "title", "level"), _by_prior("attribute_artwork", "attribute_title", "attribute")]
)
_AFFINITY = _by_prior("affinity")[0]


@lru_cache(maxsize=1 << 12)
def _priors(spread: float, features: int, known: int, looks: int) -> Floats:
    """Return the variances of the effects that a viewer of so many features has on a picture, shape (m, f)."""
    kinds = [0, *[1] * (known - 1), *[2] * (features - known)]
    by_look, own = np.repeat(_LOOKS[kinds], looks, axis=0), _OWN[kinds[:known]].reshape(-1, _M)
    return np.ascontiguousarray(spread * np.concatenate([by_look, own]).T)


def _summed(amounts: Single, held: Single) -> Single:
    """Sum over who watches: (w,) with (w, n, c) is (n, c)."""
    w, n, columns = held.shape
    summed: Single = (amounts @ held.reshape(w, -1)).reshape(n, columns)
    return summed


def _liking(who: Who, what: What) -> Floats | None:
    """Return the action's affinity, and what is kindred to it; None for a viewer without a taste."""
    if not who.liking:
        return None
    return np.array([mean_over(who.liking, what.tags), mean_over(who.kindred, what.tags)])

"""Off-policy evaluation: the rewards that other policies would have earned on the decisions of the log."""

from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from math import sqrt
from operator import mul

import numpy as np
from numpy.typing import NDArray

from app.evaluation.candidates import Candidate
from app.evaluation.replay import Ended, Event, Replay, Shown, Taught
from app.evaluation.reward_models import CrossFitted
from app.learning.examples import witness_of
from app.learning.log_join import Forget
from app.records import Decision
from bandit.empirical_likelihood import Floats, student
from bandit.estimators import Estimate, direct_method, doubly_robust, ips, snips

PERSONALIZED = "personalized"
DIGITS = 14
"""The digits of a pseudonym that distinguish profiles here: 56 bits."""
Wholes = NDArray[np.int64]
Flags = NDArray[np.bool_]


class NothingToEvaluateError(Exception):
    """The log has no exposure whose window has closed."""


@dataclass(frozen=True, slots=True)
class Value:
    """The estimates for a policy, and by how much it earns more than the incumbent with its 95 % interval."""

    policy: str
    doubly_robust: Estimate
    ips: Estimate
    snips: Estimate
    direct_method: Estimate
    more: float | None
    more_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result: the counts, the reward that the incumbent earned, and those that others would have earned.

    All values are rewards for each decision, summed over its exposures.
    """

    decisions: int
    exposures: int
    profiles: int
    incumbent: Estimate | None
    values: list[Value]


class Evaluator:
    """Asks policies about each decision as it is shown, and tells them how it ended, in the log's order.

    A policy that learns is thus judged by decisions whose rewards it does not know yet (progressive validation;
    Blum, Kalai & Langford 1999). It needs some 330 bytes of memory for each decision.

    Policies learn from imported exposures, as the service did. No estimate counts those: another system served
    them, and their propensities may be unknown.
    """

    def __init__(self, candidates: Sequence[Candidate], model: CrossFitted):
        self._candidates, self._model = candidates, model
        self._numbers, self._clusters = array("q"), array("q")
        self._propensities, self._expected = array("d"), array("d")
        self._anonymous, self._personalized = array("b"), array("b")
        self._targets = [array("d") for _ in candidates]
        self._wholes = [array("d") for _ in candidates]
        self._ended, self._rewards = array("q"), array("d")

    async def read(self, replay: Replay, until: int) -> AsyncIterator[int]:
        """Read the log up to a position, and yield the position after each batch."""
        async for events in replay.events(until):
            for event in events:
                self._take(event)
            yield replay.position

    def _take(self, event: Event) -> None:
        match event:
            case Shown():
                self._shown(event)
            case Ended():
                self._end(event)
            case Taught():
                for candidate in self._candidates:
                    candidate.learn(event.example)
            case Forget():
                for candidate in self._candidates:
                    candidate.forget(witness_of(event.profile))

    def _shown(self, shown: Shown) -> None:
        decision, cluster = shown.decision, cluster_of(shown.decision)
        expected = self._model.expected(shown, cluster)
        self._numbers.append(shown.number)
        self._clusters.append(cluster)
        self._propensities.append(decision.propensity)
        self._expected.append(expected[decision.chosen])
        self._anonymous.append(decision.group is None)
        self._personalized.append(decision.group == PERSONALIZED)
        for candidate, targets, wholes in zip(self._candidates, self._targets, self._wholes, strict=True):
            probabilities = candidate.probabilities(shown)
            targets.append(probabilities[decision.chosen])
            wholes.append(sum(map(mul, probabilities, expected)))

    def _end(self, ended: Ended) -> None:
        self._ended.append(ended.number)
        self._rewards.append(ended.reward)
        self._model.tell(ended, cluster_of(ended.decision))
        for candidate in self._candidates:
            candidate.tell(ended)

    # ---------------------------------------------------------------- the result

    def result(self) -> Evaluation:
        """Return the estimates. Raises `NothingToEvaluateError` if no exposure has ended."""
        rows = self._rows()
        if not len(rows.rewards):
            raise NothingToEvaluateError("No exposure in the log has ended; evaluate when a reward window has.")
        values = [self._value(number, rows) for number in range(len(self._candidates))]
        profiles = len(np.unique(rows.clusters))
        return Evaluation(len(rows.rewards), int(rows.exposures.sum()), profiles, _incumbent(rows), values)

    def _rows(self) -> "_Rows":
        """Join the decisions with their exposures; a decision without an ended exposure is left out."""
        numbers, first = np.unique(np.frombuffer(self._numbers, np.int64), return_index=True)
        ended = np.frombuffer(self._ended, np.int64)
        place = np.searchsorted(numbers, ended)
        known = (place < len(numbers)) & (np.take(numbers, np.minimum(place, len(numbers) - 1)) == ended)
        rewards = np.bincount(place[known], np.frombuffer(self._rewards)[known], len(numbers)).astype(np.float64)
        exposures = np.bincount(place[known], minlength=len(numbers)).astype(np.int64)
        kept = exposures > 0
        take = first[kept]
        return _Rows(
            take,
            rewards[kept],
            exposures[kept],
            np.frombuffer(self._propensities)[take],
            np.frombuffer(self._clusters, np.int64)[take],
            np.frombuffer(self._anonymous, np.bool_)[take],
            np.frombuffer(self._personalized, np.bool_)[take],
            np.frombuffer(self._expected)[take],
        )

    def _value(self, number: int, rows: "_Rows") -> Value:
        targets = np.frombuffer(self._targets[number])[rows.take]
        wholes = rows.summed(np.frombuffer(self._wholes[number])[rows.take])
        chosen = rows.summed(rows.expected)
        logged = rows.rewards, rows.propensities, targets
        who, most = rows.clusters, rows.most
        robust = doubly_robust(*logged, chosen, wholes, clusters=who, most=most)
        tops = wholes + targets / rows.propensities * (rows.rewards - chosen)
        more, interval = _more(tops, rows) or (None, None)
        return Value(
            self._candidates[number].name,
            robust,
            ips(*logged, clusters=who, most=most),
            snips(*logged, clusters=who, most=most),
            direct_method(wholes, clusters=who, most=most),
            more,
            interval,
        )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The decisions as columns, each of shape (n,); `take` are their places among those that were shown."""

    take: NDArray[np.intp]
    rewards: Floats
    exposures: Wholes
    propensities: Floats
    clusters: Wholes
    anonymous: Flags
    """Without a group: the incumbent served them."""
    personalized: Flags
    expected: Floats

    @property
    def most(self) -> float:
        """The greatest reward of a decision that was seen, and at least that of one exposure."""
        return max(1.0, float(self.rewards.max()))

    def summed(self, expected: Floats) -> Floats:
        """Turn expected rewards of an exposure into those of a decision."""
        return np.minimum(expected * float(self.exposures.mean()), self.most)

    def incumbents(self) -> Floats:
        """Return the weights of the rows that the incumbent served; those of other groups are 0.

        The incumbent served everyone without a profile, and a share of the profiles. These represent all profiles.
        """
        share = self.personalized.sum() / max(1, len(self.rewards) - self.anonymous.sum())
        weights: Floats = self.anonymous + self.personalized / max(share, 1 / len(self.rewards))
        return weights


def _incumbent(rows: _Rows) -> Estimate | None:
    """Return the reward that the incumbent earned, as an estimate of its reward for everyone."""
    weights = rows.incumbents()
    if not weights.any():
        return None
    shares = 1 / np.maximum(weights, 1.0)
    return snips(rows.rewards, shares, weights > 0, clusters=rows.clusters, most=rows.most)


def _more(tops: Floats, rows: _Rows) -> tuple[float, tuple[float, float]] | None:
    """Return by how much the policy of these contributions earns more than the incumbent, to first order.

    Both depend on the same viewers, so the interval is that of the difference of each cluster's contributions.
    """
    weights = rows.incumbents()
    if not weights.any():
        return None
    value, earned = float(tops.mean()), float((weights * rows.rewards).sum() / weights.sum())
    pulls = (tops - value) / len(tops) - weights * (rows.rewards - earned) / weights.sum()
    _, place = np.unique(rows.clusters, return_inverse=True)
    each = np.bincount(place, pulls)
    error = sqrt(float((each * each).sum())) * student(len(each) - 1)
    return value - earned, (max(value - earned - error, -rows.most), min(value - earned + error, rows.most))


def cluster_of(decision: Decision) -> int:
    """Return a number that represents the profile, or the decision if there is no profile.

    It is a part of the pseudonym, which is a hash, or of the nonce, which is random. Numbers of decisions are
    negative.
    """
    if decision.profile:
        return int(decision.profile[-DIGITS:], 16)
    return -1 - int.from_bytes(decision.nonce[-7:], "big")

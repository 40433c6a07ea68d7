"""Off-policy estimates: the reward that a policy would have earned on the decisions of another policy.

A row is a decision. Its reward is the sum over its exposures, because a hold that is shown again repeats a draw.
The `propensities` are the logged probabilities of the chosen actions. The `targets` are the probabilities with
which the policy in question chooses the same actions. Rows of one cluster, a profile, may depend on each other.

Intervals are for 95 %, by empirical likelihood over the clusters. At each end an interval also counts a row that
nobody saw: one of usual weight that earned everything, or nothing. Intervals tell of the chance of sampling. None
tells how wrong a reward model is.
"""

from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bandit.empirical_likelihood import Floats, lower_bound, upper_bound

ENOUGH = 50.0
"""The effective sample size below which nothing should be concluded."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated reward of a decision."""

    value: float
    interval: tuple[float, float]
    """The 95 % interval. It is never below 0 or above the greatest reward of a decision."""
    effective_sample_size: float
    """The number of clusters that count: (Σ w)² / Σ w² over their weights (Kish 1965)."""
    greatest_weight: float

    @property
    def doubt(self) -> str | None:
        """The reason why nothing should be concluded from the estimate, as a sentence; None if there is none."""
        if self.effective_sample_size >= ENOUGH:
            return None
        return (
            f"The effective sample size is {self.effective_sample_size:.3g}, and a conclusion needs {ENOUGH:.0f}: "
            "there are too few viewers, or the policy chooses too differently. Wait for more, or explore more."
        )


@dataclass(frozen=True, slots=True)
class _Ratio:
    """An estimate as a ratio of sums over rows: Σ tops / Σ bottoms.

    `greatest` and `least` are the top and bottom of the unseen rows at the two ends of the interval.
    """

    tops: Floats
    bottoms: Floats
    weights: Floats
    greatest: tuple[float, float]
    least: tuple[float, float]


def ips(
    rewards: ArrayLike,
    propensities: ArrayLike,
    targets: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    clip: float = inf,
    most: float = 1.0,
) -> Estimate:
    """Return inverse propensity scoring (Horvitz & Thompson 1952): the mean of w · r, w = target / propensity.

    All arrays have shape (n,). `most` is the greatest possible reward of a row, and `clip` the greatest weight
    (Ionides 2008), which lowers the variance and the value. Raises `ValueError`, with the number, if an array
    is not valid.
    """
    reward, weight = _weighed(rewards, propensities, targets, clip, most)
    ends = (_usual(weight) * most, 1.0), (0.0, 1.0)
    return _estimate(_Ratio(weight * reward, np.ones_like(weight), weight, *ends), clusters, most)


def snips(
    rewards: ArrayLike,
    propensities: ArrayLike,
    targets: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    clip: float = inf,
    most: float = 1.0,
) -> Estimate:
    """Return self-normalized IPS (Swaminathan & Joachims 2015, equation 5): Σ w · r / Σ w.

    Arguments and errors are those of `ips`. The value is NaN if all weights are 0.
    """
    reward, weight = _weighed(rewards, propensities, targets, clip, most)
    usual = _usual(weight)
    ends = (usual * most, usual), (0.0, usual)
    return _estimate(_Ratio(weight * reward, weight, weight, *ends), clusters, most)


def direct_method(expected: ArrayLike, *, clusters: ArrayLike | None = None, most: float = 1.0) -> Estimate:
    """Return the mean of `expected`, shape (n,): the rewards that a reward model expects of the policy.

    A model that is wrong makes the value wrong, and the interval does not show it. Raises `ValueError`, with the
    number, if an array is not valid.
    """
    value = _within("expected rewards", expected, most)
    one = np.ones_like(value)
    ends = (float(value.max()), 1.0), (float(value.min()), 1.0)
    return _estimate(_Ratio(value, one, one, *ends), clusters, most)


def doubly_robust(  # noqa: PLR0913  an estimate of this kind has these parts
    rewards: ArrayLike,
    propensities: ArrayLike,
    targets: ArrayLike,
    expected_of_chosen: ArrayLike,
    expected: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    clip: float = inf,
    switch: float = inf,
    most: float = 1.0,
) -> Estimate:
    """Return the doubly robust estimate (Dudík, Langford & Li 2011): the mean of e + w · (r - c).

    `expected` (e) is the reward that a model expects of the policy, and `expected_of_chosen` (c) that of the
    chosen action. The model must not have learned from the row's own cluster. Rows with a weight above `switch`
    use the model alone (Wang, Agarwal & Dudík 2017). The other arguments, and the errors, are those of `ips`.
    The value may be negative, or too large; the interval is neither.
    """
    reward, weight = _weighed(rewards, propensities, targets, clip, most)
    weight = np.where(weight > switch, 0.0, weight)
    chosen = _within("expected rewards of chosen actions", expected_of_chosen, most)
    whole = _within("expected rewards", expected, most)
    _same_length(reward, chosen, whole)
    tops, usual = whole + weight * (reward - chosen), _usual(weight)
    least = float(whole.mean()) - usual * float(chosen.mean())
    ends = (least + usual * most, 1.0), (least, 1.0)
    return _estimate(_Ratio(tops, np.ones_like(tops), weight, *ends), clusters, most)


def _estimate(ratio: _Ratio, clusters: ArrayLike | None, most: float) -> Estimate:
    tops, bottoms, weights = _by_cluster(ratio, clusters)
    if not bottoms.any():
        return Estimate(nan, (0.0, most), 0.0, 0.0)
    size = _size(weights)
    value = float(ratio.tops.sum() / ratio.bottoms.sum())
    upper = upper_bound(*_with(tops, bottoms, ratio.greatest), clusters=size)
    lower = lower_bound(*_with(tops, bottoms, ratio.least), clusters=size)
    ends = min(lower, value), max(upper, value)  # rounding may put a bound beyond the value
    return Estimate(value, (_clipped(ends[0], most), _clipped(ends[1], most)), size, float(ratio.weights.max()))


def _usual(weights: Floats) -> float:
    """Return the mean weight of the rows that the policy in question would meet: E[w²] / E[w]."""
    return float(weights.sum()) / size if (size := _size(weights)) else 0.0


def _size(weights: Floats) -> float:
    """Return Kish's effective sample size, from weights of any scale."""
    greatest = float(weights.max())
    if not greatest:
        return 0.0
    shares = weights / greatest
    return float(shares.sum()) ** 2 / float((shares * shares).sum())


def _with(tops: Floats, bottoms: Floats, row: tuple[float, float]) -> tuple[Floats, Floats]:
    return np.append(tops, row[0]), np.append(bottoms, row[1])


def _by_cluster(ratio: _Ratio, clusters: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return the sums over each cluster's rows."""
    if clusters is None:
        return ratio.tops, ratio.bottoms, ratio.weights
    named = np.asarray(clusters)
    if named.shape != ratio.tops.shape:
        raise ValueError(
            f"There are clusters of shape {named.shape} for {len(ratio.tops)} rows; give one for each."
        )
    _, place = np.unique(named, return_inverse=True)
    return (
        np.bincount(place, ratio.tops).astype(float),
        np.bincount(place, ratio.bottoms).astype(float),
        np.bincount(place, ratio.weights).astype(float),
    )


def _weighed(
    rewards: ArrayLike, propensities: ArrayLike, targets: ArrayLike, clip: float, most: float
) -> tuple[Floats, Floats]:
    """Return rewards and weights."""
    reward, target = _within("rewards", rewards, most), _within("targets", targets, 1.0)
    propensity = _within("propensities", propensities, 1.0)
    _same_length(reward, propensity, target)
    if not propensity.all():
        raise ValueError(
            "The propensities have a 0, and a chosen action has a propensity above 0; leave such rows out."
        )
    return reward, np.minimum(target / propensity, clip)


def _within(name: str, values: ArrayLike, most: float) -> Floats:
    array: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array):
        raise ValueError(f"The {name} have shape {array.shape}; give one number for each decision, shape (n,).")
    wrong = array[~((array >= 0) & (array <= most))]  # also finds NaN
    if len(wrong):
        raise ValueError(f"The {name} have {wrong[0]}, which is not between 0 and {most:g}.")
    return array


def _same_length(*arrays: Floats) -> None:
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"The arrays have {', '.join(map(str, lengths))} rows; give one number for each decision."
        )


def _clipped(value: float, most: float) -> float:
    return min(max(value, 0.0), most)

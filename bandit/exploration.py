"""The floor: a least probability of every action."""

from bandit.types import Probabilities


def with_floor(probabilities: Probabilities, floor: float) -> list[float]:
    """Mix a distribution with the uniform one: `(1 - floor) · p + floor / n`.

    The result sums to 1 in float64 and has no zero, so that every choice has a propensity that estimators can
    divide by (epsilon-greedy's mixture; Sutton & Barto 2018, section 2.2). The policy's distribution is first
    divided by its sum, because Vowpal Wabbit's float32 does not sum to 1.
    """
    n = len(probabilities)
    total = sum(probabilities)
    scale, share = (1.0 - floor) / total, floor / n
    return [scale * p + share for p in probabilities]


def uniform(n: int) -> list[float]:
    return [1.0 / n] * n


def one_of(n: int, chosen: int) -> list[float]:
    return [1.0 if i == chosen else 0.0 for i in range(n)]

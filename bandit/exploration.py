"""The least probability of every action, the floor, and the least share of actions together."""

from collections.abc import Sequence

from bandit.addition import added
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


def with_least(probabilities: Sequence[float], demands: Sequence[tuple[Sequence[bool], float]]) -> list[float]:
    """Mix a distribution so that the actions marked in each demand have at least its share together.

    Demands with no action marked, or all, are void. If a demand is not met, its marked actions get more in
    proportion to their probabilities, and all else gets less by one factor. The shares must sum to at most 1; then
    all demands are met, and no probability that was above 0 becomes 0 if the sum is less than 1.
    """
    result = list(probabilities)
    held = [_held(result, marked) for marked, _ in demands]
    wanting = [index for index, have in enumerate(held) if 0 < have < 1 and have < demands[index][1]]
    if not wanting:
        return result
    kept = 1.0
    while True:
        kept = (1 - added([demands[index][1] for index in wanting])) / (1 - added([held[i] for i in wanting]))
        more = [
            index
            for index, have in enumerate(held)
            if index not in wanting and 0 < have < 1 and kept * have < demands[index][1]
        ]
        if not more:
            break
        wanting += more
    mixed = [kept * p for p in result]
    for index in wanting:
        marked, share = demands[index]
        factor = (share - kept * held[index]) / held[index]
        mixed = [now + factor * p if mark else now for now, p, mark in zip(mixed, result, marked, strict=True)]
    return mixed


def _held(probabilities: Sequence[float], marked: Sequence[bool]) -> float:
    """Return what the marked actions have together: 0 if none is marked, 1 if all are."""
    if all(marked):
        return 1.0
    return added([p for p, mark in zip(probabilities, marked, strict=True) if mark])

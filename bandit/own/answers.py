"""Answers of code that is not Keyart's: each is checked before anything relies on it."""

from collections.abc import Iterable
from math import fsum, isfinite
from typing import Any

from bandit.policy import FaultyLearnerError

SUM_WITHIN = 1e-6
SHOWN = 8
"""The most numbers of a wrong answer that its sentence repeats."""


def distribution(name: str, answer: Iterable[Any], actions: int) -> list[float]:
    """Return the answer as probabilities that sum to 1. Raises `FaultyLearnerError` if it is not valid."""
    try:
        each = [float(p) for p in answer]
    except (TypeError, ValueError) as error:
        raise FaultyLearnerError(
            f"{name} answered {_short(answer)}, which is not a row of numbers ({error}); return one probability "
            "for each picture."
        ) from error
    if len(each) != actions or not all(isfinite(p) and p >= 0 for p in each):
        raise FaultyLearnerError(
            f"{name} answered {_short(each)} for {actions} pictures; return one probability for each, none "
            "below 0."
        )
    total = fsum(each)
    if abs(total - 1) > SUM_WITHIN:
        raise FaultyLearnerError(f"{name} answered {_short(each)}, which sums to {total:g}; the sum must be 1.")
    return [p / total for p in each]


def expectation(answer: Any) -> float | None:  # noqa: ANN401  any answer
    """Return the reward that `learn` expected, if it is a number in [0, 1]."""
    try:
        expected = float(answer)
    except (TypeError, ValueError):
        return None
    return expected if 0 <= expected <= 1 else None


def _short(answer: object) -> str:
    if isinstance(answer, list) and len(answer) > SHOWN:
        return f"{len(answer)} numbers that begin with {answer[:SHOWN]}"
    return repr(answer)[:200]

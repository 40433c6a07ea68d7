"""How a command line names a policy: a kind, and its options behind commas."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import isfinite

from app.evaluation.candidates import (
    BestSingle,
    Candidate,
    Learned,
    UnusablePolicyError,
    always_default,
    by_chance,
)
from app.evaluation.own_policy import OwnPolicy
from bandit.learners import LOGISTIC, VOWPAL, lacking, new_learner
from bandit.logistic.learner import LogisticLearner
from bandit.logistic.prior import Tuning
from bandit.own import entry_points
from bandit.own.learner import OwnLearner
from bandit.policy import FaultyLearnerError, Policy

TUNINGS = tuple(field.name for field in fields(Tuning))
KINDS = "default, uniform, best_single, logistic, vowpal, an installed learner, or FILE.py:CLASS"


@dataclass(frozen=True, slots=True)
class _Options:
    numbers: dict[str, float]
    without: frozenset[str]


def candidate(name: str, floor: float) -> Candidate:
    """Return the policy of that name; policies that learn are mixed with `floor`, unless the name says another.

    Examples of names: `uniform`, `logistic,spread=0.3`, `logistic,without=country,without=taste`,
    `mine.py:Popular,floor=0.05`. Raises `UnusablePolicyError`, with the part that is not valid and the remedy.
    """
    kind, *rest = name.split(",")
    options = _options(name, rest)
    if kind in _FIXED:
        _allow(name, options, ())
        return _FIXED[kind](floor)
    if kind not in entry_points.names():  # an own learner knows its options
        _allow(name, options, ("floor", *TUNINGS) if kind == LOGISTIC else ("floor",), without=True)
    floor = options.numbers.pop("floor", floor)
    if not 0 < floor <= 1:
        raise UnusablePolicyError(f"{name} has a floor of {floor:g}; give one above 0, and at most 1.")
    return Learned(name, _policy(name, kind, options.numbers), floor, options.without)


def _policy(name: str, kind: str, tuning: dict[str, float]) -> Policy:
    if kind == LOGISTIC:
        try:
            return LogisticLearner(Tuning(**tuning))
        except ValueError as error:
            raise UnusablePolicyError(f"{name} is not valid. {error}") from None
    if kind == VOWPAL:
        if reason := lacking(VOWPAL):
            raise UnusablePolicyError(f"The learner {VOWPAL!r} {reason}.")
        return new_learner(VOWPAL)
    if kind in entry_points.names():
        try:
            return OwnLearner.new(kind, tuning)
        except FaultyLearnerError as error:
            raise UnusablePolicyError(str(error)) from None
    if ".py:" not in kind:
        raise UnusablePolicyError(f"There is no policy {kind!r}; name {KINDS}.")
    return OwnPolicy.load(kind)


def _options(name: str, texts: list[str]) -> _Options:
    numbers: dict[str, float] = {}
    without: set[str] = set()
    for text in texts:
        option, equals, value = text.partition("=")
        if not (equals and value):
            raise UnusablePolicyError(f"{name} has the option {text!r}; write it as NAME=VALUE.")
        if option == "without":
            without.add(value)
        else:
            numbers[option] = _number(name, option, value)
    return _Options(numbers, frozenset(without))


def _number(name: str, option: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise UnusablePolicyError(f"{name} has {option}={value}, which is not a number.")
    return number


def _allow(name: str, options: _Options, allowed: tuple[str, ...], *, without: bool = False) -> None:
    strange = [option for option in options.numbers if option not in allowed]
    if options.without and not without:
        strange.append("without")
    if strange:
        known = ", ".join([*allowed, "without"]) if without else "no options"
        raise UnusablePolicyError(f"{name} has the option {strange[0]!r}; it takes {known}.")


_FIXED: dict[str, Callable[[float], Candidate]] = {
    "default": lambda _: always_default(),
    "uniform": lambda _: by_chance(),
    "best_single": BestSingle,
}

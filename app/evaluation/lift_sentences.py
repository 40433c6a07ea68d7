"""Conclusions from an experiment, in sentences for an operator."""

from collections.abc import Mapping
from math import isfinite
from typing import Literal

from bandit.lift import LEAST_POSITIVE, LEAST_PROFILES, MISMATCH, Effect, Sample, missing
from bandit.terms import Terms

Measured = Literal["reward", "clicks", "plays", "seconds"]
NO_CONTROL = (
    "There is no lift, because the group best_single has no share: nothing is compared. "
    "Set KEYART_BEST_SINGLE_SHARE."
)
NO_EXPERIMENT = "There is no lift yet, because the trainer has not met the beginning of an experiment."
MISSING = (
    "Do not trust the lift: the numbers of viewers in the groups contradict the shares ({p}). Viewers of "
    "some group are lost, or counted in the wrong group."
)
UNREPORTED = (
    "Do not trust the lift: the numbers of viewers who sent an impression contradict the shares ({p}), so "
    "feedback is lost in some group. Look for a client that loses impressions of some pictures."
)
WORTH = (
    "The interval holds at any time, so look as often as you like. It counts each viewer once. It is an "
    "approximation, which is good for hundreds of rewarded viewers in each group."
)
NOTHING_CONCLUDED = "Nothing can be concluded as long as the warning is there."
SECONDS_A_DAY = 86_400
LEAST_P = 0.0001


def doubt(entered: float, reported: float) -> str:
    """Return a warning if one of these p-values of the sample-ratio tests is small; else nothing."""
    if entered < MISMATCH:
        return MISSING.format(p=_chance(entered))
    return UNREPORTED.format(p=_chance(reported)) if reported < MISMATCH else ""


def _chance(p: float) -> str:
    return f"p = {p:.4f}" if p >= LEAST_P else f"p < {LEAST_P}"


def conclusion(
    lift: Effect | None,
    samples: Mapping[str, Sample],
    terms: Terms,
    guardrails: Mapping[Measured, Effect | None],
) -> str:
    if not terms.shares.get("best_single"):
        return NO_CONTROL
    if not terms.shares.get("personalized"):
        return "There is no lift, because the group personalized has no share: nothing is compared."
    if lift is None:
        return _too_early(samples, terms)
    viewers = sum(sample.profiles for sample in samples.values())
    return " ".join([_verdict(lift), _found(lift, viewers, terms), *_fallen(guardrails)])


def _verdict(lift: Effect) -> str:
    return {1: "Keyart pays.", 0: "It is not known yet whether Keyart pays.", -1: "Keyart costs rewards."}[
        lift.sign
    ]


def _found(lift: Effect, viewers: int, terms: Terms) -> str:
    low, high = (f"{1000 * bound:+.1f}".replace("-", "\N{MINUS SIGN}") for bound in lift.interval)
    found = (
        f"{viewers:,} viewers have ended their first {_days(terms.window)}. Those with their own pictures earn "
        f"{_more(lift)} than those of the best single picture: {_thousand(lift)} for each 1,000 viewers, and "
        f"{low} to {high} fits the data."
    )
    return found if lift.sign else f"{found} {_wait(lift.more)}"


def _more(lift: Effect) -> str:
    if lift.ratio is None:
        return "more" if lift.difference >= 0 else "less"
    return f"{abs(100 * lift.ratio):.1f}\N{NO-BREAK SPACE}% {'more' if lift.ratio >= 0 else 'less'}"


def _thousand(lift: Effect) -> str:
    return f"{1000 * lift.difference:+.1f} rewards".replace("-", "\N{MINUS SIGN}")


def _wait(more: float) -> str:
    if not isfinite(more):
        return "There is no difference up to now."
    return f"If the difference stays like this, about {_about(more)} more viewers decide it."


def _too_early(samples: Mapping[str, Sample], terms: Terms) -> str:
    more = missing(samples, terms.shares, over="best_single")
    needs = (
        f"Nothing is said before {LEAST_PROFILES} viewers, {LEAST_POSITIVE} of them with a reward, are counted in "
        "each of the two groups."
    )
    viewers = sum(sample.profiles for sample in samples.values())
    if not viewers:
        counts = f"No viewer's first {_days(terms.window)} are over yet."
    elif isfinite(more):
        counts = f"{viewers:,} viewers are counted; at this rate, about {_about(more)} more are needed."
    else:
        counts = f"{viewers:,} viewers are counted, and none of one group has earned a reward."
    return f"It is not known yet whether Keyart pays. {counts} {needs}"


def _fallen(guardrails: Mapping[Measured, Effect | None]) -> list[str]:
    fallen = [name for name, found in guardrails.items() if found and found.sign < 0]
    names: dict[str, str] = {"clicks": "click", "plays": "play", "seconds": "watch"}
    return [f"But they {' and '.join(names[name] for name in fallen)} less."] if fallen else []


def _about(number: float) -> str:
    """Return a number of viewers with one or two digits that count."""
    digits = max(1, round(number))
    step = 10 ** max(0, len(str(digits)) - 2)
    return f"{round(digits / step) * step:,}"


def _days(window: int) -> str:
    seconds = window / 1000
    days = seconds / SECONDS_A_DAY
    return f"{days:g} days" if days >= 1 else f"{seconds:g} seconds"

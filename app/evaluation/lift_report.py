"""Experiments as answers have them: who entered, what they earned, and by how much the groups differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import cast

from typing_extensions import TypedDict

from app.evaluation.intervals import iso
from app.evaluation.lift_sentences import NOTHING_CONCLUDED, Measured, conclusion, doubt
from app.store.protocol import OVER, Entered, Experiment, State
from bandit.confidence_sequences import ALPHA
from bandit.groups import CANARY, GROUPS
from bandit.lift import Effect, Sample, bounded, effect, sample_ratio

GUARDRAILS: tuple[Measured, ...] = ("clicks", "plays", "seconds")
SECONDARY = ("uniform", "default")
THOUSAND = 1000
ESTIMAND = (
    "The mean total reward of a profile in its first days if all profiles were in the group personalized, less "
    "the same mean if all were in the control. One learner learns from the viewers of all groups."
)
"""The number that an experiment estimates, in a sentence."""


class Comparison(TypedDict):
    """The mean total of a profile in the group personalized, less that in the group `over`, and their ratio.

    The ratio is less 1. Each interval holds at all times together with the chance `confidence`, so one may look at
    any time. If several comparisons are made, each has a greater one. A bound that is not known is null. If the
    difference stays as it is, so many `more` profiles, in all groups, decide between more and less.
    """

    over: str
    measure: Measured
    confidence: float
    personalized: float
    control: float
    difference: float
    interval: list[float | None]
    ratio: float | None
    ratio_interval: list[float | None]
    more: int | None


class CanaryComparison(TypedDict):
    """The mean total of a profile in the group `canary`, less that in the group personalized.

    The interval holds at all times with the chance `confidence`. A bound that is not known is null.
    """

    canary: float
    personalized: float
    difference: float
    interval: list[float | None]
    confidence: float


class GroupEntered(TypedDict):
    """The profiles of a group: those whose window is over, whose window is open, and who sent an impression.

    The mean totals are those of the profiles whose window is over, and `rewarded` counts those with a reward.
    """

    share: float
    profiles: int
    open: int
    reported: int
    rewarded: int
    reward: float | None
    clicks: float | None
    plays: float | None
    seconds: float | None


class SampleRatio(TypedDict):
    """The p-values of a test whether each group has its share of the profiles, and of those with an impression."""

    entered: float
    reported: float


class ExperimentReport(TypedDict):
    """An experiment. Profiles enter until `ended`; it is null as long as they do.

    `left` counts profiles that left it, because the shares changed while their windows were open. Until enough
    viewers are known, `lift` is null; `canary` is null, too, if there is no canary. `warning` is not empty if the
    numbers of profiles contradict the shares.
    """

    experiment: int
    began: str
    ended: str | None
    window_seconds: float
    bound: int
    reward: str
    estimand: str
    says: str
    warning: str
    sample_ratio: SampleRatio
    lift: Comparison | None
    secondary: list[Comparison]
    guardrails: list[Comparison]
    canary: CanaryComparison | None
    groups: dict[str, GroupEntered]
    left: int


class Experiments(TypedDict):
    """All experiments, the latest first."""

    experiments: list[ExperimentReport]


@dataclass(frozen=True, slots=True)
class LiftReporter:
    state: State

    async def report(self) -> Experiments:
        """Return all experiments with what they tell up to now."""
        return {"experiments": [report_of(each) for each in reversed(await self.state.experiments())]}

    async def latest(self) -> ExperimentReport | None:
        """Return the latest experiment that tells something; the latest one if none does."""
        return telling((await self.report())["experiments"])


def telling(experiments: list[ExperimentReport]) -> ExperimentReport | None:
    """Return the latest of the two latest experiments that has a lift: a new one has none for some days."""
    return next((each for each in experiments[:2] if each["lift"]), next(iter(experiments), None))


def report_of(experiment: Experiment) -> ExperimentReport:
    terms = experiment.terms
    over, entered = _over(experiment), _entered(experiment)
    ratios: SampleRatio = {
        "entered": sample_ratio({group: each.profiles for group, each in entered.items()}, terms.shares),
        "reported": sample_ratio({group: each.reported for group, each in entered.items()}, terms.shares),
    }
    samples = _samples(over, "reward")
    lift = effect(samples, terms.shares, over="best_single") if terms.shares.get("best_single") else None
    warning = doubt(ratios["entered"], ratios["reported"])
    guardrails = {name: _guardrail(over, terms.shares, name) for name in GUARDRAILS}
    return {
        "experiment": experiment.position,
        "began": iso(experiment.began),
        "ended": iso(experiment.ended) if experiment.ended else None,
        "window_seconds": terms.window / 1000,
        "bound": terms.bound,
        "reward": terms.reward,
        "estimand": ESTIMAND,
        "says": NOTHING_CONCLUDED if warning else conclusion(lift, samples, terms, guardrails),
        "warning": warning,
        "sample_ratio": ratios,
        "lift": _comparison(lift, "best_single", "reward", ALPHA) if lift else None,
        "secondary": _secondary(samples, terms.shares),
        "guardrails": [
            _comparison(found, "best_single", name, ALPHA / len(GUARDRAILS))
            for name, found in guardrails.items()
            if found
        ],
        "canary": _canary(samples, terms.shares),
        "groups": {
            group: _group(share, over.get(group, Entered()), entered.get(group, Entered()))
            for group, share in terms.shares.items()
        },
        "left": experiment.left,
    }


def _over(experiment: Experiment) -> dict[str, Entered]:
    """Return the sums of the profiles whose windows are over, by group."""
    return {group: row for (cohort, group), row in experiment.rows.items() if cohort == OVER}


def _entered(experiment: Experiment) -> dict[str, Entered]:
    """Return the sums of all profiles, by group."""
    found: dict[str, Entered] = {group: Entered() for group in GROUPS}
    for (_, group), row in experiment.rows.items():
        found[group].include(row)
    return found


def _samples(over: Mapping[str, Entered], measure: Measured) -> dict[str, Sample]:
    return {group: _sample(row, measure) for group, row in over.items()}


def _sample(row: Entered, measure: Measured) -> Sample:
    found = getattr(row, measure)
    unit = THOUSAND if measure == "reward" else 1
    return Sample(row.profiles, found.positive, found.total / unit, found.squares / (unit * unit))


def _guardrail(over: Mapping[str, Entered], shares: Mapping[str, float], measure: Measured) -> Effect | None:
    if not shares.get("best_single"):
        return None
    return effect(_samples(over, measure), shares, over="best_single", alpha=ALPHA / len(GUARDRAILS))


def _secondary(samples: Mapping[str, Sample], shares: Mapping[str, float]) -> list[Comparison]:
    alpha = ALPHA / len(SECONDARY)
    found = {group: effect(samples, shares, over=group, alpha=alpha) for group in SECONDARY if shares.get(group)}
    return [_comparison(each, group, "reward", alpha) for group, each in found.items() if each]


def _canary(samples: Mapping[str, Sample], shares: Mapping[str, float]) -> CanaryComparison | None:
    """Compare the profiles for which a candidate learner decides with the personalized ones."""
    if not shares.get(CANARY) or not shares.get("personalized"):
        return None
    found = effect(samples, shares, over="personalized", treated=CANARY)
    if found is None:
        return None
    return {
        "canary": round(found.treated, 6),
        "personalized": round(found.control, 6),
        "difference": round(found.difference, 6),
        "interval": _rounded(bounded(found.interval)),
        "confidence": round(1 - ALPHA, 6),
    }


def _comparison(found: Effect, over: str, measure: Measured, alpha: float) -> Comparison:
    return {
        "over": over,
        "measure": measure,
        "confidence": round(1 - alpha, 6),
        "personalized": round(found.treated, 6),
        "control": round(found.control, 6),
        "difference": round(found.difference, 6),
        "interval": _rounded(bounded(found.interval)),
        "ratio": None if found.ratio is None else round(found.ratio, 6),
        "ratio_interval": _rounded(bounded(found.ratio_interval)),
        "more": round(found.more) if isfinite(found.more) else None,
    }


def _rounded(interval: list[float | None]) -> list[float | None]:
    return [None if bound is None else round(bound, 6) for bound in interval]


def _group(share: float, over: Entered, entered: Entered) -> GroupEntered:
    means = {
        name: round(_sample(over, name).total / over.profiles, 6) if over.profiles else None
        for name in ("reward", *GUARDRAILS)
    }
    numbers = {
        "share": share,
        "profiles": over.profiles,
        "open": entered.profiles - over.profiles,
        "reported": entered.reported,
        "rewarded": over.reward.positive,
    }
    return cast("GroupEntered", numbers | means)

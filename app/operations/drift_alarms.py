"""Alarms of collapse and drift, by the signs of the trainer. docs/examples/alerts.yml has the same bounds."""

from collections.abc import Callable, Iterator, Mapping
from math import nan

from app.operations.alarm import Alarm

COLLAPSED = 0.5
"""Part of the showings that is of collapsed titles."""
FALLEN, STILL_WIDE = 0.33, 0.2
"""The part of the former entropy that is left, and the entropy above which that is harmless."""
SETTLED, SETTLED_BEFORE = 0.95, 0.7
"""Parts of the draws. A sound policy comes slowly, over weeks, to about two thirds in simulated services."""
EVEN, EVEN_BEFORE = 0.9, 0.5
LEAST_FLOOR = 0.3
"""The least part of the floor that pictures must have alike: draws from before a higher floor count, too."""
TOO_MANY, TOO_FEW = 1.25, 0.8
"""Ratios that a certain interval has to exceed."""
CONTROLS = ("best_single", "uniform", "default")
SPANS = {"day": "24 hours", "week": "7 days"}
SEE = "collapse-and-drift"


Sign = Callable[[str], float]
"""Returns a sign by its name; NaN, with which every comparison is false, if there is too little to judge."""


def drift_alarms(gauges: Mapping[str, float]) -> Iterator[Alarm]:
    """Yield the alarms by these gauges. A sign that is missing or NaN gives none, because it is too early."""

    def sign(name: str) -> float:
        return gauges.get(f"keyart_{name}", nan)

    if says := _worse(sign):
        remedy = "Look at the feedback by device and release. If it is sound, run `keyart models rollback`."
        yield Alarm("KeyartWorseThanControl", says, remedy, SEE)
    if says := _collapse(sign):
        remedy = "Look at the titles on the dashboard. If they are so, run `keyart models rollback`."
        yield Alarm("KeyartCollapse", says, remedy, SEE)
    if says := _exploration(sign):
        yield Alarm("KeyartExploration", says, "Do as the page says of this sentence.", SEE)
    if says := _calibration(sign):
        remedy = "Look at the feedback by device and release: most often, clicks are lost or counted twice."
        yield Alarm("KeyartCalibration", says, remedy, SEE)


def _worse(sign: Sign) -> str:
    for control in CONTROLS:
        for span, words in SPANS.items():
            value, low, high = (sign(f"gap {bound} {control} {span}") for bound in ("estimate", "low", "high"))
            if high < 0:
                return (
                    f"In the last {words} a showing earned personalized viewers {-value:.4f} less reward than "
                    f"those of {control}, certainly between {-high:.4f} and {-low:.4f} less."
                )
    return ""


def _collapse(sign: Sign) -> str:
    collapsed = sign("collapsed_share")
    if collapsed > COLLAPSED:
        return (
            f"Titles with {collapsed:.0%} of the showings show personalized viewers nearly always one picture, "
            "and best_single another one."
        )
    common, before = sign("shown_entropy common"), sign("shown_entropy before")
    if common < FALLEN * before and common < STILL_WIDE:
        return (
            f"The entropy of the pictures shown to personalized viewers fell within two days from {before:.0%} to "
            f"{common:.0%} of the greatest possible one."
        )
    settled, before = sign("settled_share recent"), sign("settled_share before")
    if settled > SETTLED and before < SETTLED_BEFORE:
        return (
            f"In {settled:.0%} of the draws of the last 6 hours only one picture had more than the floor, and in "
            f"the 7 days before in {before:.0%}."
        )
    return ""


def _exploration(sign: Sign) -> str:
    even, before, floor = sign("even_share recent"), sign("even_share before"), sign("exploration_floor")
    if even < LEAST_FLOOR * floor:
        return (
            f"In the last 24 hours {even:.2%} of each choice was left to chance, and the settings say {floor:.2%}."
        )
    if even > EVEN and before < EVEN_BEFORE:
        return (
            f"In the last 24 hours {even:.0%} of each choice was left to chance, and in the 7 days before "
            f"{before:.0%}: the learner knows nearly nothing."
        )
    ratio, low, high = (sign(f"forced_ratio {bound}") for bound in ("estimate", "low", "high"))
    if low > TOO_MANY or high < TOO_FEW:
        return (
            f"In the last 24 hours pictures with the least probability were shown {ratio:.2f} times as often as "
            "their logged probabilities say."
        )
    return ""


def _calibration(sign: Sign) -> str:
    ratio, low, high = (sign(f"calibration {bound}") for bound in ("estimate", "low", "high"))
    if low > TOO_MANY or high < TOO_FEW:
        return (
            f"In the last 24 hours the rewards were {ratio:.2f} times those that the learner predicted, certainly "
            f"between {low:.2f} and {high:.2f} times."
        )
    return ""

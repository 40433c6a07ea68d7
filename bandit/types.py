"""The inputs of policies and learners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Attributes = Mapping[str, str | float]
Probabilities = Sequence[float]
"""One float64 for each action, in the order of the actions, summing to 1."""


class Witness(NamedTuple):
    """The user of a word: a number for the profile, 0 without one, and the hour of the log.

    `salt` is a number that nobody outside can predict.
    """

    profile: int
    hour: int
    salt: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """The facts about viewer and page at the time of a decision.

    The `attributes` describe the viewer (country, device, age …). A word is a category, and a number is scaled by
    the values seen before. The `taste` is the learned liking of tags and genres, centred on 0. Words with a
    `witness` are learned once enough others use them, and words without one immediately. The `showings` say how
    often the viewer was shown the picture of an action before, by the action's id; a missing one counts 0.
    """

    attributes: Attributes
    taste: Mapping[str, float] = field(default_factory=dict)
    witness: Witness | None = None
    showings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """An artwork as a policy sees it. `id` is unique in the whole catalogue; `features` are within [0, 1]."""

    id: str
    title: str
    tags: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)


class Case(NamedTuple):
    """A viewer and the actions of which one is to be chosen."""

    context: Context
    actions: Sequence[Action]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A decision joined with its reward in [0, 1], as learners and estimators read it."""

    context: Context
    actions: Sequence[Action]
    chosen: int
    propensity: float
    reward: float

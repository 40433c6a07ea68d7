"""What a policy sees, and what it learns from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Attributes = Mapping[str, str | float]
Probabilities = Sequence[float]
"""One float64 for each action, in the order of the actions, summing to 1."""


class Witness(NamedTuple):
    """Whose example it was: a number for the profile, 0 for nobody by name, and the hour of the log.

    `salt` is a number that nobody outside can foresee.
    """

    profile: int
    hour: int
    salt: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What is known when a decision is made.

    `attributes` say who watches and where (country, device, age …); a word is a category, a number is
    measured by what has been seen of it. `taste` is the learned liking of tags and genres, centred on 0.
    Words that come with a `witness` are learned of once enough others use them; without one they are at once.
    """

    attributes: Attributes
    taste: Mapping[str, float] = field(default_factory=dict)
    witness: Witness | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """An artwork as a policy sees it. `id` is unique in the whole catalogue; `features` lie in [0, 1]."""

    id: str
    title: str
    tags: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A decision joined with its reward in [0, 1]: what learners and estimators read."""

    context: Context
    actions: Sequence[Action]
    chosen: int
    propensity: float
    reward: float

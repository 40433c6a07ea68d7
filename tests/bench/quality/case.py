"""A case: contexts, actions and what each action would earn, step by step, the same for the same seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

Features = dict[str, str | float]
Section = Literal["tastes", "variations", "untagged"]
SECTIONS: dict[Section, str] = {
    "tastes": "Real viewers' tastes",
    "variations": "The same tastes, other circumstances",
    "untagged": "Where no tag tells",
}


class Unavailable(RuntimeError):
    """Data or a library that can't be had here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What each action is expected to earn, and the number in [0, 1) that decides whether it does."""

    p: list[float]
    u: float

    def reward(self, index: int) -> float:
        return 1.0 if self.u < self.p[index] else 0.0


class Step(NamedTuple):
    context: Features
    actions: list[Features]
    outcome: Outcome


Play = Callable[[int, int], Iterator[Step]]
"""A seed and how many steps, to the steps."""


@dataclass(frozen=True, slots=True)
class Case:
    """`steps` are as many as there usually are; `ready` makes its data come here, or raises `Unavailable`.

    `arm_key` is the feature of an action by which libraries know it again that take an arm for a name.
    """

    name: str
    section: Section
    what: str
    steps: int
    play: Play
    arm_key: str = "id"
    ready: Callable[[], object] | None = None


class Ahead:
    """What a policy is told of a case before it begins: names, and contexts and actions without their outcomes.

    Libraries that want vectors of a fixed length find the words here that they need a place for.
    """

    def __init__(self, case: Case, seed: int, steps: int):
        self.name, self.arm_key, self.T = case.name, case.arm_key, steps
        self._case, self._seed = case, seed

    def __iter__(self) -> Iterator[tuple[Features, list[Features], None]]:
        return ((step.context, step.actions, None) for step in self._case.play(self._seed, self.T))

"""What is measured: it decides, and is told what its choice earned, and nothing else."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tests.bench.quality.case import Ahead, Features

Choice = tuple[int, Sequence[float] | None]
"""An index, and the probabilities that it was drawn from; none where nothing was drawn or none are known."""


class Policy(Protocol):
    def decide(self, context: Features, actions: Sequence[Features], /) -> Choice: ...

    def learn(
        self, context: Features, actions: Sequence[Features], index: int, probability: float, reward: float, /
    ) -> None: ...


class Omniscient(Policy, Protocol):
    """One that is told what every action would have earned: its `full_info` is true."""

    full_info: bool

    def learn_full(self, context: Features, actions: Sequence[Features], rewards: Sequence[float], /) -> None: ...


Maker = Callable[[Ahead, int], Policy]


class Unsuited(RuntimeError):
    """A case that a policy can't be run on, and why."""


def liked(context: Features, action: Features) -> list[str]:
    """Return the tags of an action that a viewer may have a taste for."""
    if "aspect" in action:
        return [str(action["aspect"])]
    return [name for name in action if f"taste_{name}" in context]


def affinity(context: Features, action: Features) -> float:
    """Return the mean of a viewer's taste over an action's tags, as it stands in the context."""
    tags = liked(context, action)
    return sum(float(context.get(f"taste_{tag}", 0.0)) for tag in tags) / max(1, len(tags))

"""The policies that an evaluation compares."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from app.evaluation.replay import Ended, Shown
from app.learning.examples import context_of
from bandit.exploration import one_of, uniform, with_floor, with_least
from bandit.policy import Policy, UnlearnableExample
from bandit.tally import Tally, best_single
from bandit.types import Context, Example

TASTE, SHOWINGS = "taste", "showings"
"""Names for `without` that are not attributes."""


class UnusablePolicyError(ValueError):
    """A policy whose name is not valid, or whose answers are not valid as probabilities."""


class Candidate(Protocol):
    """A policy in an evaluation: asked about each decision when it was shown, and told when a window ended."""

    @property
    def name(self) -> str: ...

    def probabilities(self, shown: Shown) -> Sequence[float]:
        """Return one probability for each candidate artwork, in their order, summing to 1."""

    def tell(self, ended: Ended) -> None: ...

    def learn(self, example: Example) -> None:
        """Take in an imported exposure, which the best single picture does not depend on."""

    def forget(self, profile: int) -> None: ...


@dataclass(slots=True)
class Fixed:
    """A policy that learns nothing."""

    name: str
    choose: Callable[[Shown], Sequence[float]]

    def probabilities(self, shown: Shown) -> Sequence[float]:
        return self.choose(shown)

    def tell(self, ended: Ended) -> None:
        pass

    def learn(self, example: Example) -> None:
        pass

    def forget(self, profile: int) -> None:
        pass


@dataclass(slots=True)
class BestSingle:
    """The picture that did best so far over all viewers, with the floor, as the group `best_single` gets it."""

    floor: float
    name: str = "best_single"
    _tallies: dict[str, dict[str, Tally]] = field(default_factory=dict)

    def probabilities(self, shown: Shown) -> Sequence[float]:
        candidates = shown.decision.candidates
        best = best_single(candidates, self._tallies.get(shown.decision.title, {}))
        return with_floor(one_of(len(candidates), best), self.floor)

    def tell(self, ended: Ended) -> None:
        decision = ended.decision
        tally = self._tallies.setdefault(decision.title, {}).setdefault(decision.artwork, Tally())
        tally.add(
            reward=ended.reward,
            propensity=decision.propensity,
            clicked=False,
            played=False,
            weighs=ended.weighs,
        )

    def learn(self, example: Example) -> None:
        pass

    def forget(self, profile: int) -> None:
        pass


@dataclass(slots=True)
class Learned:
    """A policy that may learn, and does not see some of the viewers' attributes."""

    name: str
    policy: Policy
    floor: float
    without: frozenset[str] = frozenset()

    def probabilities(self, shown: Shown) -> Sequence[float]:
        actions = [shown.live_title.actions[artwork] for artwork in shown.decision.candidates]
        context = self._seen(context_of(shown.decision, actions))
        return with_floor(self.policy.probabilities(context, actions), self.floor)

    def tell(self, ended: Ended) -> None:
        if ended.example:
            self.learn(ended.example)

    def learn(self, example: Example) -> None:
        if learn := getattr(self.policy, "learn", None):
            context = self._seen(example.context)
            seen = Example(context, example.actions, example.chosen, example.propensity, example.reward)
            with suppress(UnlearnableExample):
                learn(seen)

    def forget(self, profile: int) -> None:
        if forget := getattr(self.policy, "forget", None):
            forget(profile)

    def _seen(self, context: Context) -> Context:
        if not self.without:
            return context
        attributes = {name: value for name, value in context.attributes.items() if name not in self.without}
        taste = {} if TASTE in self.without else context.taste
        showings = {} if SHOWINGS in self.without else context.showings
        return Context(attributes, taste, context.witness, showings)


@dataclass(frozen=True, slots=True)
class Demanded:
    """A policy as a service would serve it that demands least shares of pictures with a tag.

    The tags are those of the pictures at the decision, and the policy's probabilities rise by one factor to
    reach the share. A picture without any probability gets none.
    """

    policy: Candidate
    demands: Sequence[tuple[str, float]]

    @property
    def name(self) -> str:
        return self.policy.name

    def probabilities(self, shown: Shown) -> Sequence[float]:
        actions = [shown.live_title.actions[artwork] for artwork in shown.decision.candidates]
        marks = [([tag in action.tags for action in actions], share) for tag, share in self.demands]
        return with_least(self.policy.probabilities(shown), marks)

    def tell(self, ended: Ended) -> None:
        self.policy.tell(ended)

    def learn(self, example: Example) -> None:
        self.policy.learn(example)

    def forget(self, profile: int) -> None:
        self.policy.forget(profile)


def always_default() -> Fixed:
    """Return the policy that always shows the editor's default picture, and chance if that is not a candidate."""

    def choose(shown: Shown) -> Sequence[float]:
        candidates, default = shown.decision.candidates, shown.live_title.title.default
        if default in candidates:
            return one_of(len(candidates), candidates.index(default))
        return uniform(len(candidates))

    return Fixed("default", choose)


def by_chance() -> Fixed:
    return Fixed("uniform", lambda shown: uniform(len(shown.decision.candidates)))

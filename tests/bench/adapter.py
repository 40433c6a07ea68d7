"""Keyart's learners as policies of a measure that knows contexts and actions as dictionaries.

Everything that decides and learns is the product's own: what stands here only says which of a dictionary's entries
are the viewer's attributes, tastes and title, and which are an artwork's tags and features.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.settings import Settings
from bandit.exploration import with_floor
from bandit.learners import Kind, new_learner
from bandit.sampling import draw, uniform_from
from bandit.types import Action, Context, Example

FLOOR = Settings.model_fields["exploration_floor"].default
TASTE = "taste_"
Entries = Mapping[str, str | float]


class KeyartPolicy:
    """`taste_drama` is a liking of `drama`; a word of an action is a tag, and so is a flag that tastes know."""

    kind: Kind = "logistic"

    def __init__(self, env: Any, seed: int = 0):
        self._learner = new_learner(self.kind)
        self._seed, self._decisions = seed, 0
        self._actions: dict[str, Action] = {}
        self._latest: tuple[Entries, Sequence[Entries], Context, list[Action]] | None = None

    def decide(self, context: Entries, actions: Sequence[Entries]) -> tuple[int, list[float]]:
        probabilities = with_floor(self._learner.probabilities(*self._seen(context, actions)), FLOOR)
        self._decisions += 1
        nonce = self._seed.to_bytes(8, "big", signed=True) + self._decisions.to_bytes(8, "big")
        return draw(probabilities, uniform_from(nonce)), probabilities

    def learn(
        self, context: Entries, actions: Sequence[Entries], index: int, probability: float, reward: float
    ) -> None:
        self._learner.learn(Example(*self._seen(context, actions), index, probability, reward))

    def _seen(self, context: Entries, actions: Sequence[Entries]) -> tuple[Context, list[Action]]:
        """Return both as the learner wants them; what was just decided is not translated again to be learned."""
        if self._latest is None or self._latest[0] is not context or self._latest[1] is not actions:
            self._latest = context, actions, *self._translated(context, actions)
        return self._latest[2:]

    def _translated(self, context: Entries, actions: Sequence[Entries]) -> tuple[Context, list[Action]]:
        taste = {key.removeprefix(TASTE): float(value) for key, value in context.items() if key.startswith(TASTE)}
        title = str(context.get("title", ""))
        attributes = {key: value for key, value in context.items() if key != "title" and not key.startswith(TASTE)}
        return Context(attributes, taste), [self._action(action, title, taste) for action in actions]

    def _action(self, entries: Entries, title: str, taste: Mapping[str, float]) -> Action:
        """Return the action; it is made once, as those of a catalogue are."""
        id_ = str(entries["id"])
        action = self._actions.get(id_)
        if action is None:
            described = {key: value for key, value in entries.items() if key != "id"}
            words = [value for value in described.values() if isinstance(value, str)]
            words += [key for key, value in described.items() if key in taste and value]
            features = {
                key: float(value)
                for key, value in described.items()
                if key not in taste and not isinstance(value, str)
            }
            action = self._actions[id_] = Action(id_, title, tuple(words), features)
        return action


class KeyartVowpal(KeyartPolicy):
    kind: Kind = "vowpal"

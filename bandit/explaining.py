"""The parts of a score: what each pair of a viewer's and a picture's features adds to the log-odds of a reward."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from bandit.types import Action, Context


class ViewerFeature(NamedTuple):
    """A feature of the context. `everyone` is the one that all contexts have.

    An attribute's `value` is a word, None for a word that few viewers use, or the number of standard deviations by
    which a number is above the mean. The value of a taste is the liking, above or below that of most viewers.
    """

    kind: Literal["everyone", "attribute", "taste", "showings"]
    name: str = ""
    value: str | float | None = None


class PictureFeature(NamedTuple):
    """A feature of an action. `artwork` is the action itself; tags and features have a name."""

    kind: Literal["artwork", "tag", "feature"]
    name: str = ""
    value: float | None = None


class Part(NamedTuple):
    viewer: ViewerFeature
    picture: PictureFeature
    log_odds: float


class Parts(NamedTuple):
    """The parts of an action's log-odds, averaged over the priors. Parts that all actions share are left out.

    `probability` is that of being the best, with the uncertainty of the score, before the floor.
    """

    parts: Sequence[Part]
    log_odds: float
    probability: float


@runtime_checkable
class Explainable(Protocol):
    """A learner whose scores are sums."""

    def parts(self, context: Context, actions: Sequence[Action]) -> list[Parts]:
        """Return the parts for each action, in the order of the actions."""

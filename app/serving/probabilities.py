"""The probability of each candidate: the group's rule, mixed with the floor."""

from collections.abc import Sequence

from app.catalogue.live import LiveTitle
from app.serving.best_single import BestSingle
from app.serving.model import Model
from app.serving.switch import Switch
from app.viewers.viewer import Viewer
from bandit.exploration import one_of, uniform, with_floor
from bandit.showings import by_picture, times
from bandit.types import Context


class ChoiceProbabilities:
    def __init__(self, model: Model, best_single: BestSingle, switch: Switch, floor: float):
        self._model, self._best_single, self._switch, self._floor = model, best_single, switch, floor

    @property
    def switched(self) -> bool:
        """Whether an operator has ordered default pictures for everyone, so that nothing is drawn."""
        return self._switch.default

    @property
    def snapshot(self) -> int | None:
        return self._model.snapshot

    async def of(
        self, viewer: Viewer, live_title: LiveTitle, candidates: Sequence[str], showings: Sequence[int] = ()
    ) -> list[float]:
        """Return the candidates' probabilities, summing to 1, none of them 0.

        The `showings` say how often the viewer was shown each candidate before; they are empty if none was.
        Raises `NoModelError` if the policy is needed and no snapshot has been published.
        """
        return with_floor(await self._by_group(viewer, live_title, candidates, showings), self._floor)

    async def _by_group(
        self, viewer: Viewer, live_title: LiveTitle, candidates: Sequence[str], showings: Sequence[int]
    ) -> Sequence[float]:
        n = len(candidates)
        if viewer.group == "uniform":
            return uniform(n)
        if viewer.group == "best_single":
            return one_of(n, await self._best_single.best(live_title.title.id, candidates))
        if viewer.group == "default":
            default = live_title.title.default
            return one_of(n, candidates.index(default)) if default in candidates else uniform(n)
        actions = [live_title.actions[artwork] for artwork in candidates]
        context = viewer.context
        if showings:
            shown = by_picture([action.id for action in actions], showings)
            context = Context(context.attributes, context.taste, showings=shown)
        return self._model.learner.probabilities(context, actions)


def showings_of(viewer: Viewer, live_title: LiveTitle, candidates: Sequence[str]) -> tuple[int, ...]:
    """Return how often the viewer was shown each candidate before; empty if none was."""
    if not viewer.showings:
        return ()
    return times(viewer.showings, [live_title.actions[artwork].id for artwork in candidates])

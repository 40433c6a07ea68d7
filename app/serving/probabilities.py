"""The probability of each candidate: the group's rule, mixed with the floor."""

from collections.abc import Sequence
from typing import NamedTuple

from app.catalogue.live import Candidates, LiveTitle
from app.serving.best_single import BestSingle
from app.serving.canary import Canary
from app.serving.model import Model
from app.serving.switch import Switch
from app.serving.turn import Computed, Turn
from app.viewers.viewer import Viewer
from assets.artwork import Artwork
from bandit.exploration import one_of, uniform, with_floor, with_least
from bandit.groups import CANARY
from bandit.showings import by_picture, times
from bandit.types import Case, Context

APART = frozenset({"uniform", "best_single", "default", CANARY})
"""The groups for which the learner in use is not asked."""


class Shown(NamedTuple):
    """The candidates of a title for one viewer.

    The `showings` say how often the viewer was shown each of them before; they are empty if none was.
    """

    live_title: LiveTitle
    candidates: Candidates
    showings: tuple[int, ...] = ()

    @classmethod
    def to(cls, viewer: Viewer, live_title: LiveTitle, artworks: Sequence[Artwork]) -> "Shown":
        candidates = live_title.candidates(artworks)
        if not viewer.showings:
            return cls(live_title, candidates)
        return cls(live_title, candidates, times(viewer.showings, [action.id for action in candidates.actions]))


class ChoiceProbabilities:
    def __init__(
        self,
        model: Model,
        best_single: BestSingle,
        switch: Switch,
        canary: Canary,
        floor: float,
        demands: Sequence[tuple[str, float]] = (),
    ):
        """Take the floor, and the tags with the least share of pictures that have them, in all groups."""
        self._model, self._best_single, self._switch, self._canary = model, best_single, switch, canary
        self._floor, self._demands = floor, demands
        self._turn = Turn(model)

    @property
    def switched(self) -> bool:
        """Whether an operator has ordered default pictures for everyone, so that nothing is drawn."""
        return self._switch.default

    @property
    def snapshot(self) -> int | None:
        return self._model.snapshot

    async def of(self, viewer: Viewer, titles: Sequence[Shown]) -> tuple[int | None, list[list[float]]]:
        """Return the snapshot in use, and each title's probabilities, summing to 1, none of them 0.

        Raises `NoModelError` if the policy is needed and no snapshot has been published.
        """
        if not titles or viewer.group in APART:
            snapshot, found = await self._apart(viewer, titles)
        else:
            snapshot, found = await self._turn.probabilities([_case(viewer.context, each) for each in titles])
        floored = [with_floor(each, self._floor) for each in found]
        if self._demands:
            floored = [self._with_least(each, shown) for each, shown in zip(floored, titles, strict=True)]
        return snapshot, floored

    async def _apart(self, viewer: Viewer, titles: Sequence[Shown]) -> Computed:
        """Ask the candidate for the canary, and the rule for each control group.

        The candidate has no number among the snapshots. If it is not usable, the learner in use decides.
        """
        if viewer.group != CANARY:
            return self._model.snapshot, [await self._by_rule(viewer, each) for each in titles]
        cases = [_case(viewer.context, each) for each in titles]
        found = self._canary.probabilities(cases)
        return (None, found) if found else await self._turn.probabilities(cases)

    def _with_least(self, probabilities: list[float], shown: Shown) -> list[float]:
        actions = shown.candidates.actions
        return with_least(
            probabilities, [([tag in action.tags for action in actions], share) for tag, share in self._demands]
        )

    async def _by_rule(self, viewer: Viewer, shown: Shown) -> Sequence[float]:
        ids, title = shown.candidates.ids, shown.live_title.title
        if viewer.group == "best_single":
            return one_of(len(ids), await self._best_single.best(title.id, ids))
        if viewer.group == "default" and title.default in ids:
            return one_of(len(ids), ids.index(title.default))
        return uniform(len(ids))


def _case(context: Context, shown: Shown) -> Case:
    actions = shown.candidates.actions
    if shown.showings:
        counts = by_picture([action.id for action in actions], shown.showings)
        context = Context(context.attributes, context.taste, showings=counts)
    return Case(context, actions)

"""The parts of the log-odds that the logistic learner adds up, by features of viewer and picture."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bandit.addition import added
from bandit.explaining import Part, PictureFeature, ViewerFeature
from bandit.logistic.crossing import Crossing, Single, Who, cells_of
from bandit.logistic.familiarity import STEPS, Familiarity
from bandit.logistic.table import Table
from bandit.types import Action, Context

EVERYONE, ARTWORK = ViewerFeature("everyone"), PictureFeature("artwork")
SHOWINGS = "showings"


class Slope(NamedTuple):
    """The effects of the viewer's own taste and of kindred tastes, averaged over the priors."""

    own: float
    kindred: float


class Scores:
    """The log-odds of one context, taken apart as `LogisticLearner.probabilities` adds them up."""

    def __init__(self, crossing: Crossing, table: Table, weights: Single, slope: Slope, context: Context):
        self._table, self._weights, self._context, self._slope = table, weights, context, slope
        self._who: Who = crossing.who(context)
        self._viewer = [EVERYONE, *crossing.known(context.attributes), *_tastes(self._who.liking)]
        self._crossing = crossing

    def of(self, action: Action) -> list[Part]:
        """Return the parts of an action that are not 0, the greatest first. Each pair of features has one."""
        sums: dict[tuple[ViewerFeature, PictureFeature], float] = {}
        for part in (*self._crossed(action), *self._liked(action), *self._shown(action)):
            pair = part.viewer, part.picture
            sums[pair] = sums.get(pair, 0.0) + part.log_odds
        parts = [Part(*pair, log_odds) for pair, log_odds in sums.items() if log_odds]
        return sorted(parts, key=lambda part: -abs(part.log_odds))

    def _crossed(self, action: Action) -> Iterator[Part]:
        what, who = self._crossing.what(action), self._who
        looks = [*_looks(action), ARTWORK]
        cells = cells_of(who.hashes, np.append(what.looks, what.own[0]))
        effects = (self._table.at(cells) @ self._weights).astype(np.float64) * who.amounts[:, None]
        effects *= np.append(what.amounts, 1.0)
        effects[who.attributes :, -1] = 0.0  # tastes have no effect on an artwork alone
        for viewer, row in zip(self._viewer, effects.tolist(), strict=True):
            yield from (Part(viewer, look, effect) for look, effect in zip(looks, row, strict=True))

    def _liked(self, action: Action) -> Iterator[Part]:
        liking, kindred, n = self._who.liking, self._who.kindred, len(action.tags)
        for tag in action.tags if liking else ():
            worth = self._slope.own * liking.get(tag, 0.0) + self._slope.kindred * kindred.get(tag, 0.0)
            yield Part(ViewerFeature("taste", tag, liking.get(tag)), PictureFeature("tag", tag), worth / n)

    def _shown(self, action: Action) -> Iterator[Part]:
        count = self._context.showings.get(action.id, 0)
        if count:
            effects = self._table.at(Familiarity.CELLS[: bisect_right(STEPS, count)]) @ self._weights
            yield Part(ViewerFeature("showings", SHOWINGS, count), ARTWORK, added(effects.tolist()))


def _tastes(liking: Mapping[str, float]) -> list[ViewerFeature]:
    return [ViewerFeature("taste", tag, value) for tag, value in liking.items()]


def _looks(action: Action) -> Sequence[PictureFeature]:
    tags = [PictureFeature("tag", tag) for tag in action.tags]
    return [*tags, *[PictureFeature("feature", name, value) for name, value in action.features.items() if value]]

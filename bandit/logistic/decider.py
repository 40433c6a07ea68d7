"""The probabilities of actions by what a learner knows at present."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

import numpy as np

from bandit.logistic.averages import Averages
from bandit.logistic.belief import Slopes
from bandit.logistic.crossing import Candidates, Crossing, Hashes, Single, cells_of
from bandit.logistic.familiarity import Familiarity
from bandit.logistic.kinship import Worth
from bandit.logistic.matching import all_matched
from bandit.logistic.prior import PRIORS
from bandit.logistic.table import Table
from bandit.types import Action, Case, Context, Probabilities

BOLDNESS = 0.3
"""The factor of standard deviations when actions are compared; see Chapelle & Li 2011, section 4."""
VIEWERS = 2_000
"""Viewers in memory, some 10 MB, because a row may be requested title by title."""
ANSWERS = 5_000
"""Probabilities of viewers without a taste that are remembered, in some 5 MB, and as many deviations in some 3."""

_M = len(PRIORS)
V = TypeVar("V")
TOGETHER = 32
"""The most cases that are computed together, in about a megabyte: a core has little more memory near it."""
Asked = tuple[tuple[tuple[str, str | float], ...], tuple[Action, ...]]
"""The attributes of a viewer, and the actions."""


class Watching(NamedTuple):
    """The parts of a context that decisions need."""

    taste: Mapping[str, float]
    """The taste itself, kept as long as its address is a key."""
    hashes: Hashes
    amounts: Single
    attributes: int
    worth: Worth | None
    """The part of each tag in the log-odds; None without a taste."""


class Decider:
    """Decides for a learner until it learns the next example, and remembers its work as long."""

    def __init__(
        self, crossing: Crossing, averages: Averages, table: Table, slopes: Sequence[Slopes], artworks: Single
    ):
        """Take the parts of the learner.

        The variances of the effects that attributes have on an artwork are in `artworks`. The first is that of the
        artwork alone.
        """
        self._crossing, self._table, self._artworks = crossing, table, artworks
        self._weights = averages.by_column()
        self._own = averages.of([each.own for each in slopes])
        self._kindred = averages.of([each.kindred for each in slopes])
        self._viewers: dict[tuple[int, tuple[tuple[str, str | float], ...]], Watching] = {}
        self._answers: dict[Asked, Probabilities] = {}
        self._deviations: dict[Asked, Single] = {}
        self._familiarity: Familiarity | None = None

    def remembered(self, case: Case) -> Probabilities | None:
        """Return the probabilities of a viewer without taste and showings if they were computed before.

        Such viewers often share their few attributes.
        """
        context, actions = case
        if context.taste or context.showings:
            return None
        return self._answers.get((tuple(context.attributes.items()), tuple(actions)))

    def probabilities(self, cases: Sequence[Case]) -> list[Probabilities]:
        answers = [self.remembered(case) for case in cases]
        new = [case for case, answer in zip(cases, answers, strict=True) if answer is None]
        some = [new[start : start + TOGETHER] for start in range(0, len(new), TOGETHER)]
        computed = chain.from_iterable(map(self._computed, some))
        return [next(computed) if answer is None else answer for answer in answers]

    def _computed(self, cases: Sequence[Case]) -> list[Probabilities]:
        asked = list(map(_asked, cases))
        contexts = [case.context for case in cases]
        computed: list[Probabilities] = [*all_matched(self._values(contexts, asked))]
        for place, context in enumerate(contexts):
            if not (context.taste or context.showings):
                computed[place] = _keep(self._answers, asked[place], tuple(computed[place]))
        return computed

    def _values(self, contexts: Sequence[Context], asked: Sequence[Asked]) -> list[tuple[Single, Single]]:
        """Return the means of the actions' log-odds, and the deviations that they are compared with.

        Each step is done for all cases before the next step. This takes less time than all steps for one case
        after the other, because a processor has the code of a step at hand when it repeats it.
        """
        watched = [self._watching(each, attributes) for each, (attributes, _) in zip(contexts, asked, strict=True)]
        candidates = [self._crossing.candidates(actions) for _, actions in asked]
        cells = [cells_of(one.hashes, each.hashes) for one, each in zip(watched, candidates, strict=True)]
        held = list(map(self._table.at, cells))
        for one, each, (_, actions) in zip(watched, held, asked, strict=True):
            each[one.attributes :, -len(actions) :] = 0.0  # tastes have no effect on an artwork alone
        effects = [_summed(one.amounts, each) @ self._weights for one, each in zip(watched, held, strict=True)]
        means = list(map(_means, effects, candidates))
        self._add_worth(means, watched, candidates)
        self._add_familiarity(means, contexts, asked)
        return list(zip(means, map(self._deviations_of, asked, watched, held), strict=True))

    def _add_worth(
        self, means: Sequence[Single], watched: Sequence[Watching], candidates: Sequence[Candidates]
    ) -> None:
        for mean, one, each in zip(means, watched, candidates, strict=True):
            if one.worth:
                np.add(mean, self._crossing.liked(one.worth, each), out=mean)

    def _add_familiarity(
        self, means: Sequence[Single], contexts: Sequence[Context], asked: Sequence[Asked]
    ) -> None:
        for mean, context, (_, actions) in zip(means, contexts, asked, strict=True):
            if context.showings:
                parts = self._familiar().of(context.showings, [action.id for action in actions])
                np.add(mean, parts, out=mean)

    def _deviations_of(self, asked: Asked, watching: Watching, held: Single) -> Single:
        deviations = self._deviations.get(asked)
        if deviations is None:
            known, n = watching.attributes, len(asked[1])
            deviations = self._spread(watching.amounts[:known], held[:known, -n:, _M:])
            _keep(self._deviations, asked, deviations)
        return deviations

    def _spread(self, amounts: Single, known: Single) -> Single:
        """Return the deviations, by the precisions of the effects that attributes have on the artworks."""
        variances = _summed(amounts**2, self._artworks[: len(amounts)] / (1 + known))
        deviations: Single = BOLDNESS * (np.sqrt(variances) @ self._weights[:_M])
        return deviations

    def _watching(self, context: Context, attributes: tuple[tuple[str, str | float], ...]) -> Watching:
        """Return the prepared context, made once for a page and for repeated requests of a viewer.

        A taste counts as the same as long as it is the same object.
        """
        key = id(context.taste), attributes
        watching = self._viewers.get(key)
        if watching is None:
            if len(self._viewers) >= VIEWERS:
                self._viewers.clear()
            watching = self._viewers[key] = self._watched(context)
        return watching

    def _watched(self, context: Context) -> Watching:
        who, worth = self._crossing.watching(context, self._own, self._kindred)
        return Watching(context.taste, who.hashes, who.amounts, who.attributes, worth)

    def _familiar(self) -> Familiarity:
        """Return the effects of showings, read once."""
        if self._familiarity is None:
            effects = self._table.at(Familiarity.CELLS) @ self._weights
            self._familiarity = Familiarity(effects.tolist())
        return self._familiarity


def _asked(case: Case) -> Asked:
    return tuple(case.context.attributes.items()), tuple(case.actions)


def _means(effects: Single, candidates: Candidates) -> Single:
    looks = len(candidates.amounts)
    means: Single = np.add.reduceat(effects[:looks] * candidates.amounts, candidates.begins)
    means += effects[looks:]
    return means


def _keep(remembered: dict[Asked, V], asked: Asked, found: V) -> V:
    if len(remembered) >= ANSWERS:
        remembered.clear()
    remembered[asked] = found
    return found


def _summed(amounts: Single, held: Single) -> Single:
    """Sum over the viewer's features: (w,) with (w, n, c) is (n, c)."""
    w, n, columns = held.shape
    summed: Single = (amounts @ held.reshape(w, -1)).reshape(n, columns)
    return summed

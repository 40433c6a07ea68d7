"""The effects of repeated showings: fatigue, or a liking of the familiar."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate

import numpy as np

from bandit.logistic.crossing import ONE, Cells, cells_of, hashed

STEPS = (1, 2, 4, 8)
"""A picture that was shown so often has one more effect at each step, so that no shape of fatigue is assumed."""
OF_TITLE = (1, 2, 4, 8, 16, 32)
"""The steps of the showings of all candidates together."""


def _cells(of: str, steps: Sequence[int]) -> Cells:
    hashes = [hashed("N", f"{of} {step}") for step in steps]
    return cells_of(np.array([ONE], np.uint64), np.array(hashes, np.uint64)).ravel()


NO_CELLS: Cells = np.empty(0, np.intp)
_PICTURE, _TITLE = _cells("picture", STEPS), _cells("title", OF_TITLE)


def cells_for(showings: Mapping[str, int], picture: str) -> Cells:
    """Return the cells of an example's effects: the steps of the picture, and those of its title.

    Some viewers come often, or never click a title that they were shown often. The steps of the title take up
    this difference, which is equal for all candidates, so the steps of the picture have only the loss or gain of
    the picture itself.
    """
    return _reached(bisect_right(STEPS, showings.get(picture, 0)), bisect_right(OF_TITLE, sum(showings.values())))


@cache
def _reached(own: int, every: int) -> Cells:
    """Return the cells of the first steps of each kind. There are few pairs, and an array takes longer to make."""
    return np.concatenate([_PICTURE[:own], _TITLE[:every]])


class Familiarity:
    """The parts that showings have in the log-odds of pictures, by the effects of the steps."""

    CELLS = _PICTURE

    def __init__(self, effects: Sequence[float]):
        self._parts = [0.0, *accumulate(effects)]

    def of(self, showings: Mapping[str, int], pictures: Sequence[str]) -> list[float]:
        """Return the part of each picture. That of the title is left out, because it changes no choice."""
        return [self._parts[bisect_right(STEPS, showings.get(picture, 0))] for picture in pictures]

"""The comparison of a candidate: scores when pictures are shown, and rewards when their windows close."""

from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from bandit.paired_difference import PairedDifference, Score

MOST = 100_000
"""Exposures whose window is open and that are scored. Others are not compared while there are so many."""
_ROW = Struct("<qqI5d")


class _Open(NamedTuple):
    ends: int
    viewer: int
    score: Score


@dataclass(slots=True)
class Comparing:
    """The differences so far, and the scores of exposures whose window is open, by the position that opened it.

    A score is that of the candidate as it was when the picture was shown, because the incumbent knew no more. At
    the close the candidate would have learned from all other exposures of the window.
    """

    paired: PairedDifference = field(default_factory=PairedDifference)
    _open: dict[int, _Open] = field(default_factory=dict)

    @property
    def has_room(self) -> bool:
        return len(self._open) < MOST

    def open(self, opened: int, ends: int, viewer: int, score: Score) -> None:
        self._open[opened] = _Open(ends, viewer, score)

    def close(self, opened: int, reward: float | None) -> None:
        """Count an exposure that was scored; without a reward it is left out."""
        found = self._open.pop(opened, None)
        if found and reward is not None:
            self.paired.add(found.viewer, found.score.with_reward(reward))

    def let_go(self, stamp: int) -> None:
        """Forget exposures whose window ended before and did not close, because a void took the decision back."""
        while self._open:
            opened, oldest = next(iter(self._open.items()))
            if oldest.ends >= stamp:
                return
            del self._open[opened]

    def packed(self) -> bytes:
        """Return the scores of the exposures whose window is open."""
        rows = ((opened, each.ends, each.viewer, *each.score) for opened, each in self._open.items())
        return b"".join(_ROW.pack(*row) for row in rows)

    @classmethod
    def restore(cls, paired: PairedDifference, packed: bytes) -> "Comparing":
        rows = _ROW.iter_unpack(packed)
        return cls(paired, {opened: _Open(ends, viewer, Score(*score)) for opened, ends, viewer, *score in rows})

"""The viewers of an import, as their earlier rows tell of them."""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from bandit.showings import by_mark, shown, times
from bandit.taste import Base, Taste

REMEMBERED = 50_000
"""Viewers that are remembered: those of the latest rows, each with up to 3 kB."""


class ViewersSoFar:
    """Keeps the taste and the showings of each viewer before the next row, as the service does before a decision.

    Without them the learner would not learn from the rows what taste and showings do to a click's probability.
    They depend on the rows of this import alone.
    """

    def __init__(self) -> None:
        self._everyone = Base()
        self._known: OrderedDict[str, bytes] = OrderedDict()

    def before(self, viewer: str | None, pictures: Sequence[str]) -> tuple[dict[str, float], tuple[int, ...]]:
        """Return the taste, and how often each picture was shown."""
        if viewer is None or viewer not in self._known:
            return {}, ()
        taste, showings = _decode(self._known[viewer])
        return taste.values(self._everyone), times(by_mark(showings), pictures)

    def take(self, viewer: str | None, words: tuple[str, ...], picture: str, reward: float, at: int) -> None:
        """Count a row."""
        self._everyone.shown += 1.0
        self._everyone.liked += reward
        if viewer is None:
            return
        known = self._known.pop(viewer, None)
        taste, showings = _decode(known) if known else (Taste(), b"")
        taste.show(words, at)
        if reward:
            taste.like(words, reward, at)
        self._known[viewer] = _encode((taste, shown(showings, picture)))
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Taste, bytes]).decode

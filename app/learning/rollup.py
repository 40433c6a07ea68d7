"""The sums of the present hour or day: the busiest parts by name, and the rest together."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from app.records import encode
from app.store.protocol import Period, SeriesChange, SeriesKey, Sums

Part = tuple[str, ...]
Changed = dict[SeriesKey, Sums | None]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The parts that a period keeps by name, and the bounds of its rows.

    `part` returns the part that a key belongs to, and `rest` the key that its sums go to if it is not kept. An
    ended period keeps the `parts` with the most exposures, as far as they have at most `rows` rows. The present
    period has at most `growing` rows: before it has more, it keeps only what an ended one would. The store keeps
    `periods` periods.
    """

    part: Callable[[SeriesKey], Part]
    rest: Callable[[SeriesKey], SeriesKey]
    parts: int
    rows: int
    growing: int
    periods: int


class Rollup:
    """Counts exposures in periods that follow each other, and keeps changes apart for the next commit.

    Windows close in the order of their deadlines, so an ended period never changes, and only the present one is
    in memory as rows. The changes of ended periods wait for a commit in a packed form.
    """

    def __init__(self, bounds: Bounds, present: Period, *, apart: bool):
        self._bounds, self.at = bounds, present.at
        self.rows: dict[SeriesKey, Sums] = {(a, b, c): sums for a, b, c, sums in present.rows}
        self._apart = apart
        """Whether the next commit replaces the stored rows from `_since` on."""
        self._since = present.at if present.rows else None
        self._changed: set[SeriesKey] = set(self.rows) if apart else set()
        self._ended: dict[int, bytes] = {}

    def take(self, at: int, key: SeriesKey) -> Sums:
        """Return the sums that an exposure of the period `at` is to be added to."""
        if at != self.at:
            self._turn(at)
        self._changed.add(key)
        sums = self.rows.get(key)
        return self._new(key) if sums is None else sums

    def state(self) -> Period:
        return Period(self.at, [(*key, msgspec.structs.replace(self.rows[key])) for key in sorted(self.rows)])

    def change(self) -> SeriesChange:
        return SeriesChange(self, self._since if self._apart else None, self._before)

    def __iter__(self) -> Iterator[tuple[int, SeriesKey, Sums | None]]:
        """Yield the changed rows: those of ended periods first."""
        for at, packed in self._ended.items():
            yield from ((at, key, sums) for key, sums in _unpacked(packed).items())
        yield from self._present()

    def _present(self) -> Iterator[tuple[int, SeriesKey, Sums | None]]:
        for key in self._changed:
            sums = self.rows.get(key)
            if sums is not None or not self._apart:  # otherwise all stored rows of the period are deleted
                yield self.at, key, sums

    def settle(self) -> None:
        self._apart = False
        self._changed.clear()
        self._ended.clear()

    def periods(self) -> Iterator[tuple[int, Changed]]:
        """Yield the periods that changed since the last commit: for a fold that never commits, all of them."""
        for at, packed in self._ended.items():
            yield at, _unpacked(packed)
        if self.rows:
            yield self.at, dict(self.rows)

    @property
    def since(self) -> int | None:
        """Return the first period that this fold has counted in; None before its first exposure."""
        return self._since

    @property
    def _before(self) -> int:
        return self.at - self._bounds.periods + 1

    def _turn(self, at: int) -> None:
        if self.rows:
            self._prune()
            self._ended[self.at] = _packed({key: sums for _, key, sums in self._present()})
        self.rows, self._changed, self.at = {}, set(), at
        for old in [each for each in self._ended if each < self._before]:
            del self._ended[old]

    def _new(self, key: SeriesKey) -> Sums:
        if len(self.rows) >= self._bounds.growing:
            self._prune()
        if self._since is None:
            self._since = self.at
        return self.rows.setdefault(key, Sums())

    def _prune(self) -> None:
        """Keep the busiest parts, and add the others to the rest, in an order that depends on nothing else."""
        part, rest = self._bounds.part, self._bounds.rest
        kept = self._busiest()
        for key in sorted(key for key in self.rows if part(key) not in kept and key != rest(key)):
            into = rest(key)
            self.rows.setdefault(into, Sums()).include(self.rows.pop(key))
            self._changed |= {key, into}

    def _busiest(self) -> set[Part]:
        exposures, rows = Counter[Part](), Counter[Part]()
        for key, sums in self.rows.items():
            if key != self._bounds.rest(key):
                part = self._bounds.part(key)
                exposures[part] += sums.exposures
                rows[part] += 1
        kept, room = set(), self._bounds.rows
        for part in sorted(exposures, key=lambda part: (-exposures[part], part))[: self._bounds.parts]:
            room -= rows[part]
            if room < 0:
                break
            kept.add(part)
        return kept


def _packed(changed: Changed) -> bytes:
    return zlib.compress(encode([(*key, sums) for key, sums in changed.items()]), 1)


def _unpacked(packed: bytes) -> Changed:
    return {(a, b, c): sums for a, b, c, sums in _decode(zlib.decompress(packed))}


_decode = msgspec.json.Decoder(list[tuple[str, str, str, Sums | None]]).decode

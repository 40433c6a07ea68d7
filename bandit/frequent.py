"""The words that are seen most, of any number of words."""

from collections.abc import Mapping, Sequence


class Frequent:
    """Counts at most `most` words: Space-Saving (Metwally, Agrawal and El Abbadi 2005, section 3.1).

    When all counters are taken, a new word takes over the least of them (of equals the one that has stood at its
    count longest) and counts on from there. So no flood of words that come once displaces one that comes often.
    What a word took over was not its own: it is known only once it was seen more often than that, for otherwise
    each of a flood's words would be known for a moment, and leave its weights behind.
    """

    __slots__ = ("_by_count", "_counts", "_most", "_taken_over")

    def __init__(self, most: int, state: Mapping[str, Sequence[int]] | None = None):
        self._most = most
        self._counts: dict[str, int] = {}
        self._taken_over: dict[str, int] = {}
        self._by_count: dict[int, dict[str, None]] = {}
        for word, (count, taken_over) in (state or {}).items():
            self._put(word, count, taken_over)

    def observe(self, word: str) -> bool:
        """Count a word, and tell whether another set of words may be known now."""
        count = self._counts.get(word)
        if count is not None:
            knew = self.knows(word)
            self._put(word, count + 1, self._remove(word))
            return not knew and self.knows(word)
        least = 0
        if len(self._counts) >= self._most:
            least = min(self._by_count)
            self._remove(next(iter(self._by_count[least])))
        self._put(word, least + 1, least)
        return True

    def knows(self, word: str) -> bool:
        return self._counts.get(word, 0) > 2 * self._taken_over.get(word, 0)

    def state(self) -> dict[str, tuple[int, int]]:
        """Return each word's count and how much of that it took over; the order is a part of it."""
        return {
            word: (count, self._taken_over.get(word, 0))
            for count, equals in self._by_count.items()
            for word in equals
        }

    def _put(self, word: str, count: int, taken_over: int) -> None:
        self._counts[word] = count
        if taken_over:
            self._taken_over[word] = taken_over
        self._by_count.setdefault(count, {})[word] = None

    def _remove(self, word: str) -> int:
        """Take a word out, and return how much of its count it had taken over."""
        count = self._counts.pop(word)
        equals = self._by_count[count]
        del equals[word]
        if not equals:
            del self._by_count[count]
        return self._taken_over.pop(word, 0)

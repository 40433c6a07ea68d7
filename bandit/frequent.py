"""The most frequent words among any number of words."""

from collections.abc import Mapping, Sequence


class Frequent:
    """Counts at most `most` words: Space-Saving (Metwally, Agrawal and El Abbadi 2005, section 3.1).

    When all counters are taken, a new word takes over the least of them (of equals the earliest) and counts on
    from there. A flood of words that come once does not displace a frequent one. A word is known only once it was
    seen more often than the count that it took over. Otherwise each word of a flood would be known for a moment,
    and leave its weights behind.
    """

    __slots__ = ("_counts", "_most", "_taken_over")

    def __init__(self, most: int, state: Mapping[str, Sequence[int]] | None = None):
        self._most = most
        self._counts = {word: count for word, (count, _) in (state or {}).items()}
        self._taken_over = {word: taken_over for word, (_, taken_over) in (state or {}).items() if taken_over}

    def observe(self, word: str) -> bool:
        """Count a word, and tell whether another set of words may be known now."""
        count = self._counts.get(word)
        if count is not None:
            self._counts[word] = count + 1
            return count == 2 * self._taken_over.get(word, 0)
        least = self._give_up_least() if len(self._counts) >= self._most else 0
        self._counts[word] = least + 1
        if least:
            self._taken_over[word] = least
        return True

    def has_counter(self, word: str) -> bool:
        """Tell whether the word has a counter, known or not."""
        return word in self._counts

    def full(self) -> bool:
        return len(self._counts) >= self._most

    def knows(self, word: str) -> bool:
        return self._counts.get(word, 0) > 2 * self._taken_over.get(word, 0)

    def state(self) -> dict[str, tuple[int, int]]:
        """Return each word's count and the part of it that it took over; the order is a part of the state."""
        return {word: (count, self._taken_over.get(word, 0)) for word, count in self._counts.items()}

    def _give_up_least(self) -> int:
        """Free a counter and return its count. All are examined, but only for words never seen before."""
        word = min(self._counts, key=self._counts.__getitem__)
        self._taken_over.pop(word, None)
        return self._counts.pop(word)

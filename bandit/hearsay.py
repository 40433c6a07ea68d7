"""New words, until it is known whether more than one viewer uses them."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from bandit.types import Witness

PROFILES = 3
"""The number of different profiles after which a word is known."""
DECISIONS, HOURS = 30, 3
"""The decisions without a profile after which a word is known as well, and their number of different hours."""
PLACES = 512
"""Words that are kept at a time, each with some 60 bytes of every snapshot."""
LONGEST = 256
"""Characters of key and value together; a longer word is never known."""
Word = tuple[str, str]
"""An attribute's key, and its value."""


class Heard(NamedTuple):
    """A word and its users. It outlives `strength` other words of its place."""

    word: Word
    strength: int = 0
    profiles: tuple[int, ...] = ()
    decisions: int = 0
    hours: tuple[int, ...] = ()

    def by(self, witness: Witness) -> "Heard":
        stronger = self._replace(strength=self.strength + 1)
        if not witness.profile:
            hours = tuple(dict.fromkeys((*self.hours, witness.hour)))[:HOURS]
            return stronger._replace(decisions=self.decisions + 1, hours=hours)
        if witness.profile in self.profiles:
            return self
        return stronger._replace(profiles=(*self.profiles, witness.profile))

    @property
    def known(self) -> bool:
        return len(self.profiles) >= PROFILES or (self.decisions >= DECISIONS and len(self.hours) >= HOURS)


class Hearsay:
    """Remembers the users of new words, in a table of fixed size.

    Each word has one place. If another word has it, that one loses strength, and the new one replaces it when no
    strength is left (Misra & Gries 1982 count so). A word that is used often therefore outlives a flood of words
    that are used once. The salt of the first witness decides which words share a place, so that nobody outside can
    choose words that push another one out.
    """

    def __init__(self, salt: int = 0, heard: Sequence[Heard] = ()):
        self._salt = salt
        self._heard = {self._index(each.word): each for each in heard}

    def __len__(self) -> int:
        return len(self._heard)

    def confirms(self, word: Word, witness: Witness) -> bool:
        """Add a witness, and tell whether the word is known from now on; if so, it is forgotten here."""
        if len(word[0]) + len(word[1]) > LONGEST:
            return False
        if not self._salt and not self._heard:
            self._salt = witness.salt
        place = self._index(word)
        there = self._heard.get(place) or Heard(word)
        if there.word != word:
            if there.strength > 0:
                self._heard[place] = there._replace(strength=there.strength - 1)
                return False
            there = Heard(word)
        now = self._heard[place] = there.by(witness)
        if now.known:
            del self._heard[place]
        return now.known

    def forget(self, profile: int) -> None:
        """Forget every word that a profile has used: it identifies the profile until several others use it."""
        self._heard = {place: each for place, each in self._heard.items() if profile not in each.profiles}

    def state(self) -> list[Any]:
        return [self._salt, [list(self._heard[place]) for place in sorted(self._heard)]]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> "Hearsay":
        salt, heard = state
        return cls(
            int(salt),
            [
                Heard((word[0], word[1]), strength, tuple(profiles), decisions, tuple(hours))
                for word, strength, profiles, decisions, hours in heard
            ],
        )

    def _index(self, word: Word) -> int:
        text = f"{self._salt} {word[0]}={word[1]}".encode(errors="surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") % PLACES

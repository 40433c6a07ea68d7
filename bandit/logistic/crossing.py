"""Crossed features of viewer and action, whose effects are learned, by their cells in one table."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from math import prod, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandit.encoding import word
from bandit.explaining import ViewerFeature
from bandit.logistic.belief import Floats
from bandit.logistic.kinship import Kinship, Worth, means_over
from bandit.logistic.scale import Scale
from bandit.types import Action, Attributes, Context
from bandit.vocabulary import Vocabulary, is_other

BITS = 20
CELLS = 1 << BITS
ACTIONS, SETS = 20_000, 5_000
"""The most actions and sets of them in memory, some 20 MB; a changing catalogue leaves old ones behind."""
WIDEST = 3.0
Hashes = NDArray[np.uint64]
Single = NDArray[np.float32]
Cells = NDArray[np.intp]
_SHIFT = np.uint64(64 - BITS)
_NONE = np.uint64(1)


class Who(NamedTuple):
    """A context as features: 1, its attributes, and its tastes, in this order."""

    hashes: Hashes
    amounts: Single
    attributes: int
    """The number of features before the tastes, including the 1."""
    liking: dict[str, float]
    kindred: dict[str, float]
    showings: Mapping[str, int]


class What(NamedTuple):
    """An action as features: its looks, and its own ones: the artwork, its title, and 1."""

    looks: Hashes
    amounts: Floats
    own: Hashes
    tags: tuple[str, ...]
    id: str


class Candidates(NamedTuple):
    hashes: Hashes
    """The looks of all actions, one action's after the other's, and then the artworks themselves."""
    amounts: Single
    """The amounts of the looks."""
    begins: NDArray[np.intp]
    """The index at which the looks of each action begin."""
    tags: tuple[tuple[str, ...], ...]


class Crossing:
    """Turns contexts and actions into features, and remembers those of actions.

    The features of attributes and tastes depend on the contexts admitted before, in the order of the log.
    """

    def __init__(self, vocabulary: Vocabulary | None = None, kinship: Kinship | None = None):
        self._vocabulary = vocabulary or Vocabulary(Scale)
        self._kinship = kinship or Kinship()
        self._whats: dict[Action, What] = {}
        self._sets: dict[tuple[Action, ...], Candidates] = {}

    def admit(self, context: Context) -> Who:
        """Admit a context, and return its features from now on."""
        self._vocabulary.admit(context.attributes, context.witness)
        return self._who(context, *self._kinship.admit(context.taste))

    def forget(self, profile: int) -> None:
        self._vocabulary.forget(profile)

    def who(self, context: Context) -> Who:
        liking = self._kinship.centred(context.taste)
        return self._who(context, liking, self._kinship.kindred(liking) if liking else {})

    def known(self, attributes: Attributes) -> list[ViewerFeature]:
        """Return the attributes that are features, in their order. An explanation of a score names them."""
        found = [(key, value, self._vocabulary.features({key: value})) for key, value in attributes.items()]
        return [_told(key, value, *features[0]) for key, value, features in found if features]

    def watching(self, context: Context, own: float, kindred: float) -> tuple[Who, Worth | None]:
        """Return a context without kindred tastes, and the worth of tags (`Kinship.worth`)."""
        liking = self._kinship.centred(context.taste)
        worth = self._kinship.worth(liking, own, kindred) if liking else None
        return self._who(context, liking, {}), worth

    def liked(self, worth: Worth, candidates: Candidates) -> Floats:
        """Return the mean worth of the tags of each candidate."""
        return means_over(worth, self._kinship.tag_rows(candidates.tags))

    def _who(self, context: Context, liking: dict[str, float], kindred: dict[str, float]) -> Who:
        known = self._vocabulary.features(context.attributes)
        hashes = [ONE, *[hashed("C", name) for name, _ in known], *[hashed("S", tag) for tag in liking]]
        amounts = np.array([1.0, *[amount for _, amount in known], *liking.values()], np.float32)
        return Who(np.array(hashes, np.uint64), amounts, 1 + len(known), liking, kindred, context.showings)

    def what(self, action: Action) -> What:
        what = self._whats.get(action)
        if what is None:
            if len(self._whats) >= ACTIONS:
                self._whats.clear()
            what = self._whats[action] = _what(action)
        return what

    def candidates(self, actions: Sequence[Action]) -> Candidates:
        key = tuple(actions)
        candidates = self._sets.get(key)
        if candidates is None:
            if len(self._sets) >= SETS:
                self._sets.clear()
            candidates = self._sets[key] = _side_by_side([_what(action) for action in key])
        return candidates

    def take_over(self, before: "Crossing") -> None:
        """Take over the remembered actions of another, because they do not depend on learning."""
        self._whats, self._sets = before._whats, before._sets  # noqa: SLF001  one of its own kind
        self._kinship.take_over(before._kinship)  # noqa: SLF001  as above

    def state(self) -> dict[str, Any]:
        return {"vocabulary": self._vocabulary.state(), "kinship": self._kinship.state()}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "Crossing":
        return cls(Vocabulary.restore(state["vocabulary"], Scale), Kinship.restore(state["kinship"]))


def _told(key: str, value: str | float, feature: str, amount: float) -> ViewerFeature:
    if isinstance(value, str):
        return ViewerFeature("attribute", key, None if is_other(feature) else value)
    return ViewerFeature("attribute", key, amount)


def crossed(who: Who, what: What, more: Cells) -> tuple[Cells, Floats]:
    """Return the cells and the amounts of all crossed features of viewer and action.

    First come the looks for each feature of the viewer, then the action's own features for each attribute, and
    then `more` cells, each with the amount 1.
    """
    by_look, known = (len(who.hashes), len(what.looks)), (who.attributes, len(what.own))
    looks = prod(by_look)
    end = looks + prod(known)
    pairs, amounts = np.empty(end + len(more), np.uint64), np.empty(end + len(more))
    np.multiply.outer(who.hashes, what.looks, out=pairs[:looks].reshape(by_look))
    np.multiply.outer(who.hashes[: known[0]], what.own, out=pairs[looks:end].reshape(known))
    pairs >>= _SHIFT
    pairs[end:] = more
    of_who = who.amounts.astype(np.float64)
    np.multiply.outer(of_who, what.amounts, out=amounts[:looks].reshape(by_look))
    amounts[looks:end].reshape(known)[:] = of_who[: known[0], None]
    amounts[end:] = 1.0
    return pairs.view(np.intp), amounts


def cells_of(who: Hashes, what: Hashes) -> Cells:
    """Return the cell of each pair, shape (len(who), len(what)): multiplicative hashing (Knuth, section 6.4)."""
    pairs = who[:, None] * what
    pairs >>= _SHIFT
    return pairs.view(np.intp)


@lru_cache(maxsize=1 << 16)
def hashed(space: str, text: str) -> int:
    """Return an odd 64-bit number, so that products spread over all cells."""
    content = text.encode(errors="surrogatepass")
    digest = blake2b(content, digest_size=8, person=b"keyart-" + space.encode()).digest()
    return int.from_bytes(digest, "big") | 1


ONE = hashed("1", "")


def _what(action: Action) -> What:
    """Return the features; each of n tags has the amount 1/√n, so that the squares of the amounts sum to 1."""
    share = 1 / sqrt(max(1, len(action.tags)))
    looks = [(hashed("A", tag), share) for tag in action.tags]
    looks += [(hashed("F", word(name)), _drawn_in(value)) for name, value in action.features.items() if value]
    return What(
        np.array([hash_ for hash_, _ in looks], np.uint64),
        np.array([amount for _, amount in looks]),
        np.array([hashed("I", action.id), hashed("T", action.title), ONE], np.uint64),
        action.tags,
        action.id,
    )


def _drawn_in(value: float) -> float:
    return max(-WIDEST, min(WIDEST, value))


def _side_by_side(whats: Sequence[What]) -> Candidates:
    """Add a look of amount 0 to each action, because sums by action need at least one."""
    looks = [np.append(what.looks, _NONE) for what in whats]
    artworks = np.array([what.own[0] for what in whats], np.uint64)
    return Candidates(
        np.concatenate([*looks, artworks]),
        np.concatenate([np.append(what.amounts, 0.0) for what in whats]).astype(np.float32),
        np.cumsum([0, *map(len, looks[:-1])]),
        tuple(what.tags for what in whats),
    )

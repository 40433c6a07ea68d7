"""The draw of an action, which anyone who holds the record can repeat."""

from hashlib import blake2b

from bandit.types import Probabilities


def uniform_from(seed: bytes) -> float:
    """Return a number in [0, 1) with 53 random bits, the same for the same seed."""
    digest = blake2b(seed, digest_size=8, person=b"keyart-draw").digest()
    return (int.from_bytes(digest, "big") >> 11) * 2.0**-53


def draw(probabilities: Probabilities, u: float) -> int:
    """Return the index at which the cumulative distribution first exceeds `u` (inverse CDF).

    Rounding can leave the last cumulative sum slightly below 1: then the result is the last action with a
    probability above 0.
    """
    cumulative = 0.0
    last = 0
    for index, p in enumerate(probabilities):
        cumulative += p
        if u < cumulative:
            return index
        if p > 0:
            last = index
    return last

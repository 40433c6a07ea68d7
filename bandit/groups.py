"""The assignment of profiles to groups."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, get_args

Group = Literal["personalized", "best_single", "uniform", "default"]
GROUPS: tuple[Group, ...] = get_args(Group)

MIDDLE = 0.5


@dataclass(frozen=True, slots=True)
class Groups:
    """Assigns profiles to groups by a keyed hash: permanently, without memory, and unpredictably from outside.

    The hash is a number from 0 to 1. Each control begins at an origin that belongs to it: `best_single` at 0 and
    upwards, `uniform` at 1 and downwards, and `default` in the middle, or as near to it as the others allow. A
    change of one share therefore moves only the profiles by which it grows or shrinks.
    """

    key: bytes
    best_single: float
    uniform: float
    default: float = 0.0

    def of(self, profile: str) -> Group:
        u = self._fraction(profile)
        if u < self.best_single:
            return "best_single"
        if u >= 1.0 - self.uniform:
            return "uniform"
        begin = min(max(MIDDLE, self.best_single), 1.0 - self.uniform - self.default)
        if begin <= u < begin + self.default:
            return "default"
        return "personalized"

    def _fraction(self, profile: str) -> float:
        data = profile.encode(errors="surrogatepass")
        digest = blake2b(data, key=self.key, digest_size=8, person=b"keyart-group").digest()
        return (int.from_bytes(digest, "big") >> 11) * 2.0**-53  # 53 bits: no rounding up to 1

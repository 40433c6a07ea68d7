"""The assignment of profiles to groups."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, get_args

Group = Literal["personalized", "best_single", "uniform", "default", "canary"]
GROUPS: tuple[Group, ...] = get_args(Group)
LASTING = GROUPS[:-1]
"""The groups that settings give a share."""
CANARY: Group = "canary"
"""The profiles that a candidate learner decides for. It is there as long as an operator orders it."""

MIDDLE = 0.5


@dataclass(frozen=True, slots=True)
class Groups:
    """Assigns profiles to groups by a keyed hash: permanently, without memory, and unpredictably from outside.

    The hash is a number from 0 to 1. Each control begins at an origin that belongs to it: `best_single` at 0 and
    upwards, `uniform` at 1 and downwards, and `default` in the middle, or as near to it as the others allow. A
    change of one share therefore moves only the profiles by which it grows or shrinks. The canary takes its share
    from the personalized profiles by another hash, and moves no profile of a control.
    """

    key: bytes
    best_single: float
    uniform: float
    default: float = 0.0
    canary: float = 0.0

    def of(self, profile: str) -> Group:
        u = self._fraction(profile)
        if u < self.best_single:
            return "best_single"
        if u >= 1.0 - self.uniform:
            return "uniform"
        begin = min(max(MIDDLE, self.best_single), 1.0 - self.uniform - self.default)
        if begin <= u < begin + self.default:
            return "default"
        if self.canary and self._fraction(profile, b"keyart-canary") * self.rest < self.canary:
            return "canary"
        return "personalized"

    @property
    def rest(self) -> float:
        """The share of the profiles that are in no control group."""
        return 1.0 - self.best_single - self.uniform - self.default

    def _fraction(self, profile: str, person: bytes = b"keyart-group") -> float:
        data = profile.encode(errors="surrogatepass")
        digest = blake2b(data, key=self.key, digest_size=8, person=person).digest()
        return (int.from_bytes(digest, "big") >> 11) * 2.0**-53  # 53 bits: no rounding up to 1

"""The terms of an experiment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of an experiment, which compares the groups. Times are in milliseconds.

    Each group has a share of the profiles. A profile's total is over its first `window`, and counts up to `bound`.
    The experiment `lasts` so long, and then another one begins with the same terms. The terms name the rule of the
    reward, because totals under two rules are not comparable.
    """

    shares: dict[str, float]
    window: int
    bound: int
    lasts: int
    reward: str = "click"
    play_seconds: float = 300.0

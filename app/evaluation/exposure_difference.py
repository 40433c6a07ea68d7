"""The result of an audit of exposures."""

from typing import Final

from typing_extensions import TypedDict

SIZE: Final = 0.05
"""The least difference of shares that is named."""


class Difference(TypedDict):
    """A label that some viewers are shown more or less often than all others.

    `shown` is the mean probability of a picture with the label. `by_chance` is the part of the candidates that
    have it. The policy adds the first without the second, so it does not matter which titles viewers look at.
    `difference` is the addition for these viewers without that for the others, with its 95 % `interval`. The
    `p` is corrected for all comparisons of the audit (Holm 1979). If the difference is `named`, chance does not
    explain it, and it is at least as great as the audit's `size`. The `viewers` are counted up to 200.
    """

    dimension: str
    value: str
    label: str
    viewers: int
    shown: float
    by_chance: float
    shown_to_others: float
    by_chance_for_others: float
    difference: float
    interval: list[float]
    p: float
    named: bool
    says: str


class Audit(TypedDict):
    """The differences between viewers, those that are named first, and then the greatest others.

    `compared` is the number of comparisons. Values with fewer than `fewest` viewers are not compared.
    """

    decisions: int
    compared: int
    size: float
    fewest: int
    differences: list[Difference]

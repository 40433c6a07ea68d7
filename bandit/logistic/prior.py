"""What is believed of effects before anything was seen."""

from dataclasses import asdict, dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Prior:
    """The variances of effects around 0, in squared logits: how large each kind is expected to be.

    A standard deviation of s multiplies or divides the odds by e^s. An artwork, a look (a tag, or a visual
    feature), a title and the level count for everyone; `attribute_…` for those viewers who have it, and
    `taste_look` by how much they like a tag.
    """

    level: float = 1.0
    title: float = 0.3
    artwork: float = 0.08
    look: float = 0.03
    attribute: float = 0.05
    attribute_title: float = 0.01
    attribute_artwork: float = 0.003
    attribute_look: float = 0.003
    taste_look: float = 0.001
    affinity: float = 0.02
    """Around `AFFINITY` and `KINDRED`."""


AFFINITY, KINDRED = 0.2, 0.1
"""By how many logits a click is likelier for each standard deviation of liking, before it is known.

Tastes are the logs of ratios, so something above 0 is to be expected; how much is soon learned.
"""
SHARED = Prior()
"""Pictures differ for everyone alike, or by taste."""
OWN = Prior(artwork=0.15, attribute_artwork=0.3, attribute_look=0.01)
"""Who they are decides which picture viewers want, each picture by itself."""
PRIORS = (SHARED, OWN)
HEAD_START = (-6.0, 0.0)
"""The first weights, as logs: that viewers are alike has to be shown, and is shown soon where it is so."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a log can say better than a default; `keyart rebuild --tune` looks for it."""

    spread: float = 1.0
    """By how much all variances of the priors are multiplied."""
    most_known: float = 30.0
    """An effect counts as known by at most so many times its prior's precision.

    So what has been seen for long can still change.
    """

    def __post_init__(self) -> None:
        for name, number in asdict(self).items():
            if not (isfinite(number) and number > 0):
                raise ValueError(f"A tuning's {name} is a finite number above 0, and not {number}.")

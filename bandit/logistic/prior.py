"""The beliefs about effects before any example."""

from dataclasses import asdict, dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Prior:
    """The variances of effects around 0, in squared logits: how large each kind is expected to be.

    A standard deviation of s multiplies or divides the odds by e^s. An artwork, a look (a tag, or a visual
    feature), a title and the level apply to everyone. Effects named `attribute_…` apply to viewers who have the
    attribute, and `taste_look` applies by the liking for a tag.
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
    showing: float = 0.05
    """Each step of the showings of the picture, and of all candidates of the title."""


AFFINITY, KINDRED = 0.2, 0.1
"""The logits that each standard deviation of liking adds to a click, before any example.

Tastes are the logs of ratios, so a value above 0 is expected; the true one is learned soon.
"""
SHARED = Prior()
"""The prior by which pictures differ for everyone alike, or by taste."""
OWN = Prior(artwork=0.15, attribute_artwork=0.3, attribute_look=0.01)
"""The prior by which attributes of viewers decide which picture they want, each picture separately."""
PRIORS = (SHARED, OWN)
HEAD_START = (-6.0, 0.0)
"""The first weights, as logs: the data have to show that viewers are alike, and soon show it if it is true."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings that a log can improve; `keyart rebuild --tune` looks for better ones."""

    spread: float = 1.0
    """The factor of all variances of the priors."""
    most_known: float = 30.0
    """The most precision of an effect, in units of its prior's.

    A limit lets old effects still change.
    """

    def __post_init__(self) -> None:
        for name, number in asdict(self).items():
            if not (isfinite(number) and number > 0):
                raise ValueError(f"A tuning's {name} is a finite number above 0, and not {number}.")

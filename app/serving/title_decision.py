"""The decisions that a request asks for, on their way to an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.catalogue.image import Frame
from app.catalogue.live import LiveTitle
from app.serving.allowance import Allowance
from app.store.protocol import Hold
from app.viewers.viewer import Viewer
from app.viewers.viewing import Viewing
from assets.artwork import Artwork


@dataclass(slots=True, eq=False)
class TitleDecision:
    """One title of a request on its way to an answer."""

    live_title: LiveTitle
    candidates: Sequence[Artwork]
    pin: Artwork | None
    key: bytes | None
    standing: Hold | None = None
    hold: Hold | None = None
    held: bool = False
    switched: bool = False
    """An operator ordered default pictures, so that `pin` is the title's default."""

    def fits(self, hold: Hold) -> bool:
        """Whether a hold may be served: its picture is still a candidate, and no pin came or went."""
        if self.pin is not None or hold.pinned:
            return hold.pinned and self.pin is not None and hold.artwork == self.pin.id
        return any(artwork.id == hold.artwork for artwork in self.candidates)


class DecisionRequest(NamedTuple):
    """The common parts of a request's title decisions.

    `now` is the log's time, `deadline` on the running loop's clock.
    """

    asked: Viewing
    viewer: Viewer
    frame: Frame
    now: int
    deadline: float
    bot: bool
    allowance: Allowance | None

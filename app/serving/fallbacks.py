"""The default picture, if no decision is possible or wanted."""

from collections.abc import Callable, Sequence

import structlog

from app.catalogue.image import Frame
from app.catalogue.live import LiveTitle
from app.serving.allowance import OverAllowanceError
from app.serving.choice import Choice, fallback
from app.serving.model import NoModelError
from app.store.protocol import FullLogError, LostStoreError, StoreTimeoutError
from app.telemetry import metrics
from app.viewers.viewer import Viewer
from app.viewers.viewing import Viewing
from assets.artwork import Artwork

log = structlog.get_logger()

REASONS: dict[type[Exception], str] = {
    NoModelError: "no_model",
    StoreTimeoutError: "timeout",
    LostStoreError: "lost",
    FullLogError: "log_full",
    OverAllowanceError: "over_allowance",
}


def reason_of(failure: Exception) -> str:
    """Return the reason that metrics give for the fallback; log a failure that nobody expected."""
    for kind, reason in REASONS.items():
        if isinstance(failure, kind):
            return reason
    log.error("decision_failed", exc_info=failure)
    return "error"


class Fallbacks:
    def __init__(self, clock: Callable[[], int]):
        self._clock = clock

    def choose(
        self, asked: Viewing, viewer: Viewer | None, titles: Sequence[LiveTitle], frame: Frame, *, reason: str
    ) -> list[Choice]:
        """Return each title's default picture, or another that may be shown; a title that has none is left out."""
        pairs = [(live_title, self._default(asked, viewer, live_title)) for live_title in titles]
        choices = [fallback(live_title, artwork.id, frame) for live_title, artwork in pairs if artwork]
        metrics.FALLBACKS.labels(reason).inc(len(choices))
        return choices

    def _default(self, asked: Viewing, viewer: Viewer | None, live_title: LiveTitle) -> Artwork | None:
        """Prefer the lowest maturity if the profile's own limit is not readable."""
        maturity = viewer.maturity if viewer else asked.maturity
        if maturity is not None and live_title.title.maturity > maturity:
            return None
        may = live_title.eligible(
            now=self._clock() / 1000,
            locale=viewer.locale if viewer else asked.language,
            placement=asked.placement,
            maturity=maturity,
        )
        cautious = viewer is None and asked.profile is not None

        def rank(artwork: Artwork) -> tuple[int, bool]:
            return artwork.maturity if cautious else 0, artwork.id != live_title.title.default

        return min(may, key=rank, default=None)

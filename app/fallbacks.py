"""The default picture, where no decision can be made or none is wanted."""

from collections.abc import Callable, Sequence

from app import metrics
from app.answers import Choice, fallback
from app.picture import Frame
from app.shelf import Shelved
from app.viewers import Viewer
from app.viewing import Viewing
from assets.artwork import Artwork


class Fallbacks:
    def __init__(self, clock: Callable[[], int]):
        self._clock = clock

    def choose(
        self, asked: Viewing, viewer: Viewer | None, titles: Sequence[Shelved], frame: Frame, *, reason: str
    ) -> list[Choice]:
        """Return each title's default picture, or another that may be shown; a title that has none is left out."""
        pairs = [(shelved, self._default(asked, viewer, shelved)) for shelved in titles]
        choices = [fallback(shelved, artwork.id, frame) for shelved, artwork in pairs if artwork]
        metrics.FALLBACKS.labels(reason).inc(len(choices))
        return choices

    def _default(self, asked: Viewing, viewer: Viewer | None, shelved: Shelved) -> Artwork | None:
        """What is fit for all goes first where the profile's own limit could not be read."""
        maturity = viewer.maturity if viewer else asked.maturity
        if maturity is not None and shelved.title.maturity > maturity:
            return None
        may = shelved.eligible(
            now=self._clock() / 1000,
            locale=viewer.locale if viewer else asked.language,
            placement=asked.placement,
            maturity=maturity,
        )
        cautious = viewer is None and asked.profile is not None

        def rank(artwork: Artwork) -> tuple[int, bool]:
            return artwork.maturity if cautious else 0, artwork.id != shelved.title.default

        return min(may, key=rank, default=None)

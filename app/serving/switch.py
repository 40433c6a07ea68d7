"""The switch between the policy and default pictures, which an operator may turn while the service runs."""

from collections.abc import Sequence

from app.interventions import NONE, SETTING, interventions_in
from app.store.protocol import Log
from app.telemetry import metrics
from assets.artwork import Artwork
from assets.catalogue import Title


class Switch:
    """Follows the interventions in force, in each worker. If they are not readable, the latest ones stay."""

    def __init__(self, log: Log):
        self._log = log
        self._read: bytes | None = None
        self.in_force = NONE
        self.default = False
        """Whether everyone gets default pictures."""

    async def refresh(self) -> bool:
        """Read the interventions again, and return whether they have changed."""
        setting = await self._log.setting(SETTING)
        if setting == self._read:
            return False
        self.in_force, self._read = interventions_in(setting), setting
        self.default = self.in_force.serving == "default"
        metrics.SERVING_DEFAULT.set(self.default)
        metrics.LEARNING_PAUSED.set(self.in_force.learning == "paused")
        metrics.MODEL_FROZEN.set(self.in_force.frozen is not None)
        metrics.QUARANTINES.set(len(self.in_force.quarantines))
        return True


def default_among(title: Title, candidates: Sequence[Artwork]) -> Artwork:
    """Return the title's default picture, or the first candidate if this viewer may not see the default."""
    return next((artwork for artwork in candidates if artwork.id == title.default), candidates[0])

"""The data folder: the name of each file and folder in it. No other file of the product writes these names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOG: Final = "log.sqlite"
STATE: Final = "state.sqlite"
CATALOGUE: Final = "catalogue"
IMAGES: Final = "images"
UPLOADS: Final = "uploads"
ADMIN_KEY: Final = "admin-key"
SERVICE_LOCK: Final = "serve.lock"
RUN: Final = "run"
"""Files that only running processes need; they may be deleted while no process runs."""
METRICS_OWNER: Final = "owner.lock"
"""The lock of the process that owns a folder of metrics."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The files and folders in the folder that KEYART_DATA names."""

    path: Path

    @property
    def log(self) -> Path:
        """The event log, with holds, profiles and settings."""
        return self.path / LOG

    @property
    def state(self) -> Path:
        """The results that the trainer has learned from the log."""
        return self.path / STATE

    @property
    def catalogue(self) -> Path:
        """The revisions of titles and catalogues."""
        return self.path / CATALOGUE

    @property
    def images(self) -> Path:
        return self.path / IMAGES

    @property
    def uploads(self) -> Path:
        return self.path / UPLOADS

    @property
    def admin_key(self) -> Path:
        return self.path / ADMIN_KEY

    @property
    def service_lock(self) -> Path:
        """The file that a service locks, and in which it writes its settings."""
        return self.path / SERVICE_LOCK

    @property
    def metrics_of_service(self) -> Path:
        return self._metrics / "service"

    def metrics_of_trainer(self, number: int) -> Path:
        return self._metrics / f"trainer-{number}"

    def rendering_locks(self, most: int) -> tuple[Path, ...]:
        """Return one lock file for each upload that may be rendered at the same time."""
        return tuple(self.path / f"rendering-{number}.lock" for number in range(most))

    @property
    def _metrics(self) -> Path:
        return self.path / RUN / "metrics"

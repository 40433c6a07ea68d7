"""The data folder: the name of each file and folder in it. No other file of the product writes these names."""

from pathlib import Path
from typing import Final

LOG: Final = "log.sqlite"
STATE: Final = "state.sqlite"
CATALOGUE: Final = "catalogue"
IMAGES: Final = "images"
ORIGINALS: Final = "originals"
UPLOADS: Final = "uploads"
ADMIN_KEY: Final = "admin-key"
SAMPLE_HISTORY: Final = "sample-history.json"
AUDIENCE: Final = "audience.log"
ALARMS: Final = "alarms.json"
CANDIDATE: Final = "candidate.snapshot"
SERVICE_LOCK: Final = "serve.lock"
RUN: Final = "run"
"""Files that only running processes need; they may be deleted while no process runs."""
METRICS_OWNER: Final = "owner.lock"
"""The lock of the process that owns a folder of metrics."""


class DataFolder:
    """The files and folders in the folder that KEYART_DATA names."""

    def __init__(self, path: Path):
        self.path = path
        self.log = path / LOG
        """The event log, with holds, profiles and settings."""
        self.state = path / STATE
        """The results that the trainer has learned from the log."""
        self.catalogue = path / CATALOGUE
        """The revisions of titles and catalogues."""
        self.images = path / IMAGES
        self.originals = path / ORIGINALS
        """The files that came in, without their metadata. No route serves them."""
        self.uploads = path / UPLOADS
        self.admin_key = path / ADMIN_KEY
        self.sample_history = path / SAMPLE_HISTORY
        """The counts of the sample viewers' visits, which the browse page tells."""
        self.audience = path / RUN / AUDIENCE
        """The output of the audience that a page started, which locks the file while it runs."""
        self.alarms = path / RUN / ALARMS
        """The alarms that were told to KEYART_ALARM_URL. The worker that tells them locks the file."""
        self.candidate = path / CANDIDATE
        """The candidate that learns in the shadow."""
        self.candidate_lock = path / RUN / "candidate.lock"
        """The lock of the process that trains the candidate."""
        self.service_lock = path / SERVICE_LOCK
        """The file that a service locks, and in which it writes its settings."""
        self._metrics = path / RUN / "metrics"
        self.metrics_of_service = self._metrics / "service"

    def metrics_of_trainer(self, number: int) -> Path:
        return self._metrics / f"trainer-{number}"

    def rendering_locks(self, most: int) -> tuple[Path, ...]:
        """Return one lock file for each upload that may be rendered at the same time."""
        return tuple(self.path / f"rendering-{number}.lock" for number in range(most))

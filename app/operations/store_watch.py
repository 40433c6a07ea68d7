"""Looking at the store's files while nobody writes to them."""

import structlog

from app.store.protocol import Log, LostStoreError, Size, State, Store
from app.telemetry import metrics

log = structlog.get_logger()


class StoreWatch:
    """Reports once when a file of the store is lost or not readable, and once when the log is full."""

    def __init__(self, store: Store):
        self._log = store.log
        self._parts: tuple[Log | State, ...] = (store.log, store.state)
        self._told: set[str] = set()
        self._full = False

    async def look(self) -> None:
        """Check that the workers write into the files that the folder has, and how large the log is."""
        faults = [fault for part in self._parts if (fault := await _fault(part))]
        metrics.STORE_LOST.set(any(isinstance(fault, LostStoreError) for fault in faults))
        for fault in faults:
            if str(fault) not in self._told:
                log.error("store_lost", reason=str(fault))
        self._told = {str(fault) for fault in faults}
        if not faults:
            try:
                self._note(await self._log.size())
            except Exception:
                log.exception("refresh_failed", what="size")

    def _note(self, size: Size) -> None:
        metrics.LOG_BYTES.set(size.used)
        metrics.LOG_BYTES_MOST.set(size.most)
        if size.full and not self._full:
            log.error("log_full", used=size.used, most=size.most)
        self._full = size.full


async def _fault(part: Log | State) -> Exception | None:
    try:
        await part.check()
    except Exception as fault:  # noqa: BLE001  whatever it is, the next look comes soon
        return fault
    return None

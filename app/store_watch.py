"""Looking at the store's files while nobody writes to them."""

import structlog

from app import metrics
from app.store.protocol import Log, LostStoreError, State, Store

log = structlog.get_logger()


class StoreWatch:
    """Says once when a file of the store is lost, and once when it could not be looked at."""

    def __init__(self, store: Store):
        self._parts: tuple[Log | State, ...] = (store.log, store.state)
        self._told: set[str] = set()

    async def look(self) -> None:
        """Look whether what the workers write is written where it is found again."""
        faults = [fault for part in self._parts if (fault := await _fault(part))]
        metrics.STORE_LOST.set(any(isinstance(fault, LostStoreError) for fault in faults))
        for fault in faults:
            if str(fault) not in self._told:
                log.error("store_lost", reason=str(fault))
        self._told = {str(fault) for fault in faults}


async def _fault(part: Log | State) -> Exception | None:
    try:
        await part.check()
    except Exception as fault:  # noqa: BLE001  whatever it is, the next look comes soon
        return fault
    return None

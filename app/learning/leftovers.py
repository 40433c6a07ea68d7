"""The parts of deleted records that are still in the files: free space, and the content of erased data."""

import time

from app.store.protocol import Store

WIPE_SECONDS = 0.25
"""Seconds until the next attempt to wipe erased data from the files, while others use them."""
SHRINK_BYTES = 64 << 10
"""Bytes that are given back in one step, while others wait to write. A step takes 4 ms, because it moves pages."""
SPARE_BYTES, SPARE_SHARE = 32 << 20, 8
"""The free space that the log keeps for the next records: at least these bytes, and an eighth of its content."""


class Leftovers:
    """Gives free space back to the disk, and wipes erased data from the files, in small steps of idle time."""

    def __init__(self, store: Store):
        self._store = store
        self._wiped, self._tried_to_wipe = -1, 0.0
        self.shrinking = False
        """Whether deleted records may have left more free space than the log needs."""

    def begin(self) -> None:
        """Wipe once, because the former leader may not have done it."""
        self._wiped = -1

    async def shrink(self) -> None:
        """Return some of the space that trimming freed to the disk, except the space for the next records."""
        if not self.shrinking:
            return
        size = await self._store.log.size()
        most = min(SHRINK_BYTES, size.free - max(SPARE_BYTES, size.used // SPARE_SHARE))
        self.shrinking = most > 0 and await self._store.log.shrink(most) > 0

    async def wipe(self, erased: int) -> None:
        """Wipe the committed erasures, so many, from the files; if others use the files, try again later."""
        now = time.monotonic()
        if self._wiped == erased or now - self._tried_to_wipe < WIPE_SECONDS:
            return
        self._tried_to_wipe = now
        if await self._store.state.wipe() and await self._store.log.wipe():
            self._wiped = erased

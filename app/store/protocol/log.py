"""The event log."""

from typing import Protocol

from app.store.protocol.decisions import Decisions
from app.store.protocol.profiles import Profiles
from app.store.protocol.records import Records
from app.store.protocol.settings import SharedSettings


class Log(Records, Decisions, Profiles, SharedSettings, Protocol):
    """The event log with what must be as consistent as it: holds, exposures, profiles, settings.

    Every method that writes is one transaction: when it returns, all of it survives the death of the process. One
    that can't begin it within seconds raises `StoreTimeoutError`; one that the disk refuses, `place` and `show`
    apart, `UnwritableStoreError`. Neither has written anything. Each, and `holds`, may raise `LostStoreError`:
    what was asked for may be written, but where nobody will find it.
    """

    async def check(self) -> None:
        """Raise `LostStoreError` if what is written now would be lost. Services ask this four times a second."""

    async def wipe(self) -> bool:
        """Leave nothing of what was deleted or replaced by now in any file; False: others are busy, try again."""

"""The event log."""

from typing import Protocol

from app.store.protocol.decisions import Decisions
from app.store.protocol.profiles import Profiles
from app.store.protocol.records import Records
from app.store.protocol.settings import SharedSettings


class Log(Records, Decisions, Profiles, SharedSettings, Protocol):
    """The event log with the data that must be consistent with it: holds, exposures, profiles, settings.

    Every method that writes is one transaction: when it returns, its data survive the death of the process. If it
    cannot begin within seconds, it raises `StoreTimeoutError`. If the disk refuses, it raises
    `UnwritableStoreError`, except `log_decisions` and `log_exposure`. Neither has written anything. Each, and
    `holds`, may raise `LostStoreError`: the data may be written, but to a lost file.
    """

    async def check(self) -> None:
        """Raise `LostStoreError` if new data would be lost. Services call this four times a second."""

    async def wipe(self) -> bool:
        """Remove deleted and replaced data from all files; return False if other processes are busy: try again."""

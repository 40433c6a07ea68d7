"""Stores: this module alone picks the engine that is in use."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.catalogue.setting import SETTING
from app.clock import now_ms, passed_ms
from app.operations.backup import Copied, Databases, Progress
from app.operations.backup import back_up as copy_folder
from app.settings import Settings
from app.store.memory import MemoryStore
from app.store.protocol import Examined, State, Store, UnusableStoreError, UnwritableStoreError
from app.store.sqlite import SqliteStore
from app.store.sqlite import backup as sqlite_backup
from app.store.sqlite import examination as sqlite_examination
from app.store.sqlite import faults as sqlite_faults


def open_store(settings: Settings, clock: Callable[[], int] = now_ms, *, read_only: bool = False) -> Store:
    """Return the store, or raise `UnusableStoreError`. One that is `read_only` changes no file and makes none."""
    full = settings.sync == "full"
    most = settings.log_bytes
    return SqliteStore(settings.data, clock, passed_ms, most_bytes=most, full_sync=full, read_only=read_only)


async def has_catalogue(settings: Settings) -> bool:
    """Say whether there is a catalogue.

    Raises `UnusableStoreError` if the store can't be opened: once, and not in each worker that is started.
    """
    store = open_store(settings)
    try:
        return await store.log.setting(SETTING) is not None
    finally:
        await store.close()


def examine(settings: Settings, *, seconds: float) -> Examined:
    """Look through the store's files, each for about so long; nothing is changed."""
    return sqlite_examination.examine(settings.data, seconds=seconds)


def back_up(settings: Settings, destination: Path, progress: Progress) -> Copied:
    """Copy the data folder of a service, which may run. Raises `BackupError`, `UnusableStoreError`, `OSError`."""
    databases = Databases(sqlite_backup.size(settings.data), partial(sqlite_backup.back_up, settings.data))
    return copy_folder(settings.data, destination, databases, progress)


def store_fault(error: BaseException) -> str | None:
    """Say what is wrong with the store's files, if that is what the error is about."""
    said = isinstance(error, UnusableStoreError | UnwritableStoreError)
    return str(error) if said else sqlite_faults.sentence(error)


def scratch_state() -> State:
    """Return a state that is kept in memory alone, for folding the log anew."""
    return MemoryStore(now_ms).state

"""Stores: this module alone picks the engine that is in use."""

from collections.abc import Callable
from pathlib import Path

from app.catalogue.setting import SETTING
from app.clock import now_ms, passed_ms
from app.operations.backup import Copied, Databases, Progress
from app.operations.backup import back_up as copy_folder
from app.settings import Settings
from app.store.protocol import Engine, Store, UnusableStoreError, UnwritableStoreError
from app.store.sqlite.engine import SqliteEngine


def engine_of(settings: Settings) -> Engine:
    return SqliteEngine(settings.data, settings.log_bytes, full_sync=settings.sync == "full")


def open_store(
    settings: Settings, clock: Callable[[], int] = now_ms, *, read_only: bool = False, scan: bool = True
) -> Store:
    """Return the store, or raise `UnusableStoreError`: see `Engine.open`."""
    return engine_of(settings).open(clock, passed_ms, read_only=read_only, scan=scan)


async def has_catalogue(settings: Settings) -> bool:
    """Tell whether there is a catalogue.

    Raises `UnusableStoreError` if the store does not open: once, and not in each worker that is started.
    """
    store = open_store(settings)
    try:
        return await store.log.setting(SETTING) is not None
    finally:
        await store.close()


def back_up(settings: Settings, destination: Path, progress: Progress) -> Copied:
    """Copy the data folder of a service, which may run. Raises `BackupError`, `UnusableStoreError`, `OSError`."""
    engine = engine_of(settings)
    return copy_folder(settings.data, destination, Databases(engine.size(), engine.back_up), progress)


def store_fault(error: BaseException) -> str | None:
    """Return the fault of the store's files in a sentence; None if the error has another cause."""
    said = isinstance(error, UnusableStoreError | UnwritableStoreError)
    return str(error) if said else SqliteEngine.fault(error)

"""File locks: each ends with the process that holds it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def taken(path: Path) -> int | None:
    """Lock a file while the returned file descriptor is open; return None if another process has the lock.

    A missing file is made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError as error:  # the file system does not support locks
        os.close(handle)
        error.filename = str(path)
        raise
    return handle


def held(path: Path) -> bool:
    """Tell whether a process holds the file's lock. The test takes a shared lock for a moment."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; wait while another process has it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

"""A folder in memory, where a test's files do not wait for a disk."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108  each test gets a folder of its own there, with a random name
LEAST_BYTES = 1 << 30
"""Containers often get 64 MB, which is too little."""


def _roomy() -> bool:
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= LEAST_BYTES


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """Replace pytest's folder: a disk takes longer to make a test's store than the rest of the test takes.

    A machine without such a folder, or with too little room in it, gives pytest's folder.
    """
    if not _roomy():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="keyart-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)

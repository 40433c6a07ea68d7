"""The numbers of all effects, in cells that features are hashed to."""

import mmap
import sys
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from bandit.logistic.belief import Floats
from bandit.logistic.crossing import CELLS, Cells, Single
from bandit.logistic.prior import PRIORS

COLUMNS = 2 * len(PRIORS)
MANY = CELLS >> 6
"""Cells in use from which nearly every page of 4 KiB has one: four for each page."""


class Table:
    """A table with two numbers for each cell and prior: the mean of an effect, and its precision.

    The precision is in units of the prior's. If both numbers are 0, the effect is unknown. The memory is allocated
    separately and returned to the system, because the allocator would keep blocks of this size and divide them.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, CELLS * COLUMNS * np.float32().nbytes, flags=mmap.MAP_PRIVATE)
        self.numbers: Single = np.frombuffer(self._memory, np.float32).reshape(CELLS, COLUMNS)
        """Shape (2^20, 4)."""

    def at(self, cells: Cells) -> Single:
        """Return a copy of some cells, shape (*cells.shape, 4)."""
        return self.numbers.take(cells, axis=0, mode="clip")  # "raise" copies once more; every cell is in bounds

    def put(self, cells: Cells, columns: Floats) -> None:
        """Put columns, shape (4, f), into f cells; if features share a cell, the last one stays."""
        self.numbers[cells] = columns.T

    def used(self) -> NDArray[np.uint32]:
        first, second = self.numbers.view(np.uint64).T
        return np.flatnonzero(first | second).astype(np.uint32)

    def expect(self, used: int) -> None:
        """Ask for large pages if nearly every small one is needed anyway.

        Thousands of small pages are slow to find, and large pages for few cells are a waste of memory.
        """
        if used >= MANY and sys.platform == "linux":
            with suppress(OSError):  # a kernel without them
                self._memory.madvise(mmap.MADV_HUGEPAGE)

    def settle(self, used: int) -> None:
        """Allocate all memory now if so many cells are used: it takes milliseconds that are missing later."""
        self.expect(used)
        if used >= MANY:
            self.numbers.fill(0.0)

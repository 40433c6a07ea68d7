import mmap
import sys
from pathlib import Path

import numpy as np
import pytest

from bandit.logistic.crossing import CELLS
from bandit.logistic.table import COLUMNS, MANY, Table


def test_a_new_table_has_zeros_only() -> None:
    table = Table()
    assert table.numbers.shape == (CELLS, COLUMNS)
    assert not table.numbers.any()
    assert table.used().tolist() == []


def test_what_is_put_is_what_is_held() -> None:
    table, cells = Table(), np.array([7, 0, CELLS - 1])
    columns = np.arange(1.0, 13.0).reshape(COLUMNS, 3)
    table.put(cells, columns)
    assert table.at(cells).tolist() == columns.T.tolist()
    assert table.at(cells[None, :2]).shape == (1, 2, COLUMNS)
    assert table.used().tolist() == [0, 7, CELLS - 1]
    assert np.count_nonzero(table.numbers) == 12


def test_what_is_held_is_a_copy() -> None:
    table = Table()
    table.at(np.array([3]))[:] = 1.0
    assert table.used().tolist() == []


@pytest.mark.parametrize("column", range(COLUMNS))
def test_a_slot_is_used_whatever_is_not_zero_in_it(column: int) -> None:
    table = Table()
    table.numbers[5, column] = 1e-45
    assert table.used().tolist() == [5]


def test_of_features_that_share_a_slot_the_last_stays() -> None:
    table = Table()
    table.put(np.array([4, 4]), np.array([[1.0, 2.0]] * COLUMNS))
    assert table.at(np.array([4])).tolist() == [[2.0] * COLUMNS]


def test_a_table_that_settles_is_empty() -> None:
    table = Table()
    table.numbers[9] = 1.0
    table.settle(MANY)
    assert table.used().tolist() == []


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much memory a process has")
WHOLE = CELLS * COLUMNS * 4


@on_linux
def test_a_table_takes_its_memory_when_it_settles_and_gives_all_of_it_back() -> None:
    """At the second time, too: an allocator that was given such a block back may keep it for smaller ones."""
    for _ in range(2):
        without = resident()
        table = Table()
        assert resident() - without < WHOLE / 10
        table.settle(MANY)
        assert resident() - without > 0.9 * WHOLE
        del table
        assert resident() - without < WHOLE / 10


@on_linux
def test_a_table_with_few_cells_takes_little_memory() -> None:
    without, few = resident(), np.arange(0, CELLS, CELLS // 400)
    table = Table()
    table.settle(len(few))
    table.put(few, np.ones((COLUMNS, len(few))))
    assert table.at(np.arange(0, CELLS, 256)).shape == (4096, COLUMNS)
    assert resident() - without < WHOLE / 5


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

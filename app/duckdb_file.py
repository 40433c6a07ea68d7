"""A file that DuckDB reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def duckdb_name(path: Path) -> Iterator[str]:
    """Yield a quoted name by which DuckDB opens this file and no other. Raises `OSError`.

    In a path DuckDB takes `*`, `?` and `[` for a pattern, a first `~` for the home folder, and a folder `day=1`
    for a column. It has no escape that works for each of them, so it gets the number of the open file.
    """
    with path.open("rb") as file:
        yield f"'/dev/fd/{file.fileno()}'"

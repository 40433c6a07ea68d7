"""Files of joined examples: Parquet, lines of JSON, or lines of DSJSON."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from app.duckdb_file import duckdb_name
from app.evaluation.joined import COLUMNS, dsjson_line, json_line
from app.evaluation.replay import Ended, Replay

Line = Callable[[Ended], bytes]
PARQUET, JSON_LINES, DSJSON = ".parquet", ".jsonl", ".dsjson"
LINES: dict[str, Line] = {PARQUET: json_line, JSON_LINES: json_line, DSJSON: dsjson_line}
ROWS = 20_480
"""The rows of a group in a Parquet file: DuckDB keeps one group in memory."""
MEMORY = "96MB"
PRIVATE = 0o600
"""The file tells of viewers, so it is readable only for the user who made it."""


class UnwritableExportError(Exception):
    """A file that is not made, with the reason and the remedy."""


@dataclass(slots=True)
class Exported:
    """The number of examples so far, and the position up to which everything is in the file."""

    examples: int
    position: int


class Export:
    """Writes a file in a private folder beside it, and gives it its name when it is whole."""

    def __init__(self, path: Path, after: int):
        self._path, self._after = path, after
        self._line = _line(path)
        self._demand_new()

    async def write(self, replay: Replay, until: int) -> AsyncIterator[Exported]:
        """Write the examples whose windows closed after `after`, up to `until`, and yield how far it is.

        The log is read from its oldest record, because windows that closed later were opened before.
        """
        done = Exported(0, self._after)
        with TemporaryDirectory(prefix=f".{self._path.name}.", dir=self._path.parent) as folder:
            lines, whole = Path(folder, "lines"), Path(folder, "whole")
            with lines.open("wb") as file:  # noqa: ASYNC230  nothing else runs on this loop
                async for events in replay.events(until):
                    done.examples += self._add(file, [each for each in events if isinstance(each, Ended)])
                    done.position = max(self._after, replay.position)
                    yield done
            if self._path.suffix == PARQUET:
                to_parquet(lines, whole)
            made = whole if self._path.suffix == PARQUET else lines
            made.chmod(PRIVATE)
            self._demand_new()
            made.rename(self._path)

    def _demand_new(self) -> None:
        if self._path.exists():
            raise UnwritableExportError(f"{self._path} exists; name a new file, or delete this one.")

    def _add(self, file: IO[bytes], ended: list[Ended]) -> int:
        lines = [self._line(each) + b"\n" for each in ended if each.close.position > self._after]
        file.writelines(lines)
        return len(lines)


def to_parquet(lines: Path, path: Path) -> None:
    """Turn lines of JSON into Parquet. No column's type is guessed, because a guess depends on the first rows.

    The path that is written is absolute, because DuckDB takes a first `~` for the home folder.
    """
    import duckdb  # noqa: PLC0415  an extra, of 68 MB

    columns = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items()) + "}"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": MEMORY,
        "autoinstall_known_extensions": False,
        "temp_directory": str(path.parent.absolute()),
    }
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS}"
    try:
        with duckdb.connect(config=settings) as connection, duckdb_name(lines) as name:
            source = f"read_json({name}, format='newline_delimited', columns={columns})"
            connection.execute(f"COPY (SELECT * FROM {source}) TO {_quoted(path)} ({options})")  # noqa: S608  names of ours
    except duckdb.Error as error:  # a full disk, too
        raise UnwritableExportError(f"DuckDB cannot write the Parquet file: {error}") from error


def _quoted(path: Path) -> str:
    return "'" + str(path.absolute()).replace("'", "''") + "'"


def _line(path: Path) -> Line:
    if path.suffix not in LINES:
        raise UnwritableExportError(f"{path} ends with {path.suffix!r}; end it with one of: {', '.join(LINES)}.")
    if path.suffix == PARQUET and not find_spec("duckdb"):
        raise UnwritableExportError(
            f"Parquet needs DuckDB: install keyart[export], or end the name with {JSON_LINES} or {DSJSON}."
        )
    if not path.parent.is_dir():
        raise UnwritableExportError(f"There is no folder {path.parent}; make it first.")
    return LINES[path.suffix]

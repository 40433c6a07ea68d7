"""Files of rows: CSV, lines of JSON, and Parquet. Each is read a few rows at a time."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from app.duckdb_file import duckdb_name
from app.operations.exposure_import.columns import Columns, UnusableFileError

CSV, JSON_LINES, PARQUET = ".csv", ".jsonl", ".parquet"
LONGEST_LINE = 1 << 20
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "128MB",
    "autoinstall_known_extensions": False,
}
"""Those of DuckDB, which keeps one group of rows of a Parquet file in memory."""
FETCHED = 1000
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Read(NamedTuple):
    """A row by the names of the fields, or the fault of a line that is not a row; `done` is for a progress bar."""

    line: int
    row: dict[str, object]
    fault: str | None
    done: int


@dataclass(slots=True)
class RowFile:
    """A file that can be read several times. After a reading, `unused` has the columns that no field has."""

    path: Path
    columns: Columns
    total: int
    _rows: "Callable[[RowFile], Iterator[Read]]"
    unused: dict[str, None] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """Return the word for the number of a row in messages."""
        return "row" if self.path.suffix == PARQUET else "line"

    @classmethod
    def at(cls, path: Path, columns: Columns) -> "RowFile":
        """Return the file. Raises `UnusableFileError`."""
        if path.suffix not in _KINDS:
            raise UnusableFileError(f"{path} ends with {path.suffix!r}; end it with one of: {', '.join(_KINDS)}.")
        if not path.is_file():
            raise UnusableFileError(f"There is no file {path}; name a file of exposures.")
        if path.suffix == PARQUET and not find_spec("duckdb"):
            raise UnusableFileError(
                f"Parquet needs DuckDB: install keyart[export], or give a {CSV} or {JSON_LINES} file."
            )
        return cls(path, columns, path.stat().st_size, _KINDS[path.suffix])

    def rows(self) -> Iterator[Read]:
        """Read the rows from the first one. Raises `UnusableFileError` and `OSError`."""
        return self._rows(self)

    def named(self, raw: Mapping[str, object], used: Mapping[str, str]) -> dict[str, object]:
        if len(used) < len(raw):
            self.unused.update(dict.fromkeys(name for name in raw if name not in used))
        return self.columns.row_of(raw, used)


def _csv(file: RowFile) -> Iterator[Read]:
    """Read CSV with a line of names. Its texts are UTF-8, with or without a byte order mark."""
    with file.path.open("rb") as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
        lines = csv.reader(text, strict=True)
        try:
            names = next(lines, None)
            if names is None:
                return
            file.columns.demand(names)
            used = file.columns.used(names)
            for values in lines:
                row, fault = {}, None
                if len(values) == len(names):
                    row = file.named(dict(zip(names, values, strict=True)), used)
                elif values:
                    fault = f"It has {len(values)} values, and the first line names {len(names)} columns"
                else:
                    continue
                yield Read(lines.line_num, row, fault, raw.tell())
        except (csv.Error, UnicodeDecodeError) as error:
            at = lines.line_num + 1
            raise UnusableFileError(
                f"{file.path} is not readable after line {at - 1} ({error}); write it as CSV in UTF-8."
            ) from None


def _json_lines(file: RowFile) -> Iterator[Read]:
    number = 0
    with file.path.open("rb") as lines:
        while line := lines.readline(LONGEST_LINE):
            number += 1
            if line.isspace():
                continue
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                raise UnusableFileError(
                    f"{file.path}, line {number}: it is longer than {LONGEST_LINE} bytes; write a row to a line."
                )
            try:
                raw = _decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield Read(number, {}, f"It is not a JSON object ({error})", lines.tell())
            else:
                yield Read(number, file.named(raw, file.columns.used(raw)), None, lines.tell())


def _parquet(file: RowFile) -> Iterator[Read]:
    """Read Parquet by DuckDB. Times come in milliseconds, because a time zone in Python needs another package."""
    import duckdb  # noqa: PLC0415  an extra, of 68 MB

    with duckdb_name(file.path) as name:
        source = f"read_parquet({name})"
        try:
            with closing(duckdb.connect(config=SETTINGS)) as connection:
                kinds = {each[0]: each[1] for each in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
                file.columns.demand(list(kinds))
                used = file.columns.used(kinds)
                file.unused.update(dict.fromkeys(column for column in kinds if column not in used))
                [[file.total]] = connection.execute(f"SELECT count(*) FROM {source}").fetchall()  # noqa: S608  quoted
                picked = ", ".join(_picked(column, kinds[column]) for column in used)
                found = connection.execute(f"SELECT {picked} FROM {source}")  # noqa: S608  quoted
                number = 0
                while rows := found.fetchmany(FETCHED):
                    for values in rows:
                        number += 1
                        raw = dict(zip(used, values, strict=True))
                        yield Read(number, file.named(raw, used), None, number)
        except duckdb.Error as error:
            reason = str(error).replace(name, "it")
            raise UnusableFileError(f"DuckDB cannot read {file.path}: {reason}") from error


def _picked(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"epoch_ms({quoted})" if kind.startswith(("TIMESTAMP", "DATE")) else quoted


_KINDS: dict[str, Callable[[RowFile], Iterator[Read]]] = {CSV: _csv, JSON_LINES: _json_lines, PARQUET: _parquet}

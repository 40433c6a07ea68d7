"""The import of a file: all rows are checked first, and then written in pieces that a later call continues."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from app.operations.exposure_import.columns import UnusableFileError
from app.operations.exposure_import.past_exposures import PastExposures
from app.operations.exposure_import.past_row import PastRow, RowFaultError
from app.operations.exposure_import.row_files import Read, RowFile
from app.records import decode_rules, encode
from app.store.protocol import Log
from bandit.reward import RewardRules

BATCH = 500
"""Rows of a transaction: a service that runs meanwhile waits a few milliseconds for it."""
NAMED = 20
"""The faults that are named; the others are counted."""
STRETCH = 1000
"""Rows between two looks at the progress."""
NONCE_BYTES = 8


class Reached(msgspec.Struct, frozen=True):
    """How far the import of a file is: the number of its rows, and a hash of these rows."""

    rows: int
    mark: str


@dataclass(slots=True)
class Outcome:
    """The result so far: `already` are the rows of an earlier import, `refused` the rows with faults."""

    rows: int = 0
    already: int = 0
    imported: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)


class ExposureImport:
    """Imports one file.

    An import is named by the first row of its file, and a hash of all rows so far tells whether a file begins like
    one that was imported. A file that grew since is thus continued, and no row is imported twice.
    """

    def __init__(self, file: RowFile, log: Log, exposures: PastExposures, outcome: Outcome):
        self._file, self._log, self._exposures, self.outcome = file, log, exposures, outcome
        self._name, self._stored, self._mark = "", b"", ""

    async def check(self) -> AsyncGenerator[int]:
        """Check all rows, and yield how far the reading is. Raises `UnusableFileError`."""
        marks, outcome, known = _Marks(), self.outcome, Reached(0, "")
        for number, read in enumerate(self._file.rows(), 1):
            row = self._row(read)
            marks.take(row or read)
            if number == 1:
                known = await self._known(f"imported {marks.now()}")
            if number > known.rows:  # time and catalogue may have changed since the others were imported
                self._note(row, read)
            if number == known.rows and marks.now() == known.mark:
                outcome.already = number
            outcome.rows = number
            if number % STRETCH == 0:
                yield read.done
        self._mark = marks.now()
        if known.rows and not outcome.already:
            raise UnusableFileError(
                f"{self._file.path} begins with the same row as a file of which {known.rows:,} rows were imported,"
                " but these are not its first rows. Nothing is imported, because rows would count twice: leave the"
                " imported rows out, and import the rest."
            )
        if not outcome.rows:
            raise UnusableFileError(f"{self._file.path} has no rows; give a file with a row for each exposure.")

    async def _known(self, name: str) -> Reached:
        self._name, self._stored = name, await self._log.setting(name) or b""
        return _decode(self._stored) if self._stored else Reached(0, "")

    async def write(self, rules: RewardRules) -> AsyncGenerator[int]:
        """Write the rows that are not there yet, and yield how far the reading is.

        The `rules` are declared if no service has declared any. Raises `UnusableFileError`, and the errors of
        `Log.log_imported`. The rows that are written by then are not written again.
        """
        declared = await self._log.setting("rules")
        if declared is None:
            await self._log.declare(encode(rules))
        rules = decode_rules(declared) if declared else rules
        marks, bodies, last = _Marks(), list[bytes](), 0
        for number, read in enumerate(self._file.rows(), 1):
            if number > self.outcome.rows:
                break
            row, last = self._row(read), number
            marks.take(row or read)
            if row and not self._fault(row, read):
                imported = await self._exposures.record(row, marks.nonce(), rules)
                bodies += [encode(imported)] if number > self.outcome.already else []
            if len(bodies) >= BATCH:
                await self._append(bodies, Reached(number, marks.now()))
                bodies.clear()
                yield read.done
            elif number % STRETCH == 0:
                yield read.done
        if marks.now() != self._mark:
            raise UnusableFileError(f"{self._file.path} was changed while it was read; import it again.")
        if last > self.outcome.already:
            await self._append(bodies, Reached(last, marks.now()))

    async def _append(self, bodies: list[bytes], reached: Reached) -> None:
        """Write rows, and then leave the log to the service for as long as that took."""
        await self._log.size()  # a full log refuses
        began, value = time.monotonic(), encode(reached)
        if not await self._log.log_imported(bodies, self._name, self._stored or None, value):
            raise UnusableFileError(
                f"Another import of {self._file.path} is under way; wait until it ends, and run this one again."
            )
        self._stored = value
        self.outcome.imported += len(bodies)
        await asyncio.sleep(time.monotonic() - began)

    def _row(self, read: Read) -> PastRow | None:
        """Return the row; None if it is not valid."""
        with suppress(RowFaultError):
            return self._exposures.row(read)
        return None

    def _fault(self, row: PastRow | None, read: Read) -> RowFaultError | None:
        """Return why a row is refused."""
        try:
            self._exposures.demand_fit(row or self._exposures.row(read), read)
        except RowFaultError as fault:
            return fault
        return None

    def _note(self, row: PastRow | None, read: Read) -> None:
        if fault := self._fault(row, read):
            self.outcome.refused += 1
            if len(self.outcome.faults) < NAMED:
                self.outcome.faults.append(f"{self._file.path}, {self._file.unit} {read.line}: {fault}")


class _Marks:
    """The hash of all rows so far."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)

    def take(self, row: PastRow | Read) -> None:
        """Add a row, or the content of a row with a fault."""
        self._hash.update(encode(row) if isinstance(row, PastRow) else repr((row.row, row.fault)).encode())

    def now(self) -> str:
        return self._hash.copy().hexdigest()

    def nonce(self) -> bytes:
        return self._hash.copy().digest()[:NONCE_BYTES]


_decode = msgspec.json.Decoder(Reached).decode

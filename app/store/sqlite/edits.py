"""The edits of the catalogue, in the log's file: each in the transaction in which it becomes current."""

from collections.abc import Callable, Sequence

from app.records import Kind
from app.store.protocol import KEPT_EDITS, Author, Edit, EditDraft, Head, Intervening
from app.store.sqlite.connection import Access
from app.store.sqlite.exposures import Appending
from app.store.sqlite.shared_settings import SqliteSettings

SCHEMA = """
CREATE TABLE IF NOT EXISTS edit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stamp INTEGER NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL,
    operation TEXT NOT NULL, title TEXT, artwork TEXT, was BLOB, became BLOB, old TEXT, new TEXT);
CREATE INDEX IF NOT EXISTS edit_title ON edit (title, id);
"""
_COLUMNS = "id, stamp, role, name, operation, title, artwork, was, became, old, new"
Change = Callable[[bytes | None, Head], Intervening | None]


class SqliteEdits:
    def __init__(self, access: Access, *, settings: SqliteSettings, log: Appending, clock: Callable[[], int]):
        self._writer, self._reader, self._write = access
        self._settings, self._log, self._clock = settings, log, clock

    async def swap_setting(
        self, name: str, expected: bytes | None, value: bytes, edits: Sequence[EditDraft]
    ) -> bool:
        return await self._write(lambda: self._settings.swap(name, expected, value) and self._record(edits))

    async def intervene(self, kind: Kind, name: str, change: Change) -> bool:
        return await self._write(lambda: self._intervene(kind, name, change))

    def _intervene(self, kind: Kind, name: str, change: Change) -> bool:
        before = self._settings.inside(name)
        found = change(before, Head(self._log.next_position, self._log.now()))
        if found is None:
            return False
        self._log.append(kind, found.body)
        return self._settings.swap(name, before, found.value) and self._record([found.edit])

    def _record(self, edits: Sequence[EditDraft]) -> bool:
        now = self._clock()
        self._writer.executemany(
            "INSERT INTO edit (stamp, role, name, operation, title, artwork, was, became, old, new)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(now, e.by.role, e.by.name, e.operation, e.title, e.artwork, e.before, e.after, e.old, e.new)
             for e in edits],
        )  # fmt: skip
        self._writer.execute("DELETE FROM edit WHERE id <= (SELECT max(id) FROM edit) - ?", (KEPT_EDITS,))
        return True

    async def latest(self, limit: int, *, before: int | None = None, title: str | None = None) -> list[Edit]:
        wanted = {"id < ?": before, "title = ?": title}
        given = {part: value for part, value in wanted.items() if value is not None}
        where = f"WHERE {' AND '.join(given)}" if given else ""
        rows = self._reader.execute(
            f"SELECT {_COLUMNS} FROM edit {where} ORDER BY id DESC LIMIT ?",  # noqa: S608  our own words
            (*given.values(), limit),
        ).fetchall()
        return [Edit(row[0], row[1], EditDraft(Author(row[2], row[3]), *row[4:])) for row in rows]

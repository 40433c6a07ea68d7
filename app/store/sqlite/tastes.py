"""The tastes of profiles, in the trainer's state."""

import sqlite3
from collections.abc import Iterable, Mapping

from app.store.protocol import TasteRow


class Tastes:
    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection):
        self._writer, self._reader = writer, reader

    def write(self, tastes: Mapping[str, TasteRow | None]) -> None:
        """Replace rows, and delete those without a new one, as a part of a transaction of the state's."""
        self._writer.executemany(
            "INSERT OR REPLACE INTO taste (pseudonym, state, taste, first, showings, marks)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (who, row.state, row.values, row.first, row.showings, row.marks)
                for who, row in tastes.items()
                if row
            ],
        )
        self._writer.executemany(
            "DELETE FROM taste WHERE pseudonym = ?", [(who,) for who, row in tastes.items() if not row]
        )

    def of(self, pseudonyms: Iterable[str]) -> dict[str, TasteRow]:
        found: dict[str, TasteRow] = {}
        for who in pseudonyms:
            row = self._reader.execute(
                "SELECT state, taste, first, showings, marks FROM taste WHERE pseudonym = ?", (who,)
            ).fetchone()
            if row:
                found[who] = TasteRow(*row)
        return found

    def page(self, after: str, limit: int) -> dict[str, TasteRow]:
        rows = self._reader.execute(
            "SELECT pseudonym, state, taste, first, showings, marks FROM taste WHERE pseudonym > ?"
            " ORDER BY pseudonym LIMIT ?",
            (after, limit),
        ).fetchall()
        return {who: TasteRow(*row) for who, *row in rows}

    def since(self, pseudonym: str) -> tuple[bytes, int, bytes] | None:
        row: tuple[bytes, int, bytes] | None = self._reader.execute(
            "SELECT taste, first, showings FROM taste WHERE pseudonym = ?", (pseudonym,)
        ).fetchone()
        return row

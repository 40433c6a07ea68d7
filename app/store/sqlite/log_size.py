"""The size of the log's file, its limit, and the return of unused space."""

from pathlib import Path

from app.store.protocol import FullLogError, Size
from app.store.sqlite.connection import Access


class LogSize:
    def __init__(self, access: Access, *, path: Path, most: int):
        self._writer, self._reader, self._write = access
        self._wal = path.with_name(f"{path.name}-wal")
        self._size = Size(0, most=most)

    async def size(self) -> Size:
        read = self._reader.execute
        [[pages], [free], [page]] = [
            read(f"PRAGMA {each}").fetchone() for each in ("page_count", "freelist_count", "page_size")
        ]
        waiting = self._wal.stat().st_size if self._wal.exists() else 0
        self._size = Size((pages - free) * page + waiting, free * page, self._size.most)
        return self._size

    async def shrink(self, most: int) -> int:
        return await self._write(lambda: self._shrink(most))

    def _shrink(self, most: int) -> int:
        """Give pages back one by one.

        The sqlite3 module ends a statement without columns after its first step, which here is one page, although
        the statement names more.
        """
        page, free, before = (self._pragma(each) for each in ("page_size", "freelist_count", "page_count"))
        for _ in range(min(free, max(1, most // page))):
            self._writer.execute("PRAGMA incremental_vacuum(1)")
        return (before - self._pragma("page_count")) * page

    def _pragma(self, name: str) -> int:
        return int(self._writer.execute(f"PRAGMA {name}").fetchone()[0])

    def demand(self) -> None:
        """Raise `FullLogError` if the log was full when its size was looked at."""
        if self._size.full:
            raise FullLogError(
                f"The log takes {self._size.used} bytes, and KEYART_LOG_BYTES allows {self._size.most}: "
                "it records nothing until old records are deleted. Raise it, or shorten KEYART_RETENTION_DAYS."
            )

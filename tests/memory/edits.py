"""The edits of a store in memory."""

from collections.abc import Callable, Sequence
from itertools import count, islice

from app.records import Kind
from app.store.protocol import (
    KEPT_EDITS,
    Edit,
    EditDraft,
    Head,
    Intervening,
)
from tests.memory.log import MemoryLog


class MemoryEdits:
    def __init__(self, log: MemoryLog, clock: Callable[[], int]):
        self._log, self._clock = log, clock
        self._edits: list[Edit] = []
        self._numbers = count(1)

    async def swap_setting(
        self, name: str, expected: bytes | None, value: bytes, edits: Sequence[EditDraft]
    ) -> bool:
        if not await self._log.swap_setting(name, expected, value):
            return False
        self._record(edits)
        return True

    def _record(self, edits: Sequence[EditDraft]) -> None:
        new = [Edit(next(self._numbers), self._clock(), edit) for edit in edits]
        self._edits = [*self._edits, *new][-KEPT_EDITS:]

    async def intervene(
        self, kind: Kind, name: str, change: Callable[[bytes | None, Head], Intervening | None]
    ) -> bool:
        before, head = await self._log.setting(name), await self._log.head()
        found = change(before, Head(head.position + 1, self._log.now()))
        if found is None:
            return False
        self._log.append(kind, found.body)
        await self._log.swap_setting(name, before, found.value)
        self._record([found.edit])
        return True

    async def latest(self, limit: int, *, before: int | None = None, title: str | None = None) -> list[Edit]:
        found = (
            edit
            for edit in reversed(self._edits)
            if (before is None or edit.id < before) and title in {None, edit.what.title}
        )
        return list(islice(found, limit))

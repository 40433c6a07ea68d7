"""Feedback that is collected and reported together, by a task."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from keyart_client.calls import What
from keyart_client.errors import KeyartError, Refused
from keyart_client.feedback import Buffer, Item, log, of_decision, of_play, refused, warn_of_rejected
from keyart_client.models import Recorded

Report = Callable[[What, Sequence[Item]], Awaitable[Recorded]]


class AsyncBatch:
    """Collects feedback. `aclose()`, or the end of the `async with`, reports the rest."""

    def __init__(self, report: Report, *, size: int, seconds: float):
        self._report, self._seconds = report, seconds
        self._buffer = Buffer(size)
        self._sending = asyncio.Lock()
        self._wake = asyncio.Event()
        self._closed = False
        self._task = asyncio.create_task(self._run())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def impression(self, decision_id: str | None) -> None:
        self._add("impressions", of_decision(decision_id))

    def click(self, decision_id: str | None) -> None:
        self._add("clicks", of_decision(decision_id))

    def play(self, decision_id: str | None, seconds: float) -> None:
        self._add("plays", of_play(decision_id, seconds))

    async def flush(self) -> Recorded:
        """Report everything now. Raises `KeyartError` if it does not arrive; then it is kept for the next time."""
        recorded = Recorded()
        async with self._sending:
            left = self._buffer.take()
            try:
                for what in list(left):
                    recorded += await self._sent(what, self._buffer.aged(left[what]))
                    del left[what]
            finally:
                self._buffer.put_back(left)
        return recorded

    async def aclose(self) -> None:
        """Report the rest. Raises `KeyartError` if it does not arrive."""
        if self._closed:
            return
        self._closed = True
        self._wake.set()
        await self._task
        await self.flush()

    def _add(self, what: What, items: Sequence[Item]) -> None:
        if self._closed:
            raise KeyartError("This batch is closed; make a new one with `batch()`.")
        if self._buffer.add(what, items):
            self._wake.set()

    async def _sent(self, what: What, items: Sequence[Item]) -> Recorded:
        try:
            return warn_of_rejected(what, await self._report(what, items))
        except Refused as refusal:
            return refused(what, refusal)

    async def _run(self) -> None:
        while not self._closed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._seconds)
            self._wake.clear()
            try:
                await self.flush()
            except KeyartError as error:
                log.warning("%s The feedback is kept for the next time.", error)

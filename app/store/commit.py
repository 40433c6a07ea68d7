"""Many writers' work in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from app.store.protocol import LostStoreError, StoreTimeoutError

T = TypeVar("T")
RETRY_SECONDS = 0.001
"""How soon to ask again for a lock that another process holds. To wait inside SQLite would stall every request."""


class BusyError(Exception):
    """Another process is writing."""


@dataclass(slots=True, eq=False)
class _Waiter(Generic[T]):
    operation: Callable[[], T]
    future: "asyncio.Future[T]"
    deadline: float | None
    undo: Callable[[T], Any] | None
    answered: bool = False


class GroupCommit:
    """Commits all operations of one turn of the event loop in one transaction.

    On the loop's own thread a commit costs less than a change of threads. If commits wait for the disk, `threaded`
    keeps the loop free. An operation that fails is left out and the others are run again.
    """

    def __init__(
        self,
        begin: Callable[[], object],
        commit: Callable[[], object],
        rollback: Callable[[], object],
        *,
        threaded: bool = False,
    ):
        self._begin, self._commit, self._rollback = begin, commit, rollback
        self._waiting: list[_Waiter[Any]] = []
        self._flushing = False
        self._closed = False
        self._thread = ThreadPoolExecutor(1, "commit") if threaded else None

    async def run(
        self,
        operation: Callable[[], T],
        *,
        deadline: float | None = None,
        undo: Callable[[T], Any] | None = None,
    ) -> T:
        """Run `operation` inside the next transaction and return its result once that is committed.

        An operation that has not begun by `deadline` never will, and raises `StoreTimeoutError`. With `undo` it
        raises promptly even if it has begun, and also when the caller is cancelled. If it is then committed
        nevertheless, `undo` takes it back, as an operation of the next transaction. Without `undo` the caller
        waits for an operation that has begun.
        """
        if self._closed:
            raise RuntimeError("The store is closed; open another one to write.")
        loop = asyncio.get_running_loop()
        waiter = _Waiter(operation, loop.create_future(), deadline, undo)
        self._add(waiter)
        prompt = undo is not None and self._thread is not None  # nothing can interrupt the loop itself
        timer = loop.call_at(deadline, self._expire, waiter) if prompt and deadline is not None else None
        try:
            result: T = await waiter.future
        except asyncio.CancelledError:
            if waiter.answered:  # committed in the same turn of the loop, and nobody will hear of it
                self._take_back(waiter, waiter.future.result())
            raise
        finally:
            if timer:
                timer.cancel()
        return result

    async def close(self) -> None:
        """Finish the accepted operations and accept no more."""
        self._closed = True
        while self._flushing:  # noqa: ASYNC110  done once in a life, so no commit pays for an event
            await asyncio.sleep(RETRY_SECONDS)
        if self._thread:
            self._thread.shutdown()

    def _add(self, waiter: _Waiter[Any]) -> None:
        self._waiting.append(waiter)
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Attempt what waits. `_flushing` stays true until nothing waits: one attempt at a time is under way."""
        self._expire_due(self._waiting)
        batch = [waiter for waiter in self._waiting if not waiter.future.done()]
        self._waiting = []
        if not batch:
            self._flushing = False
        elif self._thread:
            started = asyncio.get_running_loop().run_in_executor(self._thread, self._attempt, batch)
            started.add_done_callback(lambda done: self._settle(batch, done.result()))
        else:
            self._settle(batch, self._attempt(batch))

    def _attempt(self, batch: Sequence[_Waiter[Any]]) -> list[object]:
        """Return the results; a failure is one of them, and so is `_BUSY` if another process is writing.

        An operation whose caller gave up before its turn is skipped.
        """
        try:
            return self._transact(batch)
        except BusyError:
            return [_BUSY] * len(batch)
        except LostStoreError as error:  # it may be written: again, it might be there twice
            return [_Failure(error)] * len(batch)
        except Exception:  # noqa: BLE001  whatever failed is found by running each alone
            return [self._alone(waiter) for waiter in batch]

    def _transact(self, batch: Sequence[_Waiter[Any]]) -> list[object]:
        self._begin()
        try:
            results = [_GONE if waiter.future.done() else waiter.operation() for waiter in batch]
            self._commit()
        except BaseException:
            self._rollback()
            raise
        return results

    def _alone(self, waiter: _Waiter[Any]) -> object:
        try:
            return self._transact([waiter])[0]
        except BusyError:
            return _BUSY
        except Exception as error:  # noqa: BLE001  handed to whoever asked
            return _Failure(error)

    def _settle(self, batch: Sequence[_Waiter[Any]], results: Sequence[object]) -> None:
        self._expire_due([waiter for waiter in batch if waiter.undo])
        busy = [waiter for waiter, result in zip(batch, results, strict=True) if result is _BUSY]
        for waiter, result in zip(batch, results, strict=True):
            if result is not _BUSY:
                self._answer(waiter, result)
        self._waiting = [*busy, *self._waiting]
        loop = asyncio.get_running_loop()
        if busy:
            loop.call_later(RETRY_SECONDS, self._flush)
        elif self._waiting:
            loop.call_soon(self._flush)
        else:
            self._flushing = False

    def _answer(self, waiter: _Waiter[Any], result: object) -> None:
        if result is _GONE:
            return
        if isinstance(result, _Failure):
            if not waiter.future.done():
                waiter.future.set_exception(result.error)
        elif waiter.future.done():
            self._take_back(waiter, result)
        else:
            waiter.answered = True
            waiter.future.set_result(result)

    def _take_back(self, waiter: _Waiter[Any], result: object) -> None:
        if waiter.undo:
            future = asyncio.get_running_loop().create_future()
            self._add(_Waiter(partial(waiter.undo, result), future, None, None))

    def _expire_due(self, waiters: Sequence[_Waiter[Any]]) -> None:
        now = asyncio.get_running_loop().time()
        for waiter in waiters:
            if waiter.deadline is not None and now >= waiter.deadline:
                self._expire(waiter)

    @staticmethod
    def _expire(waiter: _Waiter[Any]) -> None:
        if not waiter.future.done():
            waiter.future.set_exception(
                StoreTimeoutError("The log took longer than the time limit of the decision.")
            )


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception


_BUSY = object()
"""The result of an attempt while another process writes; the attempt is repeated."""
_GONE = object()
"""The result of work that was not done, because its caller does not wait for it any more."""

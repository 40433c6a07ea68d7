"""Feedback that is collected and reported together, by a thread."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from keyart_client.calls import What
from keyart_client.errors import KeyartError, Refused
from keyart_client.feedback import Buffer, Item, log, of_decision, of_play, refused, warn_of_rejected
from keyart_client.models import Recorded

Report = Callable[[What, Sequence[Item]], Recorded]


class Batch:
    """Collects feedback. `close()`, or the end of the `with`, reports the rest."""

    def __init__(self, report: Report, *, size: int, seconds: float):
        self._report, self._seconds = report, seconds
        self._buffer = Buffer(size)
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="keyart-feedback", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def impression(self, decision_id: str | None) -> None:
        self._add("impressions", of_decision(decision_id))

    def click(self, decision_id: str | None) -> None:
        self._add("clicks", of_decision(decision_id))

    def play(self, decision_id: str | None, seconds: float) -> None:
        self._add("plays", of_play(decision_id, seconds))

    def flush(self) -> Recorded:
        """Report everything now. Raises `KeyartError` if it does not arrive; then it is kept for the next time."""
        recorded = Recorded()
        with self._sending:
            with self._lock:
                left = self._buffer.take()
            try:
                for what in list(left):
                    recorded += self._sent(what, self._buffer.aged(left[what]))
                    del left[what]
            finally:
                with self._lock:
                    self._buffer.put_back(left)
        return recorded

    def close(self) -> None:
        """Report the rest. Raises `KeyartError` if it does not arrive."""
        if self._closed:
            return
        self._closed = True
        self._wake.set()
        self._thread.join()
        self.flush()

    def _add(self, what: What, items: Sequence[Item]) -> None:
        if self._closed:
            raise KeyartError("This batch is closed; make a new one with `batch()`.")
        with self._lock:
            full = self._buffer.add(what, items)
        if full:
            self._wake.set()

    def _sent(self, what: What, items: Sequence[Item]) -> Recorded:
        try:
            return warn_of_rejected(what, self._report(what, items))
        except Refused as refusal:
            return refused(what, refusal)

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(self._seconds)
            self._wake.clear()
            try:
                self.flush()
            except KeyartError as error:
                log.warning("%s The feedback is kept for the next time.", error)

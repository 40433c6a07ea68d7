"""The policy's probabilities for all requests of one turn of the event loop, computed together."""

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from app.serving.model import Model
from bandit.types import Case, Probabilities

Computed = tuple[int | None, list[Probabilities]]
"""The snapshot in use, and with it the probabilities of each case."""


class _Waiter(NamedTuple):
    cases: Sequence[Case]
    future: asyncio.Future[Computed]


class Turn:
    """Computes what the requests of one turn ask, because one case alone costs twice as much.

    Most of the cost of a case is that of calls of numpy, and of code that the processor does not have at hand.
    """

    def __init__(self, model: Model):
        self._model = model
        self._waiting: list[_Waiter] = []

    async def probabilities(self, cases: Sequence[Case]) -> Computed:
        """Return the probabilities of each case. Raises `NoModelError` if no snapshot has been published."""
        known = [found for found in map(self._model.learner.remembered, cases) if found is not None]
        if len(known) == len(cases):
            return self._model.snapshot, known
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._compute)
        waiter = _Waiter(cases, loop.create_future())
        self._waiting.append(waiter)
        return await waiter.future

    def _compute(self) -> None:
        waiting = [waiter for waiter in self._waiting if not waiter.future.done()]  # the others were cancelled
        self._waiting = []
        try:
            self._answer(waiting)
        except Exception:  # noqa: BLE001  whatever failed is found by computing each alone
            for waiter in waiting:
                self._alone(waiter)

    def _alone(self, waiter: _Waiter) -> None:
        try:
            self._answer([waiter])
        except Exception as failure:  # noqa: BLE001  handed to whoever asked
            waiter.future.set_exception(failure)

    def _answer(self, waiting: Sequence[_Waiter]) -> None:
        """Answer all, or none if anything fails."""
        learner, snapshot = self._model.learner, self._model.snapshot
        found = iter(learner.all_probabilities([case for waiter in waiting for case in waiter.cases]))
        for waiter in waiting:
            waiter.future.set_result((snapshot, list(islice(found, len(waiter.cases)))))

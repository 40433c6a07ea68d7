"""Promotions: the trainer continues with another learner, as an operator orders."""

import structlog

from app.interventions import SETTING, Promotion, interventions_in
from app.learning.fold import Fold
from app.store.protocol import Store
from bandit.learners import Kind, restored
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot

log = structlog.get_logger()


class Promotions:
    """Knows whether a promotion is pending, and returns the learner to continue with.

    While one is pending, the learner in use takes in nothing. A promotion is carried out once, in one commit with
    a base.
    """

    def __init__(self, store: Store, kind: Kind):
        self._store, self._kind = store, kind
        self.carried_out = 0
        """The position of the latest order that was carried out, or that is not possible."""
        self._saved = 0

    @property
    def unsaved(self) -> bool:
        """Whether the next commit has to save that an order is done with."""
        return self.carried_out != self._saved

    def settle(self) -> None:
        self._saved = self.carried_out

    async def begin(self, fold: Fold) -> None:
        """Read, when a trainer begins to lead, which orders were carried out.

        A fold that begins from nothing learns the whole log, and carries out none.
        """
        self.carried_out = self._saved = await self._store.state.promoted()
        if not fold.learned and (promotion := await self._ordered()):
            self.carried_out = promotion.given.position

    def pending(self, promotion: Promotion | None) -> bool:
        return promotion is not None and promotion.given.position > self.carried_out

    async def ready(self, fold: Fold) -> Learner | None:
        """Return the learner to continue with, if one is pending and the fold has reached its order."""
        promotion = await self._ordered()
        if promotion is None or not self.pending(promotion):
            return None
        position = promotion.given.position
        if fold.position < position or fold.totals.position != fold.position:
            return None
        self.carried_out = position
        if promotion.snapshot is None:
            return fold.learner
        return await self._chosen(promotion.snapshot)

    async def _chosen(self, number: int) -> Learner | None:
        """Return the chosen learner; None if it is gone, and the learner in use then learns all events."""
        found, reason = await self._store.state.snapshot(number), "it was deleted, because a profile was erased"
        try:
            if found is not None:
                return restored(found.learner, self._kind)
        except UnusableSnapshot as error:
            reason = str(error)
        log.warning("promotion_impossible", snapshot=number, reason=reason)
        return None

    async def _ordered(self) -> Promotion | None:
        return interventions_in(await self._store.log.setting(SETTING)).promotion

"""New decisions, from the candidates of each title to the records for the log."""

import os
from collections.abc import Sequence

from app.records import LOT_BITS, Decision, encode
from app.serving.probabilities import ChoiceProbabilities, Shown
from app.serving.title_decision import DecisionRequest, TitleDecision
from app.store.protocol import Draft
from app.viewers.viewer import Viewer
from assets.artwork import Artwork
from bandit.exploration import one_of
from bandit.sampling import draw, uniform_from

NONCE_BYTES = 8
LOT_BYTES = LOT_BITS // 4


class Drafting:
    def __init__(self, choice_probabilities: ChoiceProbabilities, hold_ms: int):
        self._choice_probabilities, self._hold_ms = choice_probabilities, hold_ms

    @property
    def switched(self) -> bool:
        """Whether an operator has ordered default pictures for everyone, so that nothing is drawn."""
        return self._choice_probabilities.switched

    async def drafts(
        self, request: DecisionRequest, viewer: Viewer, cases: Sequence[TitleDecision]
    ) -> list[Draft]:
        """Draw for each case that has no pin, and return the decisions, to be logged."""
        found = [Shown.to(viewer, case.live_title, case.candidates) for case in cases]
        free = [shown for case, shown in zip(cases, found, strict=True) if case.pin is None]
        snapshot, computed = await self._choice_probabilities.of(viewer, free)
        left, drafts = iter(computed), []
        for case, shown in zip(cases, found, strict=True):
            random = os.urandom(NONCE_BYTES + LOT_BYTES)  # one call, because each asks the kernel
            nonce, ids = random[:NONCE_BYTES], shown.candidates.ids
            if case.pin:
                probabilities, chosen = _of_pin(ids, case.pin)
            else:
                probabilities = next(left)
                chosen = draw(probabilities, uniform_from(nonce))
            title = case.live_title.title
            decision = Decision(
                nonce,
                title.id,
                title.revision,
                ids,
                chosen,
                tuple(probabilities),
                viewer.group,
                viewer.pseudonym,
                viewer.context.attributes,
                viewer.context.taste,
                snapshot,
                case.pin is not None,
                0 if viewer.known else _lot(random[NONCE_BYTES:]),
                request.bot,
                viewer.timezone,
                request.asked.spot_of(title.id),
                viewer.audit,
                shown.showings,
                case.switched,
            )
            drafts.append(self._draft(decision, case, deferred=request.asked.deferred))
        return drafts

    def _draft(self, decision: Decision, case: TitleDecision, *, deferred: bool) -> Draft:
        return Draft(
            encode(decision),
            decision.nonce,
            decision.artwork,
            decision.group,
            deferred,
            decision.pinned,
            case.key,
            self._hold_ms if case.key else 0,
            case.standing.decision if case.standing else None,
        )


def _of_pin(ids: Sequence[str], pin: Artwork) -> tuple[list[float], int]:
    chosen = ids.index(pin.id)
    return one_of(len(ids), chosen), chosen


def _lot(random: bytes) -> int:
    """Return the number that decides whether a stranger teaches.

    It is secret: otherwise attackers would pick the right ones.
    """
    return int.from_bytes(random, "big") or 1

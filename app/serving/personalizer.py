"""Choosing a picture for each title: candidates, hold, group, probabilities, draw, log, answer."""

import asyncio
import time
from collections.abc import Callable, Sequence

from app.catalogue.image import USUAL, Frame
from app.catalogue.live import LiveTitle
from app.refusals import Gone, NotFound
from app.serving.allowance import Allowance, OverAllowanceError
from app.serving.choice import Choice, chosen
from app.serving.decision_id import DecisionIds
from app.serving.drafting import Drafting
from app.serving.fallbacks import Fallbacks, reason_of
from app.serving.switch import default_among
from app.serving.title_decision import DecisionRequest, TitleDecision
from app.settings import Settings
from app.store.protocol import Hold, Log
from app.telemetry import metrics
from app.viewers.pseudonym import hold_key
from app.viewers.viewer import SOMEBODY, Sender, Viewer, Viewers
from app.viewers.viewing import Viewing

RACES = 3
"""How many times a decision is made again because another request logged a hold first that is not usable here."""


class Personalizer:
    def __init__(
        self,
        settings: Settings,
        *,
        store_log: Log,
        viewers: Viewers,
        drafting: Drafting,
        ids: DecisionIds,
        fallbacks: Fallbacks,
        clock: Callable[[], int],
    ):
        self._settings = settings
        self._hold_ms, self._window_ms = settings.hold_ms, settings.window_ms  # each look computes them again
        self._log = store_log
        self._viewers, self._drafting = viewers, drafting
        self._ids, self._fallbacks, self._clock = ids, fallbacks, clock
        rate = settings.keyless_decisions_per_second
        self._allowance = Allowance(rate, time.monotonic) if rate else None

    async def choose(
        self, asked: Viewing, titles: Sequence[LiveTitle], frame: Frame = USUAL, sender: Sender = SOMEBODY
    ) -> list[Choice]:
        """Return a choice for each title, in order. A known title gets a picture even if every other part fails.

        Titles without an artwork for this viewer are left out. The frame selects the rendition, and does not
        influence the choice.
        """
        deadline = asyncio.get_running_loop().time() + self._settings.decision_timeout_ms / 1000
        viewer = None
        try:
            now = self._clock()
            viewer = await self._viewers.of(asked, now, sender)
            if self._settings.serve == "default":
                return self._fallbacks.choose(asked, viewer, titles, frame, reason="switched_off")
            cases = [case for live_title in titles if (case := self._case(asked, viewer, live_title, now))]
            allowance = None if sender.vouched else self._allowance
            request = DecisionRequest(asked, viewer, frame, self._log.now(), deadline, sender.bot, allowance)
            return await self._decide(request, cases)
        except Exception as failure:  # noqa: BLE001  a known title gets a picture, whatever failed
            return self._fallbacks.choose(asked, viewer, titles, frame, reason=reason_of(failure))

    async def choose_one(
        self, asked: Viewing, live_title: LiveTitle, frame: Frame = USUAL, sender: Sender = SOMEBODY
    ) -> Choice:
        """Return the choice for one title, or raise `Gone` or `NotFound` if no artwork of it may be shown."""
        for choice in await self.choose(asked, [live_title], frame, sender):
            return choice
        title = live_title.title.id
        if not live_title.title.artworks:
            raise NotFound(f"Title {title!r} has no artwork yet; upload one with POST /titles/{title}/artworks.")
        if live_title.forbidden(self._clock() / 1000):
            raise Gone(
                f"Every artwork of title {title!r} is withdrawn, lacks the consent that it needs, or is of a "
                "barred kind; add one that may be shown, or activate one."
            )
        raise NotFound(
            f"No artwork of title {title!r} may be shown for this maturity, locale, placement and time; "
            "widen the request or the artworks' limits."
        )

    async def _decide(self, request: DecisionRequest, cases: Sequence[TitleDecision]) -> list[Choice]:
        """Answer with the decisions made before the deadline or a failure; the other titles get fallbacks."""
        reason = "outrun"
        try:
            await self._serve_holds(request, cases)
            for _ in range(RACES):
                waiting = [case for case in cases if case.hold is None]
                if not waiting:
                    break
                await self._draw(request, waiting)
        except Exception as failure:  # noqa: BLE001  as above
            reason = reason_of(failure)
        return [choice for case in cases for choice in self._answer(request, case, reason)]

    def _case(self, asked: Viewing, viewer: Viewer, live_title: LiveTitle, now: int) -> TitleDecision | None:
        title = live_title.title
        if viewer.maturity is not None and title.maturity > viewer.maturity:
            return None
        candidates = live_title.eligible(
            now=now / 1000, locale=viewer.locale, placement=asked.placement, maturity=viewer.maturity
        )
        if not candidates:
            return None
        pin = title.pinned(now=now / 1000, placement=asked.placement, country=viewer.country, among=candidates)
        key = hold_key(viewer.pseudonym, title.id, asked.placement) if viewer.pseudonym else None
        if pin is None and self._drafting.switched:
            return TitleDecision(live_title, candidates, default_among(title, candidates), key, switched=True)
        return TitleDecision(live_title, candidates, pin, key)

    # ---------------------------------------------------------------- holds

    async def _serve_holds(self, request: DecisionRequest, cases: Sequence[TitleDecision]) -> None:
        """Serve the viewer's holds again: the same decision with its own propensity, not a new draw."""
        keyed = [case for case in cases if case.key is not None]
        if not self._hold_ms or not keyed:
            return
        opening = []
        for case, hold in zip(keyed, await self._log.holds([case.key for case in keyed if case.key]), strict=True):
            case.standing = hold
            if hold is None or not self._lasts(hold, request.now) or not case.fits(hold):
                continue
            if self._opens(hold, request):
                opening.append(self._show(case, hold, request))
            else:
                case.hold, case.held = hold, True
        if opening:
            _raise_first(await asyncio.gather(*opening, return_exceptions=True))

    def _lasts(self, hold: Hold, now: int) -> bool:
        """Whether the hold is still valid, also by a setting that was shortened since: ids expire by it, too."""
        return min(hold.until, hold.stamp + self._hold_ms) > now

    def _opens(self, hold: Hold, request: DecisionRequest) -> bool:
        """Whether serving the hold again is a new exposure."""
        if hold.opened_at is None:
            return not request.asked.deferred
        return request.now >= hold.opened_at + self._window_ms

    async def _show(self, case: TitleDecision, hold: Hold, request: DecisionRequest) -> None:
        """Log the new exposure; only then the hold is served."""
        await self._log.log_exposure(
            hold,
            deferred=request.asked.deferred,
            window=self._window_ms,
            spot=request.asked.spot_of(case.live_title.title.id),
            deadline=request.deadline,
        )
        case.hold, case.held = hold, True

    # ---------------------------------------------------------------- new decisions

    async def _draw(self, request: DecisionRequest, cases: Sequence[TitleDecision]) -> None:
        """Draw for all cases and log them in one transaction; the loser of a race takes the winner's hold."""
        if request.allowance and (allowed := request.allowance.take(len(cases))) < len(cases):
            if allowed:
                await self._draw_all(request, cases[:allowed])
            raise OverAllowanceError
        await self._draw_all(request, cases)

    async def _draw_all(self, request: DecisionRequest, cases: Sequence[TitleDecision]) -> None:
        viewer = await self._viewers.with_taste(request.viewer, self._clock())
        drafts = await self._drafting.drafts(request, viewer, cases)
        placed = await self._log.log_decisions(drafts, deadline=request.deadline)
        outrun = []
        for case, draft, hold in zip(cases, drafts, placed, strict=True):
            if hold.nonce == draft.nonce:
                case.hold = hold
            else:
                case.standing = hold
                outrun.append(case)
        for case in outrun:
            await self._take(case, request)

    async def _take(self, case: TitleDecision, request: DecisionRequest) -> None:
        hold = case.standing
        if hold is None or not case.fits(hold):
            return
        if self._opens(hold, request):
            await self._show(case, hold, request)
        else:
            case.hold, case.held = hold, True

    # ---------------------------------------------------------------- answers

    def _answer(self, request: DecisionRequest, case: TitleDecision, reason: str) -> list[Choice]:
        """Return the case's choice; a fallback for `reason` if nothing was decided."""
        hold = case.hold
        if hold is None:
            return self._fallbacks.choose(
                request.asked, request.viewer, [case.live_title], request.frame, reason=reason
            )
        outcome = "held" if case.held else "switched" if case.switched else "pinned" if hold.pinned else "drawn"
        metrics.decided("bot" if request.bot else hold.group, outcome).inc()
        return [chosen(case.live_title, hold, self._ids, request.frame, held=case.held)]


def _raise_first(outcomes: Sequence[object]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome

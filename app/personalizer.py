"""Choosing a picture for each title: candidates, hold, group, probabilities, draw, log, answer."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from app import metrics
from app.answers import Choice, chosen, fallback
from app.asked import Viewing
from app.identity import hold_key
from app.model import NoModelError
from app.odds import Odds
from app.problem import Gone, NotFound
from app.records import Decision, encode
from app.settings import Settings
from app.shelf import Shelved
from app.store.protocol import Draft, Hold, Log, StoreTimeoutError
from app.tokens import Tokens
from app.viewers import Viewer, Viewers
from assets.catalogue import Artwork
from bandit.exploration import one_of
from bandit.sampling import draw, uniform_from

log = structlog.get_logger()

NONCE_BYTES = 8
RACES = 3
"""How often a decision is made again because another request's hold, unusable here, came first."""


@dataclass(slots=True, eq=False)
class Case:
    """One title of a request on its way to an answer."""

    shelved: Shelved
    candidates: Sequence[Artwork]
    pin: Artwork | None
    key: bytes | None
    standing: Hold | None = None
    hold: Hold | None = None
    held: bool = False

    def fits(self, hold: Hold) -> bool:
        """Whether a hold may be served: its picture is still a candidate, and no pin came or went."""
        if self.pin is not None or hold.pinned:
            return hold.pinned and self.pin is not None and hold.artwork == self.pin.id
        return any(artwork.id == hold.artwork for artwork in self.candidates)


class Personalizer:
    def __init__(
        self,
        settings: Settings,
        *,
        store_log: Log,
        viewers: Viewers,
        odds: Odds,
        tokens: Tokens,
        clock: Callable[[], int],
    ):
        self._settings = settings
        self._log = store_log
        self._viewers, self._odds, self._tokens, self._clock = viewers, odds, tokens, clock

    async def choose(self, asked: Viewing, titles: Sequence[Shelved]) -> list[Choice]:
        """Return a choice for each title, in order. Whatever fails, a known title gets a picture.

        A title none of whose artworks may be shown to this viewer is left out.
        """
        deadline = asyncio.get_running_loop().time() + self._settings.decision_timeout_ms / 1000
        viewer = None
        try:
            now = self._clock()
            viewer = await self._viewers.of(asked, now)
            if self._settings.serve == "default":
                return self._fall_back(asked, viewer, titles, "switched_off")
            return await self._decide(asked, viewer, titles, now, deadline)
        except NoModelError:
            return self._fall_back(asked, viewer, titles, "no_model")
        except StoreTimeoutError:
            return self._fall_back(asked, viewer, titles, "timeout")
        except Exception:
            log.exception("decision_failed", titles=[shelved.title.id for shelved in titles][:5])
            return self._fall_back(asked, viewer, titles, "error")

    async def choose_one(self, asked: Viewing, shelved: Shelved) -> Choice:
        """Return the choice for one title, or raise `Gone` or `NotFound` if no artwork of it may be shown."""
        for choice in await self.choose(asked, [shelved]):
            return choice
        title = shelved.title.id
        if all(artwork.status == "withdrawn" for artwork in shelved.title.artworks):
            raise Gone(f"Every artwork of title {title!r} is withdrawn; add one or activate one.")
        raise NotFound(
            f"No artwork of title {title!r} may be shown for this maturity, locale, placement and time; "
            "widen the request or the artworks' limits."
        )

    async def _decide(
        self, asked: Viewing, viewer: Viewer, titles: Sequence[Shelved], now: int, deadline: float
    ) -> list[Choice]:
        cases = [case for shelved in titles if (case := self._case(asked, viewer, shelved, now))]
        await self._serve_holds(asked, cases, now, deadline)
        for _ in range(RACES):
            waiting = [case for case in cases if case.hold is None]
            if not waiting:
                break
            await self._draw(asked, viewer, waiting, deadline)
        return [self._answer(case, case.hold) if case.hold else self._outrun(case) for case in cases]

    def _case(self, asked: Viewing, viewer: Viewer, shelved: Shelved, now: int) -> Case | None:
        title = shelved.title
        candidates = title.eligible(
            now=now / 1000, locale=viewer.locale, placement=asked.placement, maturity=viewer.maturity
        )
        if not candidates:
            return None
        pin = title.pinned(now=now / 1000, placement=asked.placement, country=viewer.country, among=candidates)
        key = hold_key(viewer.pseudonym, title.id, asked.placement) if viewer.pseudonym else None
        return Case(shelved, candidates, pin, key)

    # ---------------------------------------------------------------- holds

    async def _serve_holds(self, asked: Viewing, cases: Sequence[Case], now: int, deadline: float) -> None:
        """Serve what is held for the viewer again: the same decision with its own propensity, not a new draw."""
        keyed = [case for case in cases if case.key is not None]
        if not self._settings.hold_ms or not keyed:
            return
        holds = await self._log.holds([case.key for case in keyed if case.key])
        shown = []
        for case, hold in zip(keyed, holds, strict=True):
            case.standing = hold
            if hold and hold.until > now and case.fits(hold):
                case.hold, case.held = hold, True
                if self._opens(hold, asked, now):
                    shown.append(hold)
        if shown:
            await self._show(shown, asked, deadline)

    def _opens(self, hold: Hold, asked: Viewing, now: int) -> bool:
        """Whether serving the hold again is a new exposure."""
        if hold.opened_at is None:
            return not asked.deferred
        return now >= hold.opened_at + self._settings.window_ms

    async def _show(self, holds: Sequence[Hold], asked: Viewing, deadline: float) -> None:
        """Log the new exposures, all in one transaction; what has not begun by the deadline never will."""
        window = self._settings.window_ms
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.gather(
                    *[self._log.show(hold, deferred=asked.deferred, window=window) for hold in holds]
                )
        except TimeoutError as error:
            raise StoreTimeoutError("The log took longer than the decision may.") from error

    # ---------------------------------------------------------------- new decisions

    async def _draw(self, asked: Viewing, viewer: Viewer, cases: Sequence[Case], deadline: float) -> None:
        """Draw for all cases and log them in one transaction; the loser of a race takes the winner's hold."""
        drafts = [await self._draft(asked, viewer, case) for case in cases]
        placed = await self._log.place(drafts, deadline=deadline)
        for case, draft, hold in zip(cases, drafts, placed, strict=True):
            if hold.nonce == draft.nonce:
                case.hold = hold
            elif case.fits(hold):
                case.hold, case.held = hold, True
            else:
                case.standing = hold

    async def _draft(self, asked: Viewing, viewer: Viewer, case: Case) -> Draft:
        nonce = os.urandom(NONCE_BYTES)
        decision = await self._decision(viewer, case, nonce)
        return Draft(
            encode(decision),
            nonce,
            decision.artwork,
            decision.group,
            asked.deferred,
            decision.pinned,
            case.key,
            self._settings.hold_ms if case.key else 0,
            case.standing.decision if case.standing else None,
        )

    async def _decision(self, viewer: Viewer, case: Case, nonce: bytes) -> Decision:
        candidates = tuple([artwork.id for artwork in case.candidates])
        if case.pin:
            chosen_index = candidates.index(case.pin.id)
            probabilities = one_of(len(candidates), chosen_index)
        else:
            probabilities = await self._odds.of(viewer, case.shelved, candidates)
            chosen_index = draw(probabilities, uniform_from(nonce))
        return Decision(
            nonce,
            case.shelved.title.id,
            case.shelved.title.revision,
            candidates,
            chosen_index,
            tuple(probabilities),
            viewer.group,
            viewer.pseudonym,
            dict(viewer.context.attributes),
            dict(viewer.context.taste),
            self._odds.snapshot,
            case.pin is not None,
        )

    # ---------------------------------------------------------------- answers

    def _answer(self, case: Case, hold: Hold) -> Choice:
        outcome = "held" if case.held else "pinned" if hold.pinned else "drawn"
        metrics.decided(hold.group, outcome).inc()
        return chosen(case.shelved, hold, self._tokens, held=case.held)

    def _outrun(self, case: Case) -> Choice:
        """Fall back where another request was faster each time, with a hold that can't be served here."""
        metrics.FALLBACKS.labels("outrun").inc()
        ids = [artwork.id for artwork in case.candidates]
        default = case.shelved.title.default
        return fallback(case.shelved, default if default in ids else ids[0])

    def _fall_back(
        self, asked: Viewing, viewer: Viewer | None, titles: Sequence[Shelved], reason: str
    ) -> list[Choice]:
        choices = [
            fallback(shelved, artwork.id)
            for shelved in titles
            if (artwork := self._default(asked, viewer, shelved))
        ]
        metrics.FALLBACKS.labels(reason).inc(len(choices))
        return choices

    def _default(self, asked: Viewing, viewer: Viewer | None, shelved: Shelved) -> Artwork | None:
        """Return the title's default picture, if it may be shown.

        What is fit for all goes first where the profile's own limit could not be read.
        """
        may = shelved.title.eligible(
            now=self._clock() / 1000,
            locale=viewer.locale if viewer else asked.language,
            placement=asked.placement,
            maturity=viewer.maturity if viewer else asked.maturity,
        )
        cautious = viewer is None and asked.profile is not None

        def rank(artwork: Artwork) -> tuple[int, bool]:
            return artwork.maturity if cautious else 0, artwork.id != shelved.title.default

        return min(may, key=rank, default=None)

"""Orders of operators to a running service: each is a record of the log, and an entry of the edits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import structs

from app.interventions import (
    MOST_QUARANTINES,
    PROMOTE,
    ROLL_BACK,
    SETTING,
    Given,
    Interventions,
    Learning,
    Order,
    Promotion,
    Quarantine,
    Serving,
    interventions_in,
)
from app.records import Kind, encode
from app.refusals import Conflict, Invalid, NotFound
from app.store.protocol import Author, EditDraft, Head, Intervening, Snapshot, State, Store

Change = Callable[[Interventions, Given], Interventions]
CANDIDATE = f"{PROMOTE} candidate"
LATEST = 253_402_300_799_000
"""The last second that a date can name, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Span:
    """The exposures to quarantine, by the time at which their windows were open, in milliseconds."""

    since: int
    until: int
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Folding:
    """How far the quarantines in force are folded out.

    If it is not `done`, a fold is under way. Nothing that was learned before `since`, in milliseconds, can be
    folded out, because that is the time of the oldest base; None means that there is no base yet.
    """

    done: bool
    since: int | None


class Operator:
    """Logs interventions. Workers and the trainer read the ones in force several times a second."""

    def __init__(self, store: Store, retention_ms: int):
        self._store, self._retention = store, retention_ms

    async def in_force(self) -> Interventions:
        return interventions_in(await self._store.log.setting(SETTING))

    async def folding(self) -> Folding:
        return await folding(self._store.state, await self.in_force())

    async def serve(self, by: Author, pictures: Serving, why: str) -> Interventions:
        """Order default pictures for everyone, or the policy again. An order that is in force changes nothing."""

        def change(now: Interventions, given: Given) -> Interventions:
            if now.serving == pictures:
                return now
            return structs.replace(now, serving_default=given if pictures == "default" else None)

        order = Order(f"serving {pictures}", by.role, by.name, why)
        return await self.order(Kind.INTERVENTION, order, change, lambda found: {"serving": found.serving})

    async def learn(self, by: Author, state: Learning, why: str) -> Interventions:
        """Order a pause of learning, or its end. An order that is in force changes nothing."""

        def change(now: Interventions, given: Given) -> Interventions:
            if now.learning == state:
                return now
            return structs.replace(now, learning_paused=given if state == "paused" else None)

        order = Order(f"learning {state}", by.role, by.name, why)
        return await self.order(Kind.INTERVENTION, order, change, lambda found: {"learning": found.learning})

    async def promote(self, by: Author, snapshot: Snapshot, why: str, what: str = PROMOTE) -> Interventions:
        """Order that the trainer continues with the learner of a snapshot, which the caller has checked.

        A promoted `CANDIDATE` is not a candidate any more.
        """
        self._demand_after_quarantine(snapshot, await self.in_force())
        await self._demand_folded_out()
        chosen = await self._store.state.choose(snapshot)

        def change(now: Interventions, given: Given) -> Interventions:
            shadowing = None if what == CANDIDATE else now.candidate
            return structs.replace(now, promotion=Promotion(given, chosen), candidate=shadowing)

        order = Order(f"{what} {snapshot.id}", by.role, by.name, why)
        return await self.order(Kind.INTERVENTION, order, change, _model)

    async def roll_back(self, by: Author, why: str) -> Interventions:
        """Order that the trainer continues with the learner that the latest promotion replaced."""
        replaced = await self._store.state.snapshots("replaced", limit=1)
        if not replaced:
            raise Conflict(
                "There is no snapshot to roll back to, because no promotion was carried out since a profile was "
                "erased the last time. GET /models lists the snapshots; promote another one."
            )
        return await self.promote(by, replaced[0], why, ROLL_BACK)

    async def freeze(self, by: Author, why: str, *, frozen: bool) -> Interventions:
        """Order that the learner stays as it is, or that it learns again from the events after this order."""
        done = await self._store.state.promoted()
        if frozen:
            await self._demand_folded_out()

        def change(now: Interventions, given: Given) -> Interventions:
            if (now.frozen is not None) == frozen:
                return now
            if frozen:
                return structs.replace(now, frozen=given)
            pending = now.promotion and now.promotion.given.position > done
            chosen = now.promotion.snapshot if now.promotion and pending else None
            return structs.replace(now, frozen=None, promotion=Promotion(given, chosen))

        order = Order("freeze" if frozen else "thaw", by.role, by.name, why)
        return await self.order(Kind.INTERVENTION, order, change, _model)

    async def _demand_folded_out(self) -> None:
        """Refuse while exposures in quarantine are folded out, because the new base would keep them."""
        in_force = await self.in_force()
        if any(base.quarantined != in_force.quarantined for base in await self._store.state.bases()):
            raise Conflict("The trainer still folds a quarantine out; `keyart quarantine` says when it is done.")

    @staticmethod
    def _demand_after_quarantine(snapshot: Snapshot, in_force: Interventions) -> None:
        if in_force.quarantines and snapshot.position < in_force.quarantined:
            raise Conflict(
                f"Snapshot {snapshot.id} has learned up to position {snapshot.position}, and the latest order of "
                f"a quarantine is at position {in_force.quarantined}; promote a later one."
            )

    async def quarantine(self, by: Author, span: Span, why: str) -> Quarantine:
        """Leave exposures out of everything that is learned and counted, also if they were learned already.

        A quarantine that is in force with the same span is returned as it is.
        """
        if not span.since < span.until <= LATEST:
            reason = f"It should be later than {shown(min(span.since, LATEST))}, and before the year 10000"
            raise Invalid.field("until", reason)
        oldest, done = self._store.log.now() - self._retention, await self._store.state.promoted()

        def change(now: Interventions, given: Given) -> Interventions:
            if _same(now, span):
                return now
            _demand_learning(now, done)
            kept = tuple(each for each in now.quarantines if each.until > oldest)
            if len(kept) >= MOST_QUARANTINES:
                raise Conflict(f"There are {len(kept)} quarantines, which is the most; lift one of them.")
            new = Quarantine(given, span.since, span.until, span.device)
            return structs.replace(now, quarantines=(*kept, new), quarantined=given.position)

        order = Order("quarantine", by.role, by.name, why, span.since, span.until, span.device)
        after = await self.order(Kind.QUARANTINE, order, change, _listed)
        found = _same(after, span)
        if found is None:  # another operator has lifted it meanwhile
            raise Conflict("The quarantine was lifted while it was ordered; look at GET /interventions.")
        return found

    async def lift(self, by: Author, position: int, why: str) -> Interventions:
        """End a quarantine, so that its exposures are learned and counted after all."""
        done = await self._store.state.promoted()

        def change(now: Interventions, given: Given) -> Interventions:
            _demand_learning(now, done)
            kept = tuple(each for each in now.quarantines if each.given.position != position)
            if len(kept) == len(now.quarantines):
                raise NotFound(f"There is no quarantine {position} in force; GET /interventions lists them.")
            return structs.replace(now, quarantines=kept, quarantined=given.position)

        order = Order("lift quarantine", by.role, by.name, why, lifts=position)
        return await self.order(Kind.QUARANTINE, order, change, _listed)

    async def order(
        self, kind: Kind, order: Order, change: Change, fields: Callable[[Interventions], dict[str, object]]
    ) -> Interventions:
        """Log an order if it changes anything, and return the orders in force then."""

        def intervening(setting: bytes | None, at: Head) -> Intervening | None:
            before = interventions_in(setting)
            after = change(before, Given(at.position, at.stamp, order.role, order.name, order.why))
            if after == before:
                return None
            was, became = fields(before), {**fields(after), **({"why": order.why} if order.why else {})}
            by = Author(order.role, order.name)
            edit = EditDraft(by, order.what, before=encode(was), after=encode(became))
            return Intervening(encode(order), encode(after), edit)

        await self._store.edits.intervene(kind, SETTING, intervening)
        return await self.in_force()


async def folding(state: State, in_force: Interventions) -> Folding:
    bases = await state.bases()
    done = all(base.sound and base.quarantined == in_force.quarantined for base in bases)
    return Folding(done, bases[0].created if bases else None)


async def at_work(state: State, in_force: Interventions, now: int) -> Quarantine | None:
    """Return the latest quarantine that has not ended, or the latest one if they are still folded out."""
    open_ = [each for each in in_force.quarantines if each.until > now]
    if not open_ and in_force.quarantines and not (await folding(state, in_force)).done:
        open_ = list(in_force.quarantines)
    return open_[-1] if open_ else None


def shown(stamp: int) -> str:
    return f"{datetime.fromtimestamp(stamp / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _demand_learning(now: Interventions, carried_out: int) -> None:
    """Refuse a quarantine while the learner is frozen or replaced: no base leads back over the end of that."""
    if now.frozen or (now.promotion and now.promotion.given.position > carried_out):
        raise Conflict("The learner is frozen, or another one replaces it now; thaw it first, and try again.")


def _model(found: Interventions) -> dict[str, object]:
    """Return the orders about the model as the edits show them."""
    return {
        "frozen": found.frozen is not None,
        "promotion": found.promotion.given.position if found.promotion else None,
    }


def _same(found: Interventions, span: Span) -> Quarantine | None:
    wanted = (span.since, span.until, span.device)
    return next((each for each in found.quarantines if (each.since, each.until, each.device) == wanted), None)


def _listed(found: Interventions) -> dict[str, object]:
    """Return the quarantines in force as the edits show them."""
    return {
        "quarantines": [
            {"from": shown(each.since), "until": shown(each.until), "device": each.device}
            for each in found.quarantines
        ]
    }

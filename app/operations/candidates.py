"""Orders about the candidate that learns in the shadow, and its standing."""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import structs

from app.interventions import Given, Interventions, Order, Shadowing
from app.learning.candidate_file import CandidateFile, Kept
from app.operations.candidate_standing import ERASED, UNSAVED, Standing, standing_of
from app.operations.interventions import CANDIDATE, Operator
from app.records import Kind
from app.refusals import Conflict, Invalid, Refusal
from app.store.protocol import Author, Snapshot, Store
from app.viewers.erasure import erased_since
from bandit.policy import Learner

BY_RULE = Author("admin", "rule")
WHY_BY_RULE = "The lower bound of its reward over the incumbent's is above 0."
NOT_YET = "The candidate has not caught up with the log; `keyart candidate` says how far it is."
NONE = "There is no candidate; start one with PUT /candidate or `keyart candidate start`."


class Candidates:
    """Starts, stops and promotes the candidate. There is one at most."""

    def __init__(
        self,
        operator: Operator,
        store: Store,
        file: CandidateFile,
        new: Callable[[str], Learner],
        demand: Callable[[int], Awaitable[Snapshot]],
    ):
        """Take what makes a learner by its name, or raises `ValueError`, and what refuses an unfit snapshot."""
        self._operator, self._store, self._file, self._new, self._demand = operator, store, file, new, demand

    async def standing(self) -> Standing | None:
        return await standing_of(self._store, self._file)

    async def start(self, by: Author, policy: str, why: str, *, by_rule: bool = False) -> None:
        """Order that a candidate learns beside the incumbent. One that is in force with the same name stays."""
        try:
            self._new(policy)
        except ValueError as error:
            raise Invalid.field("policy", str(error).rstrip(".")) from error

        def change(now: Interventions, given: Given) -> Interventions:
            if now.candidate is None:
                return structs.replace(now, candidate=Shadowing(given, policy, by_rule))
            if (now.candidate.policy, now.candidate.by_rule) == (policy, by_rule):
                return now
            raise Conflict(f"The candidate {now.candidate.policy} learns already; stop it first.")

        order = Order(f"start candidate {policy}", by.role, by.name, why, policy=policy, by_rule=by_rule)
        await self._operator.order(Kind.INTERVENTION, order, change, _shown)

    async def stop(self, by: Author, why: str) -> None:
        """Order that the candidate ends. Its learner and its comparison are deleted."""

        def change(now: Interventions, _: Given) -> Interventions:
            return structs.replace(now, candidate=None)

        order = Order("stop candidate", by.role, by.name, why)
        await self._operator.order(Kind.INTERVENTION, order, change, _shown)

    async def serve(self, by: Author, share: float, why: str) -> None:
        """Order that the candidate decides for a share of the profiles, the canary; 0 ends that."""
        standing = await self.standing()
        if share and not (standing and standing.caught_up):
            raise Conflict(NOT_YET if standing else NONE)

        def change(now: Interventions, given: Given) -> Interventions:
            if now.candidate is None:
                raise Conflict(NONE)
            if now.candidate.share == share:
                return now
            serving = given if share else None
            return structs.replace(now, candidate=structs.replace(now.candidate, serving=serving, share=share))

        order = Order(f"serve candidate to {share:g}", by.role, by.name, why)
        await self._operator.order(Kind.INTERVENTION, order, change, _shown)

    async def promote(self, by: Author, why: str) -> None:
        """Order that the trainer continues with the candidate's learner. The candidate then ends."""
        standing = await self.standing()
        if standing is None:
            raise Conflict(NONE)
        kept = await asyncio.to_thread(self._file.read, standing.order.given.position)
        snapshot = _promotable(standing, kept)
        number = await self._store.state.keep_candidate(snapshot)
        # The check is after the write, because the trainer drops candidates for a later erasure.
        if await erased_since(self._store.log, snapshot.position):
            await self._store.state.drop_candidates()
            raise Conflict("A profile was erased just now; try again when the candidate has read that.")
        found = await self._demand(number)
        await self._operator.promote(by, found, why, CANDIDATE)

    async def promote_by_rule(self) -> str | None:
        """Promote the candidate, and return the reason if it is refused."""
        in_force = await self._operator.in_force()
        if in_force.frozen or in_force.learning == "paused":
            return "The learner is frozen or paused, so only an operator changes it."
        try:
            await self.promote(BY_RULE, WHY_BY_RULE)
        except Refusal as refusal:
            return refusal.sentence
        return None


def _promotable(standing: Standing, kept: Kept | None) -> Snapshot:
    """Return the candidate as a snapshot; refuse one that knows too little, or too much."""
    if standing.refusal or kept is None:
        raise Conflict(standing.refusal or UNSAVED)
    state = kept.state
    if state.erased is not None:  # it may have been saved again since
        raise Conflict(ERASED)
    return Snapshot(0, "candidate", state.position, state.resume, 0, state.rules, kept.learner)


def _shown(found: Interventions) -> dict[str, object]:
    """Return the candidate as the edits show it."""
    candidate = found.candidate
    if candidate is None:
        return {"candidate": None}
    return {"candidate": candidate.policy, "by_rule": candidate.by_rule, "share": candidate.share}

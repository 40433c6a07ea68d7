"""Checks of a snapshot before a promotion: it loads, is not collapsed, nor worse than the best single picture."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import log2, sqrt
from typing import Final

from typing_extensions import TypedDict

from app.catalogue.live import LiveCatalogue
from app.evaluation.replay import Ended, Replay, Since
from app.evaluation.turns import Turns
from app.learning.examples import context_of
from app.learning.quarantines import Quarantines
from app.refusals import Conflict, NotFound
from app.store.protocol import Snapshot, Store
from bandit.exploration import one_of, with_floor
from bandit.learners import Kind, restored
from bandit.policy import FaultyLearnerError, Learner
from bandit.sealing import UnusableSnapshot
from bandit.tally import Tally, best_single

RECORDS: Final = 20_000
"""Records from the log's end whose exposures are looked at."""
ENOUGH: Final = 50
"""Decisions without which the choices of a snapshot are not judged."""
LEAST_REWARDED: Final = 30
"""Viewers with a reward who are needed to compare rewards. With fewer the interval is too narrow."""
LEAST_ENTROPY: Final = 0.5
"""The least entropy of a snapshot's choices, as a part of the incumbent's."""
HALF_WIDTH: Final = 1.96
MOST_WEIGHT: Final = 10.0


class Fitness(TypedDict):
    """The choices of a snapshot for the latest decisions, beside those of the snapshot in use.

    The entropy is that of a title's pictures over all of its decisions, in bits, as a mean over titles. It is null
    if there are fewer than 50 decisions. The rewards are those of an exposure over the best single picture, by
    inverse propensities, with a 95 % interval by viewer. They are null if fewer than 30 viewers earned a reward.
    """

    decisions: int
    entropy: float | None
    entropy_in_use: float | None
    over_best_single: float | None
    interval: list[float] | None


@dataclass(slots=True)
class _Case:
    """A decision whose exposure has ended, with what the compared policies would have chosen."""

    ended: Ended
    best: Sequence[float]


class FitnessReporter:
    """Compares snapshots on the latest exposures of the log."""

    def __init__(self, store: Store, live_catalogue: LiveCatalogue, kind: Kind, floor: float):
        self._store, self._live_catalogue, self._kind, self._floor = store, live_catalogue, kind, floor

    async def demand(self, number: int) -> Snapshot:
        """Return a snapshot that may be promoted; refuse any other with the reason."""
        snapshot = await self._store.state.snapshot(number)
        if snapshot is None:
            raise NotFound(
                f"There is no snapshot {number}. A snapshot is deleted when newer ones replace it, or when a "
                "profile is erased; GET /models lists those that are kept."
            )
        fitness = await self.of(snapshot)
        if reason := _unfit(fitness):
            raise Conflict(f"Snapshot {number} is not fit to be promoted: {reason}.")
        return snapshot

    async def of(self, snapshot: Snapshot) -> Fitness:
        """Return the fitness of a snapshot. Refuses one that does not load, such as one with infinite weights."""
        learner = await asyncio.to_thread(self._loaded, snapshot)
        cases = await self._cases()
        if len(cases) < ENOUGH:
            return Fitness(
                decisions=len(cases), entropy=None, entropy_in_use=None, over_best_single=None, interval=None
            )
        try:
            chosen = await self._choices(learner, cases)
        except FaultyLearnerError as error:
            raise Conflict(f"Snapshot {snapshot.id} is not fit to be promoted. {error}") from error
        in_use = await self._in_use()
        value, interval = _over_best_single(cases, chosen)
        return Fitness(
            decisions=len(cases),
            entropy=_entropy(cases, chosen),
            entropy_in_use=_entropy(cases, await self._choices(in_use, cases)) if in_use else None,
            over_best_single=value,
            interval=interval,
        )

    def _loaded(self, snapshot: Snapshot) -> Learner:
        try:
            return restored(snapshot.learner, self._kind)
        except UnusableSnapshot as error:
            raise Conflict(f"Snapshot {snapshot.id} is not fit to be promoted. {error}") from error

    async def _in_use(self) -> Learner | None:
        for snapshot in await self._store.state.snapshots(limit=1):
            try:
                return restored(snapshot.learner)
            except UnusableSnapshot:
                return None
        return None

    async def _cases(self) -> list[_Case]:
        head = (await self._store.log.head()).position
        left_out, rules = await Quarantines.in_force(self._store.log), await self._store.log.setting("rules")
        replay = Replay(self._store.log, self._live_catalogue, left_out, Since(max(0, head - RECORDS), rules))
        tallies: dict[str, dict[str, Tally]] = {}
        cases, turns = [], Turns()
        async for events in replay.events(head):
            for event in events:
                if isinstance(event, Ended):
                    best = await self._best(event, tallies)
                    cases.append(_Case(event, best))
            await turns.give_way()
        return cases

    async def _best(self, ended: Ended, known: dict[str, dict[str, Tally]]) -> Sequence[float]:
        """Return the probabilities by which the best single picture would have been chosen."""
        title, candidates = ended.decision.title, ended.decision.candidates
        if title not in known:
            summed: dict[str, Tally] = {}
            for (_, artwork, _), tally in (await self._store.state.tallies(title)).items():
                summed[artwork] = summed.get(artwork, Tally()) + tally
            known[title] = summed
        best = best_single(candidates, known[title])
        return with_floor(one_of(len(candidates), best), self._floor)

    async def _choices(self, learner: Learner, cases: Sequence[_Case]) -> list[Sequence[float]]:
        turns = Turns()
        chosen: list[Sequence[float]] = []
        for case in cases:
            decision, live_title = case.ended.decision, case.ended.live_title
            actions = [live_title.actions[artwork] for artwork in decision.candidates]
            chosen.append(with_floor(learner.probabilities(context_of(decision, actions), actions), self._floor))
            await turns.give_way()
        return chosen


def _unfit(fitness: Fitness) -> str | None:
    entropy, in_use, interval = fitness["entropy"], fitness["entropy_in_use"], fitness["interval"]
    if entropy is not None and in_use is not None and entropy < LEAST_ENTROPY * in_use:
        return (
            f"its choices are collapsed, because their entropy is {entropy:.2f} bits, and that of the snapshot in "
            f"use is {in_use:.2f}"
        )
    if interval is not None and interval[1] < 0:
        return (
            f"it is worse than the best single picture, by {-interval[1]:.2g} to {-interval[0]:.2g} of the reward "
            "of an exposure"
        )
    return None


def _entropy(cases: Sequence[_Case], chosen: Sequence[Sequence[float]]) -> float:
    """Return the mean entropy over titles, each with the shares that its pictures get over all decisions."""
    shares: dict[str, dict[str, float]] = {}
    for case, probabilities in zip(cases, chosen, strict=True):
        decision = case.ended.decision
        of_title = shares.setdefault(decision.title, {})
        for artwork, probability in zip(decision.candidates, probabilities, strict=True):
            of_title[artwork] = of_title.get(artwork, 0.0) + probability
    found = []
    for of_title in shares.values():
        whole = sum(of_title.values())
        parts = [share / whole for share in of_title.values() if share > 0]
        found.append(-sum(part * log2(part) for part in parts))
    return sum(found) / len(found)


def _over_best_single(
    cases: Sequence[_Case], chosen: Sequence[Sequence[float]]
) -> tuple[float, list[float]] | tuple[None, None]:
    """Return by how much an exposure earns more than with the best single picture, and the interval by viewer."""
    by_viewer: dict[str, float] = {}
    rewarded: set[str] = set()
    for number, (case, probabilities) in enumerate(zip(cases, chosen, strict=True)):
        decision = case.ended.decision
        more = probabilities[decision.chosen] - case.best[decision.chosen]
        weight = max(-MOST_WEIGHT, min(MOST_WEIGHT, more / decision.propensity))
        who = decision.profile or str(number)
        by_viewer[who] = by_viewer.get(who, 0.0) + weight * case.ended.reward
        if case.ended.reward:
            rewarded.add(who)
    if len(rewarded) < LEAST_REWARDED:
        return None, None
    sums, mean = by_viewer.values(), sum(by_viewer.values()) / len(by_viewer)
    value = sum(sums) / len(cases)
    error = sqrt(sum((each - mean) ** 2 for each in sums)) / len(cases)
    return value, [value - HALF_WIDTH * error, value + HALF_WIDTH * error]

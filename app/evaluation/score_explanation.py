"""The features that raised and lowered the score of each candidate of a decision."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

from typing_extensions import TypedDict

from app.catalogue.live import UNREADABLE, LiveCatalogue
from app.evaluation.part_words import sentence
from app.learning.examples import context_of
from app.records import Decision
from app.store.protocol import Snapshot, State
from bandit.explaining import Explainable, Part, Parts
from bandit.groups import CANARY
from bandit.learners import restored
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot
from bandit.types import Action, Context

MOST: Final = 8
"""The most reasons of each kind that are told. `rest` is the sum of the others."""
MOST_CHANGES: Final = 3
LATEST: Final = 5
"""Snapshots among which a usable one is looked for, as a worker does when it starts."""
ONE_PIECE: Final = "The learner's scores are not sums, so they have no parts; use the learner `logistic`."
ERASED: Final = "The viewer was erased, so the parts are those of a viewer without attributes and taste."
CANDIDATE_DECIDED: Final = "A candidate learner decided: the viewer is in the canary. Its snapshots are not kept."
NOBODY_DECIDED: Final = {
    "uniform": "The policy did not decide: the viewer's group gets each candidate with equal chance.",
    "best_single": "The policy did not decide: the viewer's group gets the picture that is best for everyone.",
    "default": "The policy did not decide: the viewer's group gets the editor's default picture.",
}


class Reason(TypedDict):
    """A sentence, and what it adds to the log-odds of a reward."""

    reason: str
    log_odds: float


class ExplainedCandidate(TypedDict):
    """A candidate with its score: `raised`, `lowered` and `rest` sum to `log_odds`.

    Parts that all candidates share are left out. The `best` is the policy's probability that the candidate is the
    best, before the floor. The `probability` is the one that the decision was drawn with, after the floor.
    """

    artwork: str
    probability: float
    best: float
    log_odds: float
    raised: list[Reason]
    lowered: list[Reason]
    rest: float


class Explanation(TypedDict):
    """The policy's scores of a decision's candidates, and their parts.

    The parts are those of `snapshot`; `says` tells whether it is the one that decided. The sentences in `instead`
    say which change would make another picture the likeliest. If nothing can be told, `missing` says why.
    """

    snapshot: int | None
    decided: bool
    says: str
    candidates: list[ExplainedCandidate]
    instead: list[str]
    missing: str | None


class _Used(NamedTuple):
    learner: Learner
    snapshot: int


class ScoreExplainer:
    def __init__(self, state: State, live_catalogue: LiveCatalogue):
        self._state, self._live_catalogue = state, live_catalogue
        self._turn = asyncio.Lock()

    async def of(self, decision: Decision) -> Explanation:
        """Explain a decision by the snapshot that decided, if it is kept, or by the current one.

        It takes a separate learner, because the one in use must not be read in another thread, and the work is
        too long for the event loop.
        """
        async with self._turn:  # a learner takes 20 MB
            decided = await self._state.snapshot(decision.snapshot) if decision.snapshot is not None else None
            kept = [*([decided] if decided else []), *await self._state.snapshots(limit=LATEST)]
            return await asyncio.to_thread(self._explain, decision, kept)

    def _explain(self, decision: Decision, kept: Sequence[Snapshot]) -> Explanation:
        used = next(_usable(kept), None)
        if used is None:
            return _missing("There is no usable snapshot.")
        try:
            live_title = self._live_catalogue.at(decision.title, decision.revision)
        except UNREADABLE as error:
            return _missing(f"The title is not readable as it was then: {error}")
        if not isinstance(used.learner, Explainable):
            return _missing(ONE_PIECE, used.snapshot)
        actions = [live_title.actions[artwork] for artwork in decision.candidates]
        context = context_of(decision, actions)
        parts = used.learner.parts(context, actions)
        return {
            "snapshot": used.snapshot,
            "decided": used.snapshot == decision.snapshot,
            "says": " ".join([*_who_decided(decision), _which(used.snapshot, decision.snapshot)]),
            "candidates": [_explained(decision, index, each) for index, each in enumerate(parts)],
            "instead": _instead(used.learner, context, actions, parts),
            "missing": None,
        }


def _usable(kept: Iterable[Snapshot]) -> Iterator[_Used]:
    for snapshot in kept:
        with suppress(UnusableSnapshot):
            yield _Used(restored(snapshot.learner), snapshot.id)


def _which(used: int, decided: int | None) -> str:
    if used == decided:
        return f"The parts are those of snapshot {used}, which decided."
    gone = "no snapshot had decided" if decided is None else f"snapshot {decided}, which decided, is not kept"
    return f"The parts are those of the current snapshot, {used}, because {gone}."


def _missing(why: str, snapshot: int | None = None) -> Explanation:
    return {"snapshot": snapshot, "decided": False, "says": "", "candidates": [], "instead": [], "missing": why}


def _who_decided(decision: Decision) -> list[str]:
    if decision.switched:  # such a decision counts as pinned, too
        return ["The policy did not decide: an operator had ordered default pictures."]
    if decision.pinned:
        return ["The policy did not decide: an editor pinned the picture."]
    if len(decision.candidates) == 1:
        return ["There was one candidate, so there was nothing to decide."]
    rule = NOBODY_DECIDED.get(decision.group or "")
    if decision.group == CANARY and decision.snapshot is None:
        rule = CANDIDATE_DECIDED
    return [*([rule] if rule else []), *([ERASED] if decision.group and not decision.profile else [])]


def _explained(decision: Decision, index: int, found: Parts) -> ExplainedCandidate:
    raised = [part for part in found.parts if part.log_odds > 0][:MOST]
    lowered = [part for part in found.parts if part.log_odds < 0][:MOST]
    told = sum(part.log_odds for part in (*raised, *lowered))
    return {
        "artwork": decision.candidates[index],
        "probability": decision.probabilities[index],
        "best": found.probability,
        "log_odds": found.log_odds,
        "raised": _reasons(raised),
        "lowered": _reasons(lowered),
        "rest": found.log_odds - told if len(raised) + len(lowered) < len(found.parts) else 0.0,
    }


def _reasons(parts: Sequence[Part]) -> list[Reason]:
    return [{"reason": sentence(part), "log_odds": part.log_odds} for part in parts]


def _instead(learner: Learner, context: Context, actions: Sequence[Action], parts: Sequence[Parts]) -> list[str]:
    """Say which single change of the context makes another candidate the likeliest, the clearest first."""
    if len(actions) < 2:  # noqa: PLR2004  of one candidate there is no other
        return []
    likeliest = _best([each.probability for each in parts])
    found: list[tuple[float, str]] = []
    for change, changed in _changes(context):
        probabilities = learner.probabilities(changed, actions)
        other = _best(probabilities)
        if other != likeliest:
            name, chance = _name(actions[other]), probabilities[other]
            found.append((chance, f"{change}, “{name}” would be the likeliest picture ({chance:.0%})."))
    if found:
        return [told for _, told in sorted(found, reverse=True)[:MOST_CHANGES]]
    return [_no_change(actions, parts, likeliest)]


def _changes(context: Context) -> Iterator[tuple[str, Context]]:
    for name in context.attributes:
        left = {key: value for key, value in context.attributes.items() if key != name}
        yield f"Without the attribute {name}", replace(context, attributes=left)
    for tag in context.taste:
        liked = {key: value for key, value in context.taste.items() if key != tag}
        yield f"Without a taste for or against “{tag}”", replace(context, taste=liked)
    if context.showings:
        yield "If the viewer had been shown none of them before", replace(context, showings={})


def _no_change(actions: Sequence[Action], parts: Sequence[Parts], likeliest: int) -> str:
    others = [index for index in range(len(actions)) if index != likeliest]
    second = max(others, key=lambda index: parts[index].probability)
    gap = parts[likeliest].log_odds - parts[second].log_odds
    return (
        f"“{_name(actions[likeliest])}” stays the likeliest picture without any single attribute or taste. "
        f"“{_name(actions[second])}” is next; its log-odds are {abs(gap):.2f} {'lower' if gap > 0 else 'higher'}."
    )


def _best(probabilities: Sequence[float]) -> int:
    return max(range(len(probabilities)), key=probabilities.__getitem__)


def _name(action: Action) -> str:
    return action.id.rpartition("/")[2]

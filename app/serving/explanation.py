"""The record of a decision, its draw repeated, and its reasons."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from typing_extensions import TypedDict

from app.records import Decision, Kind, decode_decision
from app.refusals import NotFound
from app.serving.decision_id import DecisionId, DecisionIds, UnacceptableId
from app.store.protocol import Log
from bandit.groups import CANARY
from bandit.sampling import draw, uniform_from

DECISIONS = (Kind.DECISION, Kind.DEFERRED)
BY_POLICY = frozenset({"personalized", CANARY, None})
"""The groups whose pictures a policy chooses; viewers who are not logged in have none."""
GETS: Final = {
    "uniform": "each of the {n} candidates with equal chance",
    "best_single": "the artwork that is best for everyone",
    "default": "the editor's default artwork",
}
"""The pictures of the profiles in each control group."""


class Record(TypedDict):
    """A decision as the log records it, and the artwork that is drawn from it again.

    The `probabilities` have the order of `candidates`. The `propensity` is the probability of `artwork`. The
    number of the draw is `u`; the artwork that it draws now is `drawn_again`. The `profile` is a pseudonym. The
    `stamp` is a time in milliseconds. The `timezone` is that of the attribute `hour`; null means UTC. The
    `snapshot` is the one that was in use. The `showings` say how often the viewer was shown each candidate before,
    in the order of `candidates`; they are empty if none was. The `spot` is the part of the page where the picture
    was to be shown, and the release of the client, if the request said so. If an operator had ordered default
    pictures for everyone, the decision is `switched`, and `pinned`, too.
    """

    position: int
    stamp: int
    deferred: bool
    title: str
    artwork: str
    propensity: float
    candidates: Sequence[str]
    probabilities: Sequence[float]
    group: str | None
    pinned: bool
    switched: bool
    bot: bool
    profile: str | None
    attributes: Mapping[str, str | float]
    timezone: str | None
    taste: Mapping[str, float]
    showings: Sequence[int]
    revision: str
    snapshot: int | None
    spot: Mapping[str, str | int | None] | None
    u: float
    drawn_again: str


class Why(TypedDict):
    """The explanation of a decision: with which probability the artwork was drawn, and by which rule.

    For callers without a key, `group` and `probability` are null and the reasons do not tell them, unless the
    preset is `demo`.
    """

    title: str
    artwork: str
    group: str | None
    probability: float | None
    candidates: int
    reasons: list[str]


class Explainer:
    def __init__(self, store_log: Log, ids: DecisionIds, clock: Callable[[], int]):
        self._log, self._ids, self._clock = store_log, ids, clock

    async def record(self, decision_id: str) -> tuple[Record, Decision]:
        """Return the whole record, as long as the log keeps it, with the draw made again from it."""
        id_, decision = await self._find(self._ids.read, decision_id)
        return _recorded(id_, decision), decision

    async def why(self, decision_id: str, *, trusted: bool) -> Why:
        """Return what a holder of the id may know: no profile data, and the group only if `trusted`."""
        _, decision = await self._find(lambda text: self._ids.verify(text, self._clock()), decision_id)
        return {
            "title": decision.title,
            "artwork": decision.artwork,
            "group": decision.group if trusted else None,
            "probability": decision.propensity if trusted else None,
            "candidates": len(decision.candidates),
            "reasons": _reasons(decision) if trusted or decision.pinned else [_plainly(decision)],
        }

    async def _find(self, read: Callable[[str], DecisionId], text: str) -> tuple[DecisionId, Decision]:
        try:
            id_ = read(text)
        except UnacceptableId as refusal:
            raise NotFound(str(refusal)) from refusal
        record = (await self._log.records([id_.position])).get(id_.position)
        decision = decode_decision(record.body) if record and record.kind in DECISIONS else None
        if decision is None or decision.nonce != id_.nonce:  # after a power cut, a lost position is used again
            raise NotFound(
                "The log no longer keeps the decision; RETENTION_DAYS says how long it keeps decisions."
            )
        return id_, decision


def _recorded(id_: DecisionId, decision: Decision) -> Record:
    u = uniform_from(decision.nonce)
    again = decision.chosen if decision.pinned else draw(decision.probabilities, u)
    return {
        "position": id_.position,
        "stamp": id_.stamp,
        "deferred": id_.deferred,
        "title": decision.title,
        "artwork": decision.artwork,
        "propensity": decision.propensity,
        "candidates": decision.candidates,
        "probabilities": decision.probabilities,
        "group": decision.group,
        "pinned": decision.pinned,
        "switched": decision.switched,
        "bot": decision.bot,
        "profile": decision.profile,
        "attributes": decision.attributes,
        "timezone": decision.timezone,
        "taste": decision.taste,
        "showings": decision.showings,
        "revision": decision.revision,
        "snapshot": decision.snapshot,
        "spot": msgspec.structs.asdict(decision.spot) if decision.spot else None,
        "u": u,
        "drawn_again": decision.candidates[again],
    }


def _plainly(decision: Decision) -> str:
    """Return the reason in words that are the same for all groups."""
    n = len(decision.candidates)
    return f"{n} artworks of the title may be shown here; what viewers did before changes the chance of each."


def _reasons(decision: Decision) -> list[str]:
    chosen = decision.group in BY_POLICY and not decision.pinned and len(decision.candidates) > 1
    return [_reason(decision), *([_familiarity(decision)] if chosen and decision.showings else [])]


def _familiarity(decision: Decision) -> str:
    """Say how often the viewer was shown the artwork before; open windows and capped showings do not count."""
    count = decision.showings[decision.chosen]
    if not count:
        return "This viewer had not seen this artwork before, but another one of the title. The policy used this."
    often = "once" if count == 1 else f"{count} times"
    return f"This viewer had seen this artwork at least {often} before. The policy used this number."


def _reason(decision: Decision) -> str:
    n = len(decision.candidates)
    if decision.switched:
        return "An operator ordered default pictures for everyone, so there was no draw."
    if decision.pinned:
        return "An editor pinned this artwork, so there was no draw."
    if what := GETS.get(decision.group or ""):
        return f"The profile is in the group that gets {what.format(n=n)}."
    known = "the viewer's context and taste" if decision.taste else "the viewer's context"
    chance = f"{100 * decision.propensity:.1f} %"
    tried = decision.group == CANARY and decision.snapshot is None
    who = "A candidate learner, which is tried out for some profiles," if tried else "The policy"
    return f"{who} gave this artwork, one of {n}, a chance of {chance}. It used {known}."

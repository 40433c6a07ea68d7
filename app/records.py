"""The records of the event log, and their encoding."""

from collections.abc import Mapping
from enum import IntEnum

import msgspec

from bandit.reward import RewardRules
from bandit.terms import Terms


class Kind(IntEnum):
    DECISION = 1
    """A decision that counts as shown immediately: it opens its own window."""
    DEFERRED = 2
    """A decision that counts as shown only after an impression."""
    EXPOSURE = 3
    """A hold was shown again after its last window had closed, which opens a new window for the same decision."""
    IMPRESSION = 4
    CLICK = 5
    PLAY = 6
    VOID = 7
    """The decision was logged, but its viewer got a fallback."""
    RULES = 8
    """The rules for windows and feedback from this position on."""
    TICK = 9
    """A time stamp alone, so that windows close when no requests come."""
    ERASURE = 10
    """A profile is forgotten."""
    BASE = 11
    """The fold's state at this record is a new base; the state before it was made in another way."""
    INTERVENTION = 12
    """An operator's order, such as default pictures for everyone (`app.interventions`). No fold depends on it."""
    QUARANTINE = 13
    """An operator's order to leave exposures out of everything learned and counted, or the end of it."""
    EXPERIMENT = 14
    """An experiment begins, which compares the groups."""
    IMPORTED = 15
    """An exposure that another system had, with its outcome. It is learned from, and counted nowhere."""


FOLD = 3
"""The version of the fold. Raise it with every change by which the same log ends at another state."""
KINDS = frozenset(Kind)
LOT_BITS = 24
"""Bits of each of the two numbers in a stranger's lot."""
PINNED, ANONYMOUS, BOT = "pinned", "anonymous", "bot"
"""The groups of tallies of decisions that belong to no group of the lift."""
DECISIONS = frozenset({Kind.DECISION, Kind.DEFERRED})


class Spot(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of a page that shows a picture, as its client says. It does not influence anything."""

    release: str | None = None
    """The release of the client."""
    page: str | None = None
    row: str | None = None
    column: int | None = None


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """The chosen artwork, its candidates and their probabilities, and the context."""

    nonce: bytes
    title: str
    revision: str
    candidates: tuple[str, ...]
    chosen: int
    probabilities: tuple[float, ...]
    group: str | None = None
    profile: str | None = None
    attributes: Mapping[str, str | float] = {}
    taste: Mapping[str, float] = {}
    snapshot: int | None = None
    pinned: bool = False
    stranger: int = 0
    """0 for a known viewer. A stranger has a secret random lot, which is never 0."""
    bot: bool = False
    """A declared bot asked, so nothing is learned from it."""
    timezone: str | None = None
    """The time zone of the `hour` among the attributes; None for UTC."""
    spot: Spot | None = None
    audit: dict[str, bool | float | str] = {}
    """The audit attributes of the profile. No policy and no learner reads them."""
    showings: tuple[int, ...] = ()
    """How often the viewer was shown each candidate before, in their order; empty if none was."""
    switched: bool = False
    """The decision has the default picture because an operator ordered that; it is `pinned`, too."""

    @property
    def artwork(self) -> str:
        return self.candidates[self.chosen]

    @property
    def propensity(self) -> float:
        return self.probabilities[self.chosen]

    def forgotten(self) -> "Decision":
        return msgspec.structs.replace(
            self, profile=None, attributes={}, taste={}, timezone=None, spot=None, audit={}, showings=()
        )


class Imported(msgspec.Struct, frozen=True, omit_defaults=True):
    """An exposure that another system had, with its outcome. It ended at `at`, in Unix milliseconds.

    Its `decision` has no probabilities. If nobody recorded the propensity, it is left
    out.
    """

    decision: Decision
    at: int
    clicked: bool = False
    seconds: float | None = None
    """The time watched; None if the title was not played."""
    propensity: float | None = None

    def forgotten(self) -> "Imported":
        return msgspec.structs.replace(self, decision=self.decision.forgotten())


class Feedback(msgspec.Struct, frozen=True, omit_defaults=True):
    """An impression, click or play. `opened` is the position that opened its exposure, perhaps its own."""

    decision: int
    opened: int
    seconds: float = 0.0
    spot: Spot | None = None
    ago: int = 0
    """How long before its record it happened, in milliseconds, as an app says that had no network."""


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """The decision that an EXPOSURE shows again, at its `spot`, or that a VOID takes back."""

    decision: int
    spot: Spot | None = None


class Erasure(msgspec.Struct, frozen=True):
    profile: str


class Rebase(msgspec.Struct, frozen=True):
    """The reason for a new base, and the version of the fold that sets it."""

    reason: str
    fold: int


class Record(msgspec.Struct, frozen=True, gc=False):
    """One entry of the log. `stamp` is in milliseconds and never less than the one before."""

    position: int
    stamp: int
    kind: int
    body: bytes


encode = msgspec.json.Encoder().encode
decode_decision = msgspec.json.Decoder(Decision).decode
decode_imported = msgspec.json.Decoder(Imported).decode
decode_feedback = msgspec.json.Decoder(Feedback).decode
decode_reference = msgspec.json.Decoder(Reference).decode
decode_erasure = msgspec.json.Decoder(Erasure).decode
decode_rebase = msgspec.json.Decoder(Rebase).decode
decode_terms = msgspec.json.Decoder(Terms).decode
decode_rules = msgspec.json.Decoder(RewardRules).decode


def without_profile(kind: int, body: bytes, pseudonym: str) -> bytes | None:
    """Return the body of a record without the viewer; None if the record does not name this viewer."""
    if pseudonym.encode() not in body:
        return None
    if kind in DECISIONS:
        decision = decode_decision(body)
        return encode(decision.forgotten()) if decision.profile == pseudonym else None
    if kind == Kind.IMPORTED:
        imported = decode_imported(body)
        return encode(imported.forgotten()) if imported.decision.profile == pseudonym else None
    return None


def unknown(record: Record) -> tuple[str, str] | None:
    """Say what of a record this version does not know, and what it knows instead; None if it knows all."""
    if record.kind not in KINDS:
        return (
            f"has a record of kind {record.kind} at position {record.position}",
            f"the kinds {min(KINDS):d} to {max(KINDS):d}",
        )
    if record.kind == Kind.BASE and (fold := decode_rebase(record.body).fold) > FOLD:
        return f"has a base of fold version {fold} at position {record.position}", f"fold versions up to {FOLD}"
    return None

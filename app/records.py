"""What stands in the event log, and how it is written down."""

from enum import IntEnum

import msgspec

from bandit.reward import Rules


class Kind(IntEnum):
    DECISION = 1
    """A decision that counts as shown at once: it opens its own window."""
    DEFERRED = 2
    """A decision that counts as shown only after an impression."""
    EXPOSURE = 3
    """A hold was shown again after its last window had closed: a new window for the same decision."""
    IMPRESSION = 4
    CLICK = 5
    PLAY = 6
    VOID = 7
    """The decision was logged, but its viewer was answered with a fallback."""
    RULES = 8
    """From here on windows open, and feedback is rewarded, by these rules."""
    TICK = 9
    """Nothing but the time, so that windows close when nobody comes."""
    ERASURE = 10
    """A profile is forgotten."""
    BASE = 11
    """The fold's state at this record is a new base: what came before it was made in another way."""


LOT_BITS = 24
"""Of each of the two numbers that a stranger's lot is made of."""
PINNED, ANONYMOUS, BOT = "pinned", "anonymous", "bot"
"""The groups of tallies of decisions that belong to no group of the lift."""
DECISIONS = frozenset({Kind.DECISION, Kind.DEFERRED})


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was chosen, from what, with which chance, knowing what."""

    nonce: bytes
    title: str
    revision: str
    candidates: tuple[str, ...]
    chosen: int
    probabilities: tuple[float, ...]
    group: str | None = None
    profile: str | None = None
    attributes: dict[str, str | float] = {}
    taste: dict[str, float] = {}
    snapshot: int | None = None
    pinned: bool = False
    stranger: int = 0
    """0 for who is known. A stranger has a lot, drawn at random and told to nobody, that is never 0."""
    bot: bool = False
    """A program asked, which said so: nothing is learned of it."""
    timezone: str | None = None
    """Where the `hour` among the attributes is that of the clock; None for UTC."""

    @property
    def artwork(self) -> str:
        return self.candidates[self.chosen]

    @property
    def propensity(self) -> float:
        return self.probabilities[self.chosen]

    def forgotten(self) -> "Decision":
        """Return the decision with everything about its viewer taken out."""
        return msgspec.structs.replace(self, profile=None, attributes={}, taste={}, timezone=None)


class Feedback(msgspec.Struct, frozen=True, omit_defaults=True):
    """An impression, click or play. `opened` is the position that opened its exposure, perhaps its own."""

    decision: int
    opened: int
    seconds: float = 0.0


class Reference(msgspec.Struct, frozen=True):
    """The decision that an EXPOSURE shows again, or that a VOID takes back."""

    decision: int


class Erasure(msgspec.Struct, frozen=True):
    profile: str


class Rebase(msgspec.Struct, frozen=True):
    """Why a new base is set, and by which version of the fold."""

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
decode_feedback = msgspec.json.Decoder(Feedback).decode
decode_reference = msgspec.json.Decoder(Reference).decode
decode_erasure = msgspec.json.Decoder(Erasure).decode
decode_rules = msgspec.json.Decoder(Rules).decode

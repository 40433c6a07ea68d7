"""The records of one viewer, as a person may demand them: decisions that name the viewer, and their feedback."""

from collections.abc import AsyncIterator, Mapping
from typing import Literal

import msgspec

from app.clock import moment
from app.records import (
    DECISIONS,
    Decision,
    Kind,
    Record,
    Spot,
    decode_decision,
    decode_feedback,
    decode_imported,
    decode_reference,
)
from app.store.protocol import Log
from app.viewers.pseudonym import Identity

PAGE = 1000
"""Records that are read at a time. Other requests are answered in between."""


class OwnDecision(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="decision"):
    """A picture that was chosen for the viewer, with its candidates and with the knowledge of the viewer then."""

    position: int
    time: str
    title: str
    artwork: str
    candidates: tuple[str, ...]
    probabilities: tuple[float, ...]
    group: str | None
    pinned: bool
    attributes: Mapping[str, str | float]
    taste: Mapping[str, float]
    audit: Mapping[str, bool | float | str]
    showings: tuple[int, ...]
    timezone: str | None
    spot: Spot | None


class OwnEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that happened to a decision, which is named by its position."""

    kind: Literal["shown again", "impression", "click", "play", "not shown"]
    position: int
    time: str
    decision: int
    seconds: float | None = None
    spot: Spot | None = None


class OwnImported(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="imported"):
    """An exposure that the viewer had in another system, as the owner of the catalogue imported it."""

    position: int
    imported: str
    time: str
    title: str
    artwork: str
    clicked: bool
    seconds: float | None
    attributes: Mapping[str, str | float]
    taste: Mapping[str, float]
    showings: tuple[int, ...]
    timezone: str | None


class End(msgspec.Struct, frozen=True, tag_field="kind", tag="end"):
    """The last line: without it something is missing. `records` is how many came before."""

    records: int
    position: int


Own = OwnDecision | OwnEvent | OwnImported | End
FEEDBACK: dict[int, Literal["impression", "click", "play"]] = {
    Kind.IMPRESSION: "impression",
    Kind.CLICK: "click",
    Kind.PLAY: "play",
}
REFERENCES: dict[int, Literal["shown again", "not shown"]] = {
    Kind.EXPOSURE: "shown again",
    Kind.VOID: "not shown",
}


class OwnRecords:
    """Finds the records of a viewer in the log, which has no index by viewer: each call reads all of it."""

    def __init__(self, log: Log, identity: Identity):
        self._log, self._identity = log, identity

    async def of(self, profile: str) -> AsyncIterator[list[Own]]:
        """Yield what the log has of a profile, in its order and page by page; the last page has the end."""
        search = _Search(self._identity.pseudonym(profile))
        head = (await self._log.head()).position
        seen = found = 0
        while seen < head and (records := await self._log.read(seen, PAGE)):
            own = [each for record in records if (each := search.own(record))]
            seen, found = records[-1].position, found + len(own)
            yield list(own)
        yield [End(found, seen)]


class _Search:
    """Recognizes the records of a pseudonym, one after the other."""

    def __init__(self, pseudonym: str):
        self._pseudonym, self._decisions = pseudonym, set[int]()
        self._mark = pseudonym.encode()

    def own(self, record: Record) -> OwnDecision | OwnEvent | OwnImported | None:
        if record.kind in DECISIONS:
            return self._decision(record) if self._mark in record.body else None
        if record.kind == Kind.IMPORTED:
            return self._imported(record) if self._mark in record.body else None
        if record.kind in FEEDBACK:
            return self._feedback(record)
        return self._reference(record) if record.kind in REFERENCES else None

    def _decision(self, record: Record) -> OwnDecision | None:
        decision = decode_decision(record.body)
        if decision.profile != self._pseudonym:
            return None
        self._decisions.add(record.position)
        return _shown(record, decision)

    def _imported(self, record: Record) -> OwnImported | None:
        imported = decode_imported(record.body)
        decision = imported.decision
        if decision.profile != self._pseudonym:
            return None
        return OwnImported(
            record.position,
            moment(record.stamp),
            moment(imported.at),
            decision.title,
            decision.artwork,
            imported.clicked,
            imported.seconds,
            decision.attributes,
            decision.taste,
            decision.showings,
            decision.timezone,
        )

    def _feedback(self, record: Record) -> OwnEvent | None:
        feedback = decode_feedback(record.body)
        if feedback.decision not in self._decisions:
            return None
        return OwnEvent(
            FEEDBACK[record.kind],
            record.position,
            moment(record.stamp - feedback.ago),
            feedback.decision,
            feedback.seconds if record.kind == Kind.PLAY else None,
            feedback.spot,
        )

    def _reference(self, record: Record) -> OwnEvent | None:
        reference = decode_reference(record.body)
        if reference.decision not in self._decisions:
            return None
        return OwnEvent(
            REFERENCES[record.kind],
            record.position,
            moment(record.stamp),
            reference.decision,
            spot=reference.spot,
        )


def _shown(record: Record, decision: Decision) -> OwnDecision:
    return OwnDecision(
        record.position,
        moment(record.stamp),
        decision.title,
        decision.artwork,
        decision.candidates,
        decision.probabilities,
        decision.group,
        decision.pinned,
        decision.attributes,
        decision.taste,
        decision.audit,
        decision.showings,
        decision.timezone,
        decision.spot,
    )

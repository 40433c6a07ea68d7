"""The log join: from records to steps that open, reward and close windows."""

from collections.abc import Iterable, Iterator

import msgspec

from app.records import (
    Imported,
    Kind,
    Record,
    decode_erasure,
    decode_feedback,
    decode_imported,
    decode_reference,
    decode_rules,
    decode_terms,
    encode,
)
from bandit.reward import RewardRules
from bandit.terms import Terms
from bandit.windows import CLICK, IMPRESSION, PLAY, REPORTED, Closed, Windows

FEEDBACK = frozenset({Kind.IMPRESSION, Kind.CLICK, Kind.PLAY})
UNDECLARED = RewardRules(window=600_000)
"""The rules before the first rules of a log; every process logs its rules before it decides."""


class Close(msgspec.Struct, frozen=True, gc=False):
    """A window has closed. `rules` are those in force at its close.

    An app without a network may tell late what opened the window: then the viewer's own window ended `ago`
    milliseconds before the one of the log.
    """

    position: int
    closed: Closed
    rules: RewardRules
    ago: int = 0

    @property
    def decision(self) -> int:
        return self.closed.decision


class Credit(msgspec.Struct, frozen=True, gc=False):
    """A click or play has arrived.

    `gain` is by how much it raised its exposure's reward; None if it came too late. `rules` are those in force
    then. It happened `ago` milliseconds before.
    """

    position: int
    stamp: int
    decision: int
    gain: float | None
    rules: RewardRules
    ago: int = 0


class Forget(msgspec.Struct, frozen=True, gc=False):
    position: int
    profile: str


class Begin(msgspec.Struct, frozen=True, gc=False):
    """An experiment has begun."""

    position: int
    stamp: int
    terms: Terms


class Past(msgspec.Struct, frozen=True, gc=False):
    """An imported exposure, which has closed already, with its reward by the `rules` in force."""

    position: int
    stamp: int
    imported: Imported
    reward: float
    rules: RewardRules


Step = Close | Credit | Forget | Begin | Past


class LogJoin:
    """Keeps the open windows and the rules while the fold reads the log."""

    def __init__(self, rules: bytes | None = None):
        self._windows = Windows()
        self._rules = [(0, decode_rules(rules) if rules else UNDECLARED)]
        self._told_late: dict[int, int] = {}
        """How many milliseconds before its record each of these open windows began for its viewer."""

    def steps(self, records: Iterable[Record]) -> Iterator[Step]:
        """Yield the steps of the records, in order; the windows that a record's stamp closes come first."""
        for record in records:
            for closed in self._windows.close(record.stamp):
                ago = self._told_late.pop(closed.opened, 0) if self._told_late else 0
                yield Close(record.position, closed, self.current, ago)
            yield from self._take(record)

    def resume(self, position: int) -> tuple[int, bytes]:
        """Return where to read from again after the record at `position`, and the rules in force there."""
        oldest = self._windows.oldest()
        start = position + 1 if oldest is None else oldest
        while len(self._rules) > 1 and self._rules[1][0] < start:
            del self._rules[0]
        return start, encode(self._rules[0][1])

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def current(self) -> RewardRules:
        return self._rules[-1][1]

    def _take(self, record: Record) -> Iterator[Step]:
        match record.kind:
            case Kind.DECISION:
                self._open(record, record.position)
            case Kind.EXPOSURE:
                self._open(record, decode_reference(record.body).decision)
            case Kind.IMPRESSION:
                self._credit(record)  # it may open a window, but earns nothing
            case Kind.CLICK | Kind.PLAY:
                yield self._credit(record)
            case Kind.VOID:
                self._windows.void(decode_reference(record.body).decision)
            case Kind.RULES:
                self._rules.append((record.position, decode_rules(record.body)))
            case Kind.ERASURE:
                yield Forget(record.position, decode_erasure(record.body).profile)
            case Kind.EXPERIMENT:
                yield Begin(record.position, record.stamp, decode_terms(record.body))
            case Kind.IMPORTED:
                yield self._past(record)

    def _past(self, record: Record) -> Past:
        imported = decode_imported(record.body)
        reward = self.current.of_outcome(imported.seconds, clicked=imported.clicked)
        return Past(record.position, record.stamp, imported, reward, self.current)

    def _open(self, record: Record, decision: int) -> None:
        self._windows.open(record.position, decision, record.stamp, self.current.window)

    def _credit(self, record: Record) -> Credit:
        feedback = decode_feedback(record.body)
        if feedback.opened == record.position:
            self._open(record, feedback.decision)
            if feedback.ago:
                self._told_late[record.position] = feedback.ago
        reward, happened = self._worth(record.kind, feedback.seconds)
        gain = None
        if not self._is_late(record.stamp - feedback.ago, feedback.opened):
            gain = self._windows.credit(feedback.opened, reward, happened, feedback.seconds)
        return Credit(record.position, record.stamp, feedback.decision, gain, self.current, feedback.ago)

    def _is_late(self, at: int, opened: int) -> bool:
        """Tell whether the viewer's own window was over, although the window of the log is open."""
        ago = self._told_late.get(opened)
        if ago is None:
            return False
        deadline = self._windows.deadline(opened)
        return deadline is not None and at >= deadline - ago

    def _worth(self, kind: int, seconds: float) -> tuple[float, int]:
        if kind == Kind.PLAY:
            return self.current.of_play(seconds), IMPRESSION | CLICK | PLAY
        if kind == Kind.CLICK:
            return self.current.of_click(), IMPRESSION | CLICK
        return 0.0, IMPRESSION | REPORTED


def opened_by(record: Record) -> int | None:
    """Return the decision of which this record opens a window."""
    if record.kind == Kind.DECISION:
        return record.position
    if record.kind == Kind.EXPOSURE:
        return decode_reference(record.body).decision
    if record.kind in FEEDBACK:
        feedback = decode_feedback(record.body)
        return feedback.decision if feedback.opened == record.position else None
    return None

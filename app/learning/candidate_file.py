"""The file in which a candidate is kept, beside the state: its learner, its position, and its comparison."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from app.learning.log_join import UNDECLARED
from app.records import encode
from bandit.paired_difference import PairedDifference
from bandit.sealing import DIGEST_BYTES, UnusableSnapshot, seal, unseal, unusable


class State(NamedTuple):
    """Everything from which the fold continues: it has learned up to a position, and reads again from `resume`."""

    position: int
    stamp: int
    resume: int
    rules: bytes
    caps: dict[str, str]
    since: int
    """The position after which decisions are compared."""
    begun: int
    """The position of the log's end when the fold began. No record up to it tells of a viewer erased by then."""
    erased: int | None
    """The time of the first erasure after `begun`, in milliseconds."""
    paired: PairedDifference
    scores: bytes
    """The scores of exposures whose window is open (`app.learning.comparing`)."""

    @classmethod
    def first(cls, since: int, begun: int) -> "State":
        return cls(0, 0, 1, encode(UNDECLARED), {}, since, begun, None, PairedDifference(), b"")


@dataclass(frozen=True, slots=True)
class Kept:
    """A candidate as it was saved. `order` is the position of the order that started it.

    It leaves out the quarantines in force after the record at `quarantined`. `saved` is in milliseconds. If a rule
    wanted to promote it and was refused, `refused` says why.
    """

    order: int
    quarantined: int
    saved: int
    state: State
    learner: bytes = field(repr=False)
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A candidate as it was saved, without its learner."""

    saved: int
    position: int
    erased: int | None
    paired: PairedDifference
    refused: str | None


class _Head(msgspec.Struct, frozen=True):
    order: int
    quarantined: int
    saved: int
    refused: str | None
    position: int
    stamp: int
    resume: int
    rules: str
    since: int
    begun: int
    erased: int | None
    sums: list[float]
    counts: list[int]
    least: float
    greatest: float
    scores: int
    caps: int
    """Before the learner there are so many bytes of scores, and of caps."""


class CandidateFile:
    """Is replaced as a whole. A file that is damaged, or of another candidate, is passed over."""

    def __init__(self, path: Path):
        self._path = path

    def write(self, kept: Kept) -> None:
        """Replace the file. Raises `OSError`, and the file is then as before."""
        new = self._new
        try:
            new.write_bytes(_sealed(kept))
            new.replace(self._path)
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise

    def read(self, order: int) -> Kept | None:
        """Return the candidate that this order started, if it is there and whole."""
        try:
            kept = _kept(self._path.read_bytes())
        except (OSError, UnusableSnapshot):
            return None
        return kept if kept.order == order else None

    def summary(self, order: int) -> Summary | None:
        """Return the saved candidate that this order started, without its learner.

        It reads the head alone, and compares no digest, because it is asked every few seconds.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(DIGEST_BYTES)
                head = _decode_head(file.readline())
        except (OSError, ValueError):  # msgspec's errors are of the second kind
            return None
        paired = PairedDifference(head.sums, head.counts, head.least, head.greatest)
        found = Summary(head.saved, head.position, head.erased, paired, head.refused)
        return found if head.order == order else None

    def stamp(self) -> int | None:
        """Return when the file was replaced, in nanoseconds; None if it is not there."""
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return None

    def learner(self, order: int) -> bytes | None:
        """Return the learner that may decide: that of this order, if it has caught up with the log."""
        try:
            head, body = _opened(self._path.read_bytes())
        except (OSError, UnusableSnapshot):
            return None
        return body[head.scores + head.caps :] if head.position >= order == head.order else None

    def delete(self) -> None:
        self._path.unlink(missing_ok=True)
        self._new.unlink(missing_ok=True)  # a process that was killed may have left it

    @property
    def _new(self) -> Path:
        return self._path.with_suffix(".new")


def _sealed(kept: Kept) -> bytes:
    state, paired, caps = kept.state, kept.state.paired, encode(kept.state.caps)
    head = _Head(
        kept.order,
        kept.quarantined,
        kept.saved,
        kept.refused,
        state.position,
        state.stamp,
        state.resume,
        state.rules.decode(),
        state.since,
        state.begun,
        state.erased,
        paired.sums,
        paired.counts,
        paired.least,
        paired.greatest,
        len(state.scores),
        len(caps),
    )
    return seal(msgspec.to_builtins(head), state.scores + caps + kept.learner)


def _opened(content: bytes) -> tuple[_Head, bytes]:
    found, body = unseal(content)
    try:
        return msgspec.convert(found, _Head), body
    except msgspec.ValidationError as error:
        raise unusable(content, error) from error


def _kept(content: bytes) -> Kept:
    head, body = _opened(content)
    scores, rest = body[: head.scores], body[head.scores :]
    caps, learner = rest[: head.caps], rest[head.caps :]
    state = State(
        head.position,
        head.stamp,
        head.resume,
        head.rules.encode(),
        _decode_caps(caps),
        head.since,
        head.begun,
        head.erased,
        PairedDifference(head.sums, head.counts, head.least, head.greatest),
        scores,
    )
    return Kept(head.order, head.quarantined, head.saved, state, learner, head.refused)


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_caps = msgspec.json.Decoder(dict[str, str]).decode

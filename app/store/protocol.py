"""What a store owes to the rest of Keyart.

Every implementation passes `tests/contract/`. Times are in milliseconds of the store's clock.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from app.records import Kind, Record
from bandit.tally import Tally

TallyKey = tuple[str, str, str]
"""Title, artwork, group."""
KEPT_EDITS = 20_000
SPENT_MS = 31 * 86_400_000
"""How much longer than it could be used it is known that something was: a clock may have gone ahead meanwhile."""


class StoreTimeoutError(Exception):
    """The store could not answer in the time it was given; nothing of it will be served."""


class UnwritableStoreError(Exception):
    """The store could not write, for its disk is full or fails; nothing was written. The sentence says why."""


class LostStoreError(UnwritableStoreError):
    """A file that is in use was deleted or replaced: what is written there would be lost, and is not acknowledged.

    The sentence says which file, and what to do.
    """


class FullLogError(UnwritableStoreError):
    """The log has reached the size that it may have."""


class UnusableStoreError(Exception):
    """The store can't be opened. The sentence says why, and what to do."""


class UnknownVersionError(UnusableStoreError):
    """A later version of Keyart wrote into the store what this one does not know. The sentence says what to do."""

    def __init__(self, where: str, met: str, known: str):
        super().__init__(
            f"{where} {met}, and this version of Keyart knows {known}: start the later version again, or put a "
            "backup from before the upgrade in the place of the data folder (docs/operations.md, Upgrade)."
        )


class LostLeaseError(Exception):
    """Another trainer leads now; whoever gets this must not write again."""


class Hold(msgspec.Struct, frozen=True, gc=False):
    """A decision as it is served, once or again. `opened_at` is when its latest exposure opened, None before."""

    decision: int
    nonce: bytes
    stamp: int
    until: int
    artwork: str
    group: str | None
    deferred: bool
    pinned: bool
    opened_at: int | None


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A decision about to be logged.

    `key` names its hold, `lasts` for how long; `seen` is the decision of the hold that the caller found there and
    means to replace, None if it found none.
    """

    body: bytes
    nonce: bytes
    artwork: str
    group: str | None
    deferred: bool
    pinned: bool
    key: bytes | None = None
    lasts: int = 0
    seen: int | None = None


class Event(msgspec.Struct, frozen=True, gc=False):
    """Feedback about to be logged. `nonce` and `deferred` are its decision's."""

    kind: Kind
    decision: int
    nonce: bytes
    deferred: bool
    seconds: float = 0.0


class Head(msgspec.Struct, frozen=True, gc=False):
    position: int
    stamp: int


class Size(msgspec.Struct, frozen=True, gc=False):
    """How many bytes hold something, how many are free for new records, and how many it may be; 0 for no bound."""

    used: int
    free: int = 0
    most: int = 0

    @property
    def full(self) -> bool:
        return bool(self.most) and self.used >= self.most


class Log(Protocol):
    """The event log with what must be as consistent as it: holds, exposures, profiles, settings.

    Every method that writes is one transaction: when it returns, all of it survives the death of the process. One
    that can't begin it within seconds raises `StoreTimeoutError`; one that the disk refuses, `place` and `show`
    apart, `UnwritableStoreError`. Neither has written anything. Each, and `holds`, may raise `LostStoreError`:
    what was asked for may be written, but where nobody will find it.
    """

    async def check(self) -> None:
        """Raise `LostStoreError` if what is written now would be lost. Services ask this four times a second."""

    async def size(self) -> Size:
        """Return how large the log is.

        If it is full, `place`, `show` and `feedback` raise `FullLogError` until this finds that it has room again:
        what is little, or makes room, is still written.
        """

    async def shrink(self, most: int) -> int:
        """Give up to about `most` free bytes back to the disk, and return how many that were."""

    def now(self) -> int:
        """Return the time that a record would be stamped with: holds and windows end by it, and ids expire.

        It is the clock's, unless a record was stamped by a clock that was ahead. Then it goes on from there as
        time passes, and is never less than a stamp.
        """

    async def log_decisions(self, drafts: Sequence[Draft], *, deadline: float | None = None) -> list[Hold]:
        """Log decisions with their holds, and return the holds to serve, in order.

        Where a hold that has not expired stands under the key, and is not the one that was `seen`, another request
        was faster: nothing is logged for that draft and the hold that stands is returned. After `deadline` (of the
        running loop's clock) raises `StoreTimeoutError`; what is written all the same is voided.
        """

    async def holds(self, keys: Sequence[bytes]) -> list[Hold | None]:
        """Return the latest hold under each key, expired ones too."""

    async def log_exposure(
        self, hold: Hold, *, deferred: bool, window: int, deadline: float | None = None
    ) -> None:
        """Note that a hold is served again: a new exposure, if its last window of `window` ms has closed.

        A deferred one opens with its first feedback, and leaves no record until then. What has not begun by
        `deadline` never will, and raises `StoreTimeoutError`.
        """

    async def log_feedback(self, events: Sequence[Event]) -> list[bool | None]:
        """Log feedback. For each event tell whether it was news: False means that it had been counted already.

        In one exposure an impression or a click counts once, a play as often as it has become longer. None means
        that the log does not have the decision (any more), and that nothing was logged: a power cut or a restored
        backup may have given its position to another record.
        """

    async def tick(self, after: int) -> None:
        """Log the time, if the last record is older than `after` ms."""

    async def declare(self, rules: bytes) -> None:
        """Log the rules, unless they are the ones that were declared last."""

    async def rebase(self, body: bytes) -> None:
        """Log that the fold's state is to become a new base."""

    async def head(self) -> Head:
        """Return the position and stamp of the last record; 0 and 0 if there is none."""

    async def read(self, after: int, limit: int) -> list[Record]:
        """Return up to `limit` records behind a position, in order."""

    async def records(self, positions: Iterable[int]) -> dict[int, Record]:
        """Return the records at these positions; those that are not retained are left out."""

    async def trim(self, *, before: int, below: int, limit: int) -> int:
        """Delete up to `limit` records stamped before `before` and below position `below`.

        What hangs on them goes too, but no hold that is still served. Returns how many records went: fewer than
        `limit` if no more can. The log's last one is never deleted: positions are given once. Nor is the last
        RULES among them: they are in force for what is retained.
        """

    async def profile(self, pseudonym: str) -> bytes | None: ...

    async def change_profile(self, pseudonym: str, change: Callable[[bytes | None], bytes]) -> None:
        """Write what `change` makes of the profile as it stands, None if there is none yet.

        Reading and writing are one transaction, so that of two changes at once neither is lost. `change` may be
        called again, and in another thread. Nothing is written if it raises, and the caller gets what it raised.
        """

    async def forget(self, pseudonym: str) -> None:
        """Begin an erasure: delete the profile and its holds, log the erasure, and note that it is under way.

        The keys of its holds begin with the pseudonym's bytes.
        """

    async def end_erasure(self, pseudonym: str) -> None:
        """Do what `forget` does once more, and note that the erasure is no longer under way."""

    async def erasures(self) -> list[str]:
        """Return the pseudonyms whose erasure is under way, because it is being done or was interrupted."""

    async def scrub(self, pseudonym: str, after: int, limit: int) -> int:
        """Take the viewer out of its decisions among the `limit` records behind `after`.

        Returns the last position seen, `after` when there are no more.
        """

    async def setting(self, name: str) -> bytes | None: ...

    async def make_setting(self, name: str, value: bytes) -> bytes:
        """Store `value` unless there is one, and return the one that is stored: every process gets the same."""

    async def swap_setting(self, name: str, expected: bytes | None, value: bytes) -> bool:
        """Replace a setting if it is still `expected`."""

    async def wipe(self) -> bool:
        """Leave nothing of what was deleted or replaced by now in any file; False: others are busy, try again."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A published learner.

    It has learned all up to `position`. A fold that goes on from it reads again from `resume`, where the oldest
    window still open began; `rules` are those in force there.
    """

    id: int
    role: str
    position: int
    resume: int
    created: int
    rules: bytes
    learner: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewBase:
    """A base about to be written.

    `snapshot` holds the learner, and `counts` what was counted up to its position. `since` is the stamp of the
    oldest record that a fold from the base may read, and `fold` the version of the fold. A base that `breaks` with
    what came before leaves no earlier base sound.
    """

    reason: str
    fold: int
    since: int
    breaks: bool
    snapshot: Snapshot
    counts: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Base:
    """Where a fold that is made anew can begin.

    `position`, `resume` and `since` are those of its snapshot (see `NewBase`). A fold from a `sound` base ends at
    the state in use.
    """

    id: int
    reason: str
    fold: int
    position: int
    resume: int
    since: int
    created: int
    sound: bool


@dataclass(frozen=True, slots=True)
class TasteRow:
    """`state` is the fold's own; `values` is what the policy sees; `first` is when the profile was first seen."""

    state: bytes
    values: bytes
    first: int = 0


LONGEST_LEASE_MS = 120_000


@dataclass(frozen=True, slots=True)
class Lease:
    """`until`, in Unix milliseconds, nobody but the holder can lead."""

    holder: str
    until: int

    def lasts(self, now: int) -> bool:
        """Tell whether it is in force. One for longer than any is taken is of a clock that was ahead."""
        return now < self.until <= now + LONGEST_LEASE_MS


OF_THE_HOUR = "~"
"""What the names of those rows of a cap begin with that are good for one hour."""


@dataclass(frozen=True, slots=True)
class CapChange:
    """What has changed in the caps of one taker. None deletes a row.

    Other rows are deleted if the caps began `anew`, and those of the hour if another hour has begun (`turned`).
    """

    rows: Mapping[str, str | None]
    turned: bool = False
    anew: bool = False


NO_CHANGE = CapChange({})


@dataclass(slots=True)
class Progress:
    """What a fold has learned since it last committed. `counted` is the position up to which it is all counted.

    `counted_caps` are those of the counts, `learned_caps` those of the learner, which go with a snapshot.
    """

    counted: int
    base: bytes
    tastes: Mapping[str, TasteRow | None]
    tallies: Mapping[TallyKey, Tally]
    snapshot: Snapshot | None = None
    counted_caps: CapChange = NO_CHANGE
    learned_caps: CapChange = NO_CHANGE
    base_of: NewBase | None = None
    scrubbed: Mapping[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """Learner and counts of bases that stay, without those who were erased, by the bases' ids."""
    refolded: int | None = None
    """The base from which learner and counts were folded anew, by its id: it is sound, and no other is left."""


@dataclass(frozen=True, slots=True)
class FoldState:
    """Where the fold stands apart from the learner."""

    position: int
    base: bytes | None
    tallies: Mapping[TallyKey, Tally]
    counted_caps: Mapping[str, str] = field(default_factory=dict)
    learned_caps: Mapping[str, str] = field(default_factory=dict)


class State(Protocol):
    """What the trainer alone writes and everybody reads. All of it is a fold over the log and can be made anew.

    Candidate snapshots are the exception: a rebuild adds them beside a trainer, for nothing hangs on them.

    What writes raises `StoreTimeoutError`, `UnwritableStoreError` and `LostStoreError` as the log does.
    """

    async def check(self) -> None:
        """Do what the log's does; but a state that is gone, or was replaced by another, is opened anew.

        All of it can be made again from the log, so that who only reads goes on with what stands there now.
        """

    async def lead(self, holder: str, lasts: int, token: int | None = None) -> int | None:
        """Take the lease, or with `token` renew it, and return its fencing token; None if that can't be.

        It can be taken when it is free, has run out, or stands under the same name (a process that is started
        anew takes the place of the dead one), each time with a greater token. It can be renewed until it was
        taken again or resigned. One that seems to last for longer than `LONGEST_LEASE_MS` was made by a clock that
        was ahead, and has run out.
        """

    async def resign(self, token: int) -> None:
        """Give the lease back at once, if it is still the one with this token."""

    async def lease(self) -> Lease | None:
        """Return the lease, though it may have run out; None if it was given back, or never taken."""

    async def commit(self, token: int, progress: Progress) -> int | None:
        """Write progress in one transaction and return the id of its snapshot, if it has one.

        Raises `LostLeaseError`, and writes nothing, unless `token` is the lease's.
        """

    async def replace(self, token: int, progress: Progress) -> int | None:
        """Do what `commit` does, and delete all counts, tastes and bases before: a whole fold replaces them."""

    async def keep_candidate(self, snapshot: Snapshot) -> int:
        """Write a snapshot down under the role `candidate`, and return its id; the latest few are kept.

        It takes no lease, for nothing else is touched: nobody decides by it, and no fold goes on from it.
        """

    async def drop_candidates(self) -> None:
        """Delete all candidate snapshots: the attributes of a profile that is erased would stay in them."""

    async def drop_bases(self, token: int, before: int) -> None:
        """Delete the bases that need a record stamped before `before`. Raises `LostLeaseError` like `commit`."""

    async def bases(self) -> list[Base]:
        """Return the bases, the oldest first."""

    async def base(self, id: int) -> tuple[Snapshot, bytes] | None:  # noqa: A002  the word for it
        """Return a base's snapshot, and what was counted up to its position; None if the base is gone."""

    async def fold_state(self) -> FoldState:
        """Return where the fold stands: what was committed last; the learner's caps are the latest snapshot's."""

    async def current(self) -> int | None:
        """Return the id of the incumbent snapshot."""

    async def snapshots(self, role: str = "incumbent", limit: int = 20) -> list[Snapshot]:
        """Return snapshots of a role, the latest first."""

    async def taste_rows(self, pseudonyms: Iterable[str]) -> dict[str, TasteRow]:
        """Return the rows of these profiles; those that have none are left out."""

    async def tastes(self, after: str, limit: int) -> dict[str, TasteRow]:
        """Return up to `limit` rows of the profiles behind a pseudonym, in the order of the pseudonyms."""

    async def taste(self, pseudonym: str) -> bytes | None:
        """Return the taste as the policy sees it."""

    async def taste_since(self, pseudonym: str) -> tuple[bytes, int] | None:
        """Return the taste as the policy sees it, and the stamp at which the profile was first seen."""

    async def tallies(self, title: str | None = None) -> dict[TallyKey, Tally]:
        """Return all tallies, or those of one title; they are the caller's own."""

    async def wipe(self) -> bool:
        """Do what the log's does."""


class Author(msgspec.Struct, frozen=True, gc=False):
    """Who edits: in which role, and under a name that is no secret."""

    role: str
    name: str


class EditDraft(msgspec.Struct, frozen=True, gc=False):
    """An edit about to be recorded.

    `before` and `after` are JSON of what changed, None where there was or is nothing; `old` and `new` name the
    title's revisions. Without a `title` it is about the whole catalogue.
    """

    by: Author
    operation: str
    title: str | None = None
    artwork: str | None = None
    before: bytes | None = None
    after: bytes | None = None
    old: str | None = None
    new: str | None = None


class Edit(msgspec.Struct, frozen=True, gc=False):
    """An edit as it is recorded; `stamp` is in milliseconds."""

    id: int
    stamp: int
    what: EditDraft


class Edits(Protocol):
    """Who changed the catalogue, when, and what it was before; the latest `KEPT_EDITS` of all edits."""

    async def swap_setting(
        self, name: str, expected: bytes | None, value: bytes, edits: Sequence[EditDraft]
    ) -> bool:
        """Do as the log's `swap_setting`, and record the edits that led to it, in one transaction."""

    async def latest(self, limit: int, *, before: int | None = None, title: str | None = None) -> list[Edit]:
        """Return edits, the newest first: those with an id below `before`, and of one title."""


class Passes(Protocol):
    """Which signed texts are good for nothing any more: sign-in links that were used, sessions that were ended."""

    async def spend(self, name: str, until: int) -> bool:
        """Note that one was used, in one transaction; False if it had been. `until`, in ms, it could have been.

        What writes raises `StoreTimeoutError` and `UnwritableStoreError` as the log does.
        """

    async def spent(self, name: str) -> bool:
        """Whether one was used. It may be forgotten `SPENT_MS` after its `until`."""


class Store(Protocol):
    @property
    def edits(self) -> Edits: ...

    @property
    def passes(self) -> Passes: ...

    @property
    def log(self) -> Log: ...

    @property
    def state(self) -> State: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class File:
    """A database as a look at it found it.

    `pending` is the size of its write-ahead log; what of it could not be read is `unread`. `free` is what in the
    database is free, and `shrinks` whether that can be given back. `earlier` says that an earlier version made it,
    and opening it adds what it lacks; `later` that a later one did.
    `fault` is None if nothing is wrong; `complete` says whether all of it was
    looked through in the time that was given.
    """

    name: str
    size: int
    pending: int = 0
    unread: bool = False
    free: int = 0
    shrinks: bool = True
    earlier: bool = False
    later: bool = False
    fault: str | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Examined:
    """What a look at the store's files finds that no service asks for. None: not found out in the time given.

    `records` are kept up to `head`. `oldest` is the first record that is not RULES. `unfolded` counts the
    decisions and exposures beyond `reached`, up to where progress was committed, that were not taken back; `since`
    is the stamp of the first of them.
    `day` counts the last day's records by kind.
    """

    files: tuple[File, ...]
    head: int = 0
    records: int | None = None
    oldest: Head | None = None
    holds: int | None = None
    profiles: int | None = None
    reached: int = 0
    unfolded: int | None = None
    since: int | None = None
    day: Mapping[int, int] | None = None
    strange: str | None = None
    """What a record or the state has of a later version, and what this one knows; None if nothing."""

    @property
    def later(self) -> tuple[str, ...]:
        """Everything that a later version wrote, with what this one knows instead."""
        found = (f"{file.name}: {file.fault}" for file in self.files if file.later)
        return (*found, self.strange) if self.strange else tuple(found)


class Engine(Protocol):
    """A kind of store at its place: the wiring picks one, and everybody else is handed the store that it opens."""

    def demand_known(self, *, scan: bool = True) -> None:
        """Raise `UnknownVersionError` if a later version wrote into the store; nothing is changed.

        Without `scan`, records of a later version are not looked for: whoever folds the log meets them.
        """

    def open(
        self,
        clock: Callable[[], int],
        passing: Callable[[], int] | None = None,
        *,
        read_only: bool = False,
        scan: bool = True,
    ) -> Store:
        """Open the store, and bring what an earlier version made to this one.

        One that is `read_only` changes no file and makes none. Raises `UnusableStoreError`, and what
        `demand_known` does before anything is changed.
        """

    def examine(self, *, seconds: float) -> Examined:
        """Look through the store's files, each for about so long; nothing is changed."""

    def size(self) -> int:
        """Return how many bytes a copy takes, at most; 0 if there is no store."""

    def back_up(self, target: Path, progress: Callable[[int, int], object]) -> int:
        """Copy a store that may be in use into a folder, and return the last position of the log's copy."""

    def fault(self, error: BaseException) -> str | None:
        """Say what is wrong with the store if that is what the error is about."""

"""Snapshots of the learner, and bases."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A published learner.

    It has learned all records up to `position`. A fold that continues from it reads again from `resume`, where the
    oldest open window began; `rules` are the reward rules at that position.
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

    The learner is in `snapshot`, and the totals at its position are in `counts`. The oldest record that a fold
    from the base may read has the stamp `since`. The version of the fold is `fold`. If the base `breaks` with the
    state before, no earlier base stays sound. A fold from it ends at the state in use if it applies the
    quarantines that are in force after the record at `quarantined`; 0 means that there is none.
    """

    reason: str
    fold: int
    since: int
    breaks: bool
    snapshot: Snapshot
    counts: bytes = field(repr=False)
    quarantined: int = 0
    alone: bool = False
    """Whether all earlier bases are deleted, because no fold from them leads here."""


@dataclass(frozen=True, slots=True)
class Base:
    """A state from which a fold can be repeated.

    `position`, `resume` and `since` are those of its snapshot, and `quarantined` is as in `NewBase`. A fold from a
    `sound` base ends at the state in use.
    """

    id: int
    reason: str
    fold: int
    position: int
    resume: int
    since: int
    created: int
    sound: bool
    quarantined: int = 0


class Snapshots(Protocol):
    """Published learners, candidates, and the bases of repeated folds."""

    async def keep_candidate(self, snapshot: Snapshot) -> int:
        """Store a snapshot in the role `candidate`, and return its id; the latest few are kept.

        It takes no lease, because it changes nothing else: no process decides by it, and no fold continues from
        it.
        """

    async def choose(self, snapshot: Snapshot) -> int:
        """Store a snapshot in the role `chosen` for a promotion, and return its id, as `keep_candidate` does."""

    async def drop_candidates(self) -> None:
        """Delete all snapshots but incumbents: the attributes of a profile that is erased would stay in them."""

    async def snapshot(self, id: int) -> Snapshot | None:  # noqa: A002  as above
        """Return the snapshot with this id, in any role."""

    async def promoted(self) -> int:
        """Return the position of the latest order of a promotion that was carried out; 0 if there was none."""

    async def drop_bases(self, token: int, before: int) -> None:
        """Delete the bases that need a record stamped before `before`. Raises `LostLeaseError` like `commit`."""

    async def bases(self) -> list[Base]:
        """Return the bases, the oldest first."""

    async def base(self, id: int) -> tuple[Snapshot, bytes] | None:  # noqa: A002  the word for it
        """Return a base's snapshot and the totals at its position; None if the base is gone."""

    async def current(self) -> int | None:
        """Return the id of the incumbent snapshot."""

    async def snapshots(self, role: str = "incumbent", limit: int = 20) -> list[Snapshot]:
        """Return snapshots of a role, the latest first."""

"""The progress that a fold commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.store.protocol.lift import Experiment, LiftChange
from app.store.protocol.series import NO_SERIES, SeriesChanges, SeriesState
from app.store.protocol.snapshots import NewBase, Snapshot
from app.store.protocol.totals import TallyKey, TasteRow
from bandit.tally import Tally

OF_THE_HOUR = "~"
"""The beginning of the names of a cap's rows that are valid for one hour."""


@dataclass(frozen=True, slots=True)
class CapChange:
    """The changes in the caps of one part of the fold. None deletes a row.

    Other rows are deleted if the caps began `anew`, and those of the hour if another hour has begun (`turned`).
    """

    rows: Mapping[str, str | None]
    turned: bool = False
    anew: bool = False


NO_CHANGE = CapChange({})


@dataclass(slots=True)
class Progress:
    """The changes of a fold since its last commit. `counted` is the position of its totals.

    None deletes a taste or a tally.

    `counted_caps` are the caps of the totals; `learned_caps` are those of the learner, and are written with a
    snapshot.
    """

    counted: int
    base: bytes
    tastes: Mapping[str, TasteRow | None]
    tallies: Mapping[TallyKey, Tally | None]
    snapshot: Snapshot | None = None
    counted_caps: CapChange = NO_CHANGE
    learned_caps: CapChange = NO_CHANGE
    base_of: NewBase | None = None
    scrubbed: Mapping[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """Learner and counts of bases that stay, without those who were erased, by the bases' ids."""
    series: SeriesChanges | None = None
    lift: LiftChange | None = None
    refolded: int | None = None
    """The id of the base from which the fold was repeated: it is sound, and no other is left."""
    promoted: int | None = None
    """The position of the latest order of a promotion that was carried out, if it has changed."""
    kept: Sequence[Snapshot] = ()
    """Snapshots of other roles to keep: the latest few of each role."""
    quarantined: int = 0
    """The base's `quarantined` after a repeated fold."""


@dataclass(frozen=True, slots=True)
class FoldState:
    """The fold's state apart from the learner.

    `experiments` are the oldest first. A fold that does not continue with the stored ones knows only those that
    begin from the position `knows_from` on.
    """

    position: int
    base: bytes | None
    tallies: Mapping[TallyKey, Tally]
    counted_caps: Mapping[str, str] = field(default_factory=dict)
    learned_caps: Mapping[str, str] = field(default_factory=dict)
    series: SeriesState = NO_SERIES
    experiments: list[Experiment] = field(default_factory=list)
    knows_from: int | None = None


class Commits(Protocol):
    """The writes of the trainer that leads."""

    async def commit(self, token: int, progress: Progress) -> int | None:
        """Write progress in one transaction and return the id of its snapshot, if it has one.

        Raises `LostLeaseError`, and writes nothing, unless `token` is the lease's.
        """

    async def replace(self, token: int, progress: Progress) -> int | None:
        """Do what `commit` does, and delete all counts, tastes and bases before: a whole fold replaces them.

        The hours and days before its first one stay, because no record that is left leads to them.
        """

    async def fold_state(self) -> FoldState:
        """Return the fold's committed state; the learner's caps are the latest snapshot's."""

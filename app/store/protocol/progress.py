"""What a fold commits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.store.protocol.snapshots import NewBase, Snapshot
from app.store.protocol.totals import TallyKey, TasteRow
from bandit.tally import Tally

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


class Commits(Protocol):
    """What the trainer that leads writes."""

    async def commit(self, token: int, progress: Progress) -> int | None:
        """Write progress in one transaction and return the id of its snapshot, if it has one.

        Raises `LostLeaseError`, and writes nothing, unless `token` is the lease's.
        """

    async def replace(self, token: int, progress: Progress) -> int | None:
        """Do what `commit` does, and delete all counts, tastes and bases before: a whole fold replaces them."""

    async def fold_state(self) -> FoldState:
        """Return where the fold stands: what was committed last; the learner's caps are the latest snapshot's."""

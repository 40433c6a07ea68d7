"""The comparison of a repeated fold with the state in use."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.learning.fold import Fold
from app.store.protocol import Base, FoldState, Snapshot, State
from bandit.learners import LOGISTIC, Kind, kind_of, restored
from bandit.sealing import UnusableSnapshot

FROM_NOTHING = (
    "the fold began at the oldest record of the log, so it lacks deleted records, and reads the records of an "
    "erased profile without the profile; or the snapshot was made by --tune or --passes"
)
ERASED = "a profile was erased since, and the trainer has not set a new base yet; try again in a minute"
FAULT = "this is a fault of Keyart: keep a backup of the data folder, and report it"


@dataclass(slots=True)
class Comparison:
    """Compares a running fold with the state in use, at the positions where that was committed."""

    kind: Kind
    incumbent: Snapshot | None
    committed: FoldState
    base: Base | None
    _due: set[str] = field(default_factory=lambda: {"weights", "tallies"})

    @classmethod
    async def with_state(cls, state: State, kind: Kind, base: Base | None) -> "Comparison":
        incumbent = next(iter(await state.snapshots(limit=1)), None)
        return cls(kind, incumbent, await state.fold_state(), base)

    def stops(self, head: int) -> list[int]:
        learned = self.incumbent.position if self.incumbent else 0
        return sorted({learned, self.committed.position, head} - {0})

    def at(self, fold: Fold) -> Iterator[str]:
        """Yield the sentences about the fold's present position; each subject once."""
        if self.incumbent and fold.position == self.incumbent.position and "weights" in self._due:
            self._due.remove("weights")
            yield self._of_weights(fold, self.incumbent)
        if fold.position == self.committed.position and "tallies" in self._due:
            self._due.remove("tallies")
            yield self._of_tallies(fold)

    def _of_weights(self, fold: Fold, incumbent: Snapshot) -> str:
        which = f"snapshot {incumbent.id}"
        try:
            if (other := kind_of(incumbent.learner)) != self.kind:
                mismatch = f"it is of the learner {other!r}, not {self.kind!r}"
                return f"This fold has no comparison with {which}, because {mismatch}."
            learner = restored(incumbent.learner)
        except UnusableSnapshot as error:
            return f"This fold has no comparison with {which}, because the snapshot is damaged: {error}"
        different = int((fold.learner.weights() != learner.weights()).any(axis=1).sum())
        if different:
            return f"Different from {which} in {different} weights: {self._why(fold)}."
        if self.kind == LOGISTIC and fold.learner.snapshot() != incumbent.learner:
            return (
                f"Equal to {which} in every weight, but different in the rest of the snapshot: {self._why(fold)}."
            )
        return f"Equal to {which} in every weight."

    def _of_tallies(self, fold: Fold) -> str:
        _, rows = fold.totals.totals()
        folded = {row[:3]: row[3] for row in rows}
        differing = [
            key
            for key in folded.keys() | self.committed.tallies
            if folded.get(key) != self.committed.tallies.get(key)
        ]
        if differing:
            return f"Different in {len(differing)} of the counts up to {fold.position}: {self._why(fold)}."
        return f"Equal in every count up to position {fold.position}."

    def _why(self, fold: Fold) -> str:
        if self.base is None:
            return FROM_NOTHING
        return ERASED if fold.forgotten else FAULT

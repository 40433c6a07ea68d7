"""The comparison of a repeated fold with the state in use."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec

from app.interventions import SETTING, interventions_in
from app.learning.fold import Fold
from app.learning.lift import KEPT
from app.learning.series_comparison import differing_rows
from app.store.protocol import Base, Experiment, FoldState, Snapshot, State, Store
from bandit.learners import BUILT_IN, LOGISTIC, Kind, kind_of, restored
from bandit.sealing import UnusableSnapshot

FROM_NOTHING = (
    "the fold began at the oldest record of the log, so it lacks deleted records, and reads the records of an "
    "erased profile without the profile; or the snapshot was made by --tune or --passes"
)
ERASED = "a profile was erased since, and the trainer has not set a new base yet; try again in a minute"
QUARANTINED = "a quarantine was ordered or lifted, and the trainer still folds the log again; try again later"
FAULT = "this is a fault of Keyart: keep a backup of the data folder, and report it"


@dataclass(slots=True)
class Comparison:
    """Compares a running fold with the state in use, at the positions where that was committed."""

    state: State
    kind: Kind
    incumbent: Snapshot | None
    committed: FoldState
    base: Base | None
    folding_out: bool = False
    """Whether an order of quarantine is not in the state in use yet."""
    _due: set[str] = field(default_factory=lambda: {"weights", "counts"})

    @classmethod
    async def with_state(cls, store: Store, kind: Kind, base: Base | None) -> "Comparison":
        state, ordered = store.state, interventions_in(await store.log.setting(SETTING)).quarantined
        incumbent = next(iter(await state.snapshots(limit=1)), None)
        folding_out = any(each.quarantined != ordered for each in await state.bases())
        return cls(state, kind, incumbent, await state.fold_state(), base, folding_out)

    def stops(self, head: int) -> list[int]:
        learned = self.incumbent.position if self.incumbent else 0
        return sorted({learned, self.committed.position, head} - {0})

    async def at(self, fold: Fold) -> AsyncIterator[str]:
        """Yield the sentences about the fold's present position; each subject once."""
        if self.incumbent and fold.position == self.incumbent.position and "weights" in self._due:
            self._due.remove("weights")
            yield self._of_weights(fold, self.incumbent)
        if fold.position == self.committed.position and "counts" in self._due:
            self._due.remove("counts")
            yield self._of_tallies(fold)
            yield await self._of_series(fold)
            yield self._of_lift(fold)

    def _of_weights(self, fold: Fold, incumbent: Snapshot) -> str:
        which = f"snapshot {incumbent.id}"
        try:
            if (other := kind_of(incumbent.learner)) != self.kind:
                mismatch = f"it is of the learner {other!r}, not {self.kind!r}"
                return f"This fold has no comparison with {which}, because {mismatch}."
            if self.kind not in BUILT_IN:
                return self._of_bytes(fold, incumbent, which)
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

    def _of_bytes(self, fold: Fold, incumbent: Snapshot, which: str) -> str:
        """Compare the snapshots of an own learner, whose numbers only its class knows."""
        if fold.learner.snapshot() != incumbent.learner:
            return f"Different from {which}: {self._why(fold)}, or the learner is not deterministic."
        return f"Equal to {which} in every byte."

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

    async def _of_series(self, fold: Fold) -> str:
        differing = await differing_rows(self.state, self.committed.series, fold.totals.series)
        if differing:
            return (
                f"Different in {len(differing)} rows of the hours and days up to position {fold.position}, "
                f"the first of them {differing[0]}: {self._why(fold)}."
            )
        return f"Equal in every hour and day up to position {fold.position}."

    def _of_lift(self, fold: Fold) -> str:
        """Compare the experiments that began since the fold did, among those that may still change."""
        since = fold.totals.lift.since or 0
        folded, committed = (
            {each.position: _filled(each) for each in experiments if each.position >= since}
            for experiments in (fold.totals.lift.latest, self.committed.experiments[-KEPT:])
        )
        differing = [at for at in sorted(folded.keys() | committed.keys()) if folded.get(at) != committed.get(at)]
        if differing:
            which = ", ".join(map(str, differing))
            return f"Different in the experiments {which} up to position {fold.position}: {self._why(fold)}."
        return f"Equal in every experiment up to position {fold.position}."

    def _why(self, fold: Fold) -> str:
        if self.folding_out:
            return QUARANTINED
        if self.base is None:
            return FROM_NOTHING
        return ERASED if fold.forgotten else FAULT


def _filled(experiment: Experiment) -> Experiment:
    """Return an experiment without the rows that an erasure has left empty."""
    rows = {key: row for key, row in experiment.rows.items() if any(row.numbers())}
    return msgspec.structs.replace(experiment, rows=rows)

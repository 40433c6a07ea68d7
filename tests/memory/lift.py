"""Experiments and their sums in memory."""

from copy import deepcopy

from app.store.protocol import Experiment, LiftChange


class MemoryLift:
    def __init__(self) -> None:
        self._experiments: dict[int, Experiment] = {}

    def write(self, change: LiftChange, now: int) -> None:
        if change.since is not None:
            self._experiments = {at: each for at, each in self._experiments.items() if at < change.since}
            for each in self._experiments.values():
                each.ended = each.ended or now
        for each in change.experiments:
            kept = self._experiments.get(each.position)
            new = Experiment(each.position, each.began, each.terms, each.ended, each.cut, each.left)
            new.rows = kept.rows if kept else {}
            self._experiments[each.position] = new
        for (position, cohort, group), row in change.rows.items():
            self._experiments[position].rows.pop((cohort, group), None)
            if row:
                self._experiments[position].rows[cohort, group] = deepcopy(row)

    def all(self) -> list[Experiment]:
        return [deepcopy(self._experiments[at]) for at in sorted(self._experiments)]

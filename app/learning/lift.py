"""The lift of a fold: which profiles entered an experiment, and what each earned in its first days.

A profile enters an experiment with the first exposure whose decision was made in it. Everything that it earns in
exposures whose windows close within the experiment's window from then on is its total. The profile's own marks are
kept beside its taste; here are only sums. They are of whole numbers, and therefore do not depend on an order.

Profiles that enter at about the same time are a cohort: their sums are together until their windows are over.
"""

from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple

from app.records import Decision
from app.store.protocol import OVER, Entered, Experiment, LiftChange, LiftKey
from bandit.groups import GROUPS
from bandit.terms import Terms
from bandit.windows import CLICK, IMPRESSION, PLAY, REPORTED, Closed

COHORTS = 64
"""Cohorts in a window: a total is used at most a 64th of the window after it is complete."""
KEPT = 4
"""The latest experiments, of which profiles have marks; those before never change any more."""
THOUSAND, HOUR_SECONDS = 1000, 3600
_MARK, _POSITION = Struct("<qqBBIHHI"), Struct("<q")
_NUMBERS: dict[str, int] = {group: number for number, group in enumerate(GROUPS)}


class Mark(NamedTuple):
    """The totals of one profile in one experiment: 30 bytes. `ends` is when its window is over."""

    experiment: int
    ends: int
    group: int
    reported: int = 0
    reward: int = 0
    clicks: int = 0
    plays: int = 0
    seconds: int = 0

    def after(self, closed: Closed, bound: int) -> "Mark":
        """Return the mark after another exposure. A total counts up to the bound, seconds so many hours."""
        happened = closed.happened
        return Mark(
            self.experiment,
            self.ends,
            self.group,
            self.reported | bool(happened & REPORTED),
            min(bound * THOUSAND, self.reward + round(closed.reward * THOUSAND)),
            min(bound, self.clicks + bool(happened & CLICK)),
            min(bound, self.plays + bool(happened & PLAY)),
            round(min(bound * HOUR_SECONDS, self.seconds + closed.seconds)),
        )


def marks_in(packed: bytes) -> list[Mark]:
    return [Mark(*numbers) for numbers in _MARK.iter_unpack(packed)]


def packed(marks: list[Mark]) -> bytes:
    return b"".join(_MARK.pack(*mark) for mark in marks)


class Lift:
    """The latest experiments of a fold, and their changes since the last commit."""

    def __init__(self, experiments: Sequence[Experiment], since: int | None = None):
        """Continue with these experiments; or, with `since`, know only those that begin from this position on."""
        self.latest = list(experiments[-KEPT:])
        self.since = since
        self._anew = since is not None
        self._changed: set[LiftKey] = set()
        self._changed_experiments: set[int] = set()
        self._gone: list[Experiment] = []
        self._due: int | None = None
        self._look_ahead()
        self.off = False
        """Whether nothing is counted, because the fold keeps no tastes, and so no marks."""

    def know_from(self, position: int) -> None:
        """Note the position of the oldest record of a log that is folded from its beginning."""
        self.since, self._anew = position, True

    # ---------------------------------------------------------------- the steps of a fold

    def begin(self, position: int, stamp: int, terms: Terms) -> None:
        """Begin an experiment, which ends the one before.

        If the shares are other ones, all profiles whose windows are open leave those before. If only those left
        that change their group, the others would be a choice that depends on the group.
        """
        if self.off:
            return
        self.close_cohorts(stamp)
        for before in self.latest:
            if not before.ended:
                before.ended = stamp
                self._changed_experiments.add(before.position)
            if before.terms.shares != terms.shares:
                self._cut(before, stamp)
        self.latest.append(Experiment(position, stamp, terms))
        self._changed_experiments.add(position)
        while len(self.latest) > KEPT:
            self._gone.append(self.latest.pop(0))
            self._cut(self._gone[-1], stamp)
        self._look_ahead()

    def _cut(self, experiment: Experiment, stamp: int) -> None:
        """Take out the profiles whose windows are open; none enters any more."""
        if experiment.cut:
            return
        experiment.cut = stamp
        self._changed_experiments.add(experiment.position)
        for cohort, group in [key for key in experiment.rows if key[0] != OVER]:
            experiment.left += experiment.rows.pop((cohort, group)).profiles
            self._changed.add((experiment.position, cohort, group))

    def count(self, closed: Closed, decision: Decision, marks: bytes) -> bytes:
        """Count an exposure of a profile with these marks, and return its marks after that."""
        number = _NUMBERS.get(decision.group or "")
        if self.off or not self.latest or number is None:
            return marks
        if not closed.happened and marks[-_MARK.size :].startswith(self._newest):
            return marks  # nothing happened to a profile that has entered: most exposures are such
        before, current, oldest = marks_in(marks), self.latest[-1], self.latest[0].position
        after = [self._another(mark, number, closed) for mark in before if mark.experiment >= oldest]
        new = closed.decision > current.position and all(mark.experiment != current.position for mark in after)
        if new and current.terms.shares.get(decision.group or ""):
            after.append(self._enter(current, number, closed))
        return marks if after == before else packed(after)

    def _another(self, mark: Mark, number: int, closed: Closed) -> Mark:
        experiment = self._of(mark)
        if experiment is None or mark.group != number or closed.deadline >= mark.ends or _left(experiment, mark):
            return mark
        if not closed.reward and closed.happened & ~REPORTED == IMPRESSION and mark.reported:
            return mark
        after = mark.after(closed, experiment.terms.bound)
        if after != mark:
            self._replace(experiment, mark, after)
        return after

    def _enter(self, experiment: Experiment, number: int, closed: Closed) -> Mark:
        nothing = Mark(experiment.position, closed.deadline + experiment.terms.window, number)
        mark, cohort = nothing.after(closed, experiment.terms.bound), _cohort(experiment, nothing)
        experiment.rows.setdefault((cohort, GROUPS[number]), Entered()).profiles += 1
        self._replace(experiment, nothing, mark)
        due = _due(experiment, cohort)
        self._due = due if self._due is None else min(self._due, due)
        return mark

    def forget(self, marks: bytes) -> None:
        """Take a profile out of all sums, as if it had never entered."""
        for mark in [] if self.off else marks_in(marks):
            experiment = self._of(mark)
            if experiment is None:
                continue
            if _left(experiment, mark):
                experiment.left -= 1
                self._changed_experiments.add(experiment.position)
            else:
                nothing = Mark(mark.experiment, mark.ends, mark.group)
                self._replace(experiment, mark, nothing).profiles -= 1

    def close_cohorts(self, stamp: int) -> None:
        """Move the profiles whose windows are over into one row. All exposures up to `stamp` are counted."""
        if self._due is None or stamp < self._due:
            return
        for experiment in self.latest:
            over = [key for key in experiment.rows if key[0] != OVER and _due(experiment, key[0]) <= stamp]
            for cohort, group in over:
                row = experiment.rows.setdefault((OVER, group), Entered())
                row.include(experiment.rows.pop((cohort, group)))
                self._changed |= {(experiment.position, each, group) for each in (cohort, OVER)}
        self._look_ahead()

    def _replace(self, experiment: Experiment, before: Mark, after: Mark) -> Entered:
        """Replace a profile's totals in its row, and return the row."""
        cohort, group = _cohort(experiment, after), GROUPS[after.group]
        if (cohort, group) not in experiment.rows:
            cohort = OVER
        row = experiment.rows[cohort, group]
        row.reported += after.reported - before.reported
        row.reward.change(before.reward, after.reward)
        row.clicks.change(before.clicks, after.clicks)
        row.plays.change(before.plays, after.plays)
        row.seconds.change(before.seconds, after.seconds)
        self._changed.add((experiment.position, cohort, group))
        return row

    def _of(self, mark: Mark) -> Experiment | None:
        return next((each for each in self.latest if each.position == mark.experiment), None)

    def _look_ahead(self) -> None:
        self._newest = _POSITION.pack(self.latest[-1].position) if self.latest else b""
        cohorts = ((each, cohort) for each in self.latest for cohort, _ in each.rows if cohort != OVER)
        self._due = min((_due(experiment, cohort) for experiment, cohort in cohorts), default=None)

    # ---------------------------------------------------------------- commits

    @property
    def changed(self) -> bool:
        return bool(self._changed or self._changed_experiments)

    def changes(self) -> LiftChange:
        known = {each.position: each for each in (*self._gone, *self.latest)}
        rows = {
            (position, cohort, group): known[position].rows.get((cohort, group))
            for position, cohort, group in self._changed
        }
        experiments = [known[each] for each in sorted(self._changed_experiments)]
        return LiftChange(experiments, rows, self.since if self._anew else None)

    def settle(self) -> None:
        self._anew = False
        self._changed.clear()
        self._changed_experiments.clear()
        self._gone.clear()


def _width(terms: Terms) -> int:
    return max(1, terms.window // COHORTS)


def _cohort(experiment: Experiment, mark: Mark) -> int:
    return (mark.ends - experiment.terms.window - experiment.began) // _width(experiment.terms)


def _left(experiment: Experiment, mark: Mark) -> bool:
    """Whether the profile left the experiment, because its window was open when the shares moved."""
    return 0 < experiment.cut < _due(experiment, _cohort(experiment, mark))


def _due(experiment: Experiment, cohort: int) -> int:
    """Return the stamp at which the windows of all profiles of a cohort are over."""
    terms = experiment.terms
    return experiment.began + (cohort + 1) * _width(terms) + terms.window

"""Learners of a data scientist's own class: whether they load, and how many examples were lost by their faults."""

from collections.abc import Iterator

from app.learning.candidate_file import CandidateFile
from app.operations.doctor.finding import Finding, finding, first
from app.operations.doctor.observed import Observed
from bandit.learners import BUILT_IN, kind_of, lacking, new_learner
from bandit.own.entry_points import origin
from bandit.own.outcomes import Outcomes, outcomes_of
from bandit.policy import FaultyLearnerError
from bandit.sealing import UnusableSnapshot

MANY = 0.01
"""The part of the examples from which on it is wrong that they were lost."""


def findings(seen: Observed) -> Iterator[Finding]:
    """Look at the learner of the settings, and at that of the candidate."""
    if (name := seen.settings.learner) not in BUILT_IN:
        yield own_learner(name, seen.snapshots[0].learner if seen.snapshots else None)
    if seen.candidate is None:
        return
    order = seen.candidate.order
    if (name := order.policy.partition(",")[0]) not in BUILT_IN:
        kept = CandidateFile(seen.folder.candidate).read(order.given.position)
        yield own_learner(name, kept.learner if kept else None)


def own_learner(name: str, snapshot: bytes | None) -> Finding:
    """Tell of the learner of this name, with the outcomes of its latest snapshot, if that is its own."""
    if reason := lacking(name):
        return finding("learner-missing", name=name, reason=reason)
    try:
        new_learner(name)
    except FaultyLearnerError as error:
        return finding("learner-unusable", name=name, origin=origin(name), error=str(error).rstrip("."))
    outcomes = _outcomes(name, snapshot)
    all_ = outcomes.learned + outcomes.lost
    conditions = {
        "learner-fails": outcomes.lost > MANY * all_,
        "learner-fails-rarely": outcomes.lost,
        "learner-learned": outcomes.learned,
        "learner-new": True,
    }
    return first(conditions, name=name, origin=origin(name), outcomes=outcomes, all=all_)


def _outcomes(name: str, snapshot: bytes | None) -> Outcomes:
    try:
        return outcomes_of(snapshot) if snapshot and kind_of(snapshot) == name else Outcomes()
    except UnusableSnapshot:  # told of the snapshot
        return Outcomes()

"""The learners there are, by name."""

from collections.abc import Callable
from typing import Literal

from bandit.logistic.learner import KIND as LOGISTIC
from bandit.logistic.learner import LogisticLearner
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot, unseal
from bandit.vowpal.learner import KIND as VOWPAL
from bandit.vowpal.learner import VowpalLearner

Kind = Literal["logistic", "vowpal"]
_MADE: dict[str, Callable[[], Learner]] = {LOGISTIC: LogisticLearner, VOWPAL: VowpalLearner}
_RESTORED: dict[str, Callable[[bytes], Learner]] = {
    LOGISTIC: LogisticLearner.restore,
    VOWPAL: VowpalLearner.restore,
}


def new_learner(kind: Kind = "logistic") -> Learner:
    return _MADE[kind]()


def kind_of(snapshot: bytes) -> str:
    """Return which learner wrote the snapshot: Vowpal Wabbit's, where it was written before there were others."""
    head, _ = unseal(snapshot)
    return str(head.get("learner", VOWPAL))


def restored(snapshot: bytes, wanted: Kind | None = None, before: Learner | None = None) -> Learner:
    """Return the learner that goes on where the snapshot was taken, in the place of the one `before`.

    That one is of no use afterwards. Raises `UnusableSnapshot`, also where the snapshot is of another learner than
    the wanted one; then the one before is as it was.
    """
    kind = kind_of(snapshot)
    if kind not in _RESTORED:
        raise UnusableSnapshot(f"The snapshot is of a learner {kind!r}, which this version does not have.")
    if wanted and kind != wanted:
        raise UnusableSnapshot(f"The snapshot is of the learner {kind!r}, and {wanted!r} was asked for.")
    if kind == LOGISTIC and isinstance(before, LogisticLearner):
        return LogisticLearner.restore(snapshot, before)
    return _RESTORED[kind](snapshot)

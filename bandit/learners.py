"""The learners, by name. Each is loaded only when it is used."""

import platform
from collections.abc import Iterable
from importlib.util import find_spec

from bandit.policy import FaultyLearnerError, Learner
from bandit.sealing import UnusableSnapshot, seal, unseal

Kind = str
"""The name of a learner: one of Keyart's own, or of an entry point; see `bandit.own`."""
LOGISTIC: Kind = "logistic"
VOWPAL: Kind = "vowpal"
BUILT_IN = (LOGISTIC, VOWPAL)
EMPTIED = "-"
"""The name in a snapshot that an erasure has emptied. No learner has it, so nobody continues from one."""


def lacking(kind: str) -> str | None:
    """Return why a learner is not usable here, and the remedy, as the end of a sentence; None if it is usable."""
    if kind not in BUILT_IN:
        from bandit.own import entry_points  # noqa: PLC0415  see above

        return entry_points.lacking(kind)
    if kind == LOGISTIC or find_spec("vowpal_wabbit_next"):
        return None
    here = f"{platform.python_implementation()} {platform.python_version()} on {_machine()}"
    return (
        "needs the package vowpal-wabbit-next, which is not installed: it exists for CPython 3.11 and 3.12 on "
        f"x86-64 Linux (glibc) and on macOS, and this is {here}; use 'logistic', or run Keyart by one of those"
    )


def new_learner(kind: Kind = LOGISTIC) -> Learner:
    """Return a learner that has learned nothing; raises `FaultyLearnerError` if an own one is not usable."""
    if kind == VOWPAL:
        from bandit.vowpal.learner import VowpalLearner  # noqa: PLC0415  see above

        return VowpalLearner()
    if kind not in BUILT_IN:
        from bandit.own.learner import OwnLearner  # noqa: PLC0415  see above

        return OwnLearner.new(kind)
    from bandit.logistic.learner import LogisticLearner  # noqa: PLC0415  see above

    return LogisticLearner()


def kind_of(snapshot: bytes) -> str:
    """Return which learner wrote the snapshot. Snapshots from before there were several are Vowpal Wabbit's."""
    head, _ = unseal(snapshot)
    return str(head.get("learner", VOWPAL))


def tuning_of(snapshot: bytes) -> dict[str, float]:
    """Return the numbers by which the learner was tuned, by their names."""
    head, _ = unseal(snapshot)
    return dict(head.get("tuning", {}))


def restored(snapshot: bytes, wanted: Kind | None = None, before: Learner | None = None) -> Learner:
    """Return the learner that continues from the snapshot, and replaces the one `before`.

    The one before is not usable afterwards. Raises `UnusableSnapshot`, also if the snapshot is of another learner
    than the wanted one, or of one that this machine lacks; then the one before is unchanged.
    """
    kind = kind_of(snapshot)
    if wanted and kind != wanted:
        raise UnusableSnapshot(f"The snapshot is of the learner {kind!r}, but {wanted!r} was asked for.")
    if reason := lacking(kind):
        raise UnusableSnapshot(f"The snapshot is of the learner {kind!r}, which {reason}.")
    if kind == VOWPAL:
        from bandit.vowpal.learner import VowpalLearner  # noqa: PLC0415  see above

        return VowpalLearner.restore(snapshot)
    if kind == LOGISTIC:
        from bandit.logistic.learner import LogisticLearner  # noqa: PLC0415  see above

        return LogisticLearner.restore(snapshot, before if isinstance(before, LogisticLearner) else None)
    from bandit.own.learner import OwnLearner  # noqa: PLC0415  see above

    return OwnLearner.restore(snapshot)


def forgotten(snapshot: bytes, profiles: Iterable[int]) -> bytes:
    """Return the snapshot without the parts that belong only to these profiles; see `Learner.forget`.

    It does not need Vowpal Wabbit, so that erasures work on every machine. A snapshot of a package's learner is
    emptied if that is gone or fails, because only its class knows which bytes tell of a profile.
    """
    kind = kind_of(snapshot)
    if kind == VOWPAL:
        from bandit.vowpal import words  # noqa: PLC0415  see above

        return words.forgotten(snapshot, profiles)
    try:
        learner = restored(snapshot)
        for profile in profiles:
            learner.forget(profile)
        return learner.snapshot()
    except (FaultyLearnerError, UnusableSnapshot):
        if kind == LOGISTIC:
            raise
        return seal({"learner": EMPTIED}, b"")


def _machine() -> str:
    return f"{platform.machine()} {platform.system()}"

"""The learner of a candidate, by its name: that of a policy of `keyart evaluate` whose snapshots can be served."""

from typing import cast

from app.evaluation.candidates import Learned, UnusablePolicyError
from bandit.learners import restored
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot

FLOOR = ",floor="


def learner_of(name: str) -> Learner:
    """Return a new learner of that name, such as `logistic,spread=0.3`.

    Raises `UnusablePolicyError` if a service could not decide by it: it learns nothing, has no snapshots, or names
    what the service alone determines.
    """
    from app.evaluation.policy_names import candidate  # noqa: PLC0415  workers need numpy only for this

    if ".py:" in name:
        raise UnusablePolicyError(
            f"{name} is a file, and a candidate is served from snapshots; name a learner of KEYART_LEARNER."
        )
    found = candidate(name, 1.0)
    if not isinstance(found, Learned):
        raise UnusablePolicyError(f"{name} learns nothing; name a learner of KEYART_LEARNER.")
    if found.without or FLOOR in name:
        raise UnusablePolicyError(
            f"{name} has a floor or leaves features out, and settings alone determine both for a service; "
            "name the learner and its tuning."
        )
    learner = cast("Learner", found.policy)
    try:
        restored(learner.snapshot())
    except (AttributeError, UnusableSnapshot) as error:
        raise UnusablePolicyError(f"{name} has no snapshots that a service can load; name another one.") from error
    return learner

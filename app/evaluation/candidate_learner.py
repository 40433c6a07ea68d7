"""The learner of a candidate, by its name: that of a policy of `keyart evaluate` whose snapshots can be served."""

from typing import TYPE_CHECKING, cast

from app.evaluation.candidates import Learned, UnusablePolicyError
from bandit.learners import restored
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot

if TYPE_CHECKING:
    from bandit.own.learner import OwnLearner

FLOOR = ",floor="


def learner_of(name: str) -> Learner:
    """Return a new learner of that name, such as `logistic,spread=0.3`.

    Raises `UnusablePolicyError` if a service could not decide by it: it learns nothing, has no snapshots, or names
    what the service alone determines.
    """
    from app.evaluation.policy_names import candidate  # noqa: PLC0415  workers need numpy only for this
    from bandit.own.learner import OwnLearner  # noqa: PLC0415  as above

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
    if isinstance(learner, OwnLearner):
        _demand_contract(learner)
    try:
        restored(learner.snapshot())
    except (AttributeError, UnusableSnapshot) as error:
        raise UnusablePolicyError(f"{name} has no snapshots that a service can load; name another one.") from error
    return learner


def _demand_contract(learner: "OwnLearner") -> None:
    """Refuse an own learner that breaks the contract with this tuning."""
    from app.evaluation.learner_checks import Subject, breaches  # noqa: PLC0415  as above
    from bandit.own.learner import OwnLearner  # noqa: PLC0415  as above

    name, tuning = learner.name, learner.tuning
    for rule, sentence in breaches(Subject(name, lambda: OwnLearner.new(name, tuning), OwnLearner.restore)):
        if sentence:
            raise UnusablePolicyError(f"The learner {name} breaks a rule: {rule}. {sentence}")

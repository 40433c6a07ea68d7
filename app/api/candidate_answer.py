"""The candidate in the shadow, as the API and the dashboard show it."""

from typing_extensions import TypedDict

from app.api.ordered import Ordered, ordered
from app.evaluation.candidate_sentences import conclusion
from app.operations.candidate_standing import Condition, Standing
from bandit.paired_difference import PairedDifference


class Paired(TypedDict):
    """The reward of a decision by the candidate, less that by the incumbent.

    It is a mean over the first showings of the incumbent's `decisions` since the candidate was started, or since
    another snapshot was promoted. They are those of at least so many `viewers`, a number up to 1,024. The 95 %
    `interval` holds at any time; it is null as long as there are too few viewers. `says` states a conclusion.
    """

    decisions: int
    viewers: int
    difference: float | None
    interval: list[float] | None
    says: str


class Candidate(TypedDict):
    """A candidate: its policy as `keyart evaluate` names it, and the order that started it.

    It has learned the records up to `position`, and is `behind` the log's end by so many. It has `caught_up` if
    it has learned the log as it was at its start. It was `saved` last at a time in Unix seconds. If the rule
    wanted to promote it and was refused, `refused` says why.

    Its `condition` is in the sentence `says`, and `remedy` is empty if it needs none. It is `starting`, `learning`
    the log as it was at its start, `following` the log, `waiting` for the trainer or the end of a pause, far
    `behind`, or `stuck`. The first record that it has not learned is `lag_seconds` old. `promotion` says
    what would promote it.

    It decides for a `share` of the profiles, the group `canary`, by the order `serving_by`. If `serves` is false
    although the share is above 0, this worker has no usable candidate, and the learner in use decides for them.
    """

    policy: str
    by: Ordered | None
    by_rule: bool
    share: float
    serving_by: Ordered | None
    serves: bool
    position: int
    behind: int
    lag_seconds: float
    caught_up: bool
    condition: Condition
    says: str
    remedy: str
    promotion: str
    saved: float | None
    paired: Paired | None
    refused: str | None


def shown(standing: Standing | None, *, serves: bool) -> Candidate | None:
    """Return a candidate as the API shows it; `serves` tells whether this worker decides by it for the canary."""
    if standing is None:
        return None
    order, saved, outlook = standing.order, standing.saved, standing.outlook
    return {
        "policy": order.policy,
        "by": ordered(order.given),
        "by_rule": order.by_rule,
        "share": order.share,
        "serving_by": ordered(order.serving),
        "serves": serves,
        "position": standing.position,
        "behind": standing.behind,
        "lag_seconds": standing.lag_seconds,
        "caught_up": standing.caught_up,
        "condition": outlook.condition,
        "says": outlook.says,
        "remedy": outlook.remedy,
        "promotion": standing.promotion,
        "saved": saved.saved / 1000 if saved else None,
        "paired": _paired(saved.paired) if saved else None,
        "refused": saved.refused if saved else None,
    }


def _paired(found: PairedDifference) -> Paired:
    interval = found.interval()
    return {
        "decisions": found.decisions,
        "viewers": found.buckets,
        "difference": found.mean,
        "interval": list(interval) if interval else None,
        "says": conclusion(found),
    }

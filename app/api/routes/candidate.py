"""`/candidate`: the learner that learns in the shadow, and how it compares with the one in use."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from app.api.bodies import JsonRoute
from app.api.openapi import refusals
from app.api.routes.interventions import Ordered, Why, ordered
from app.api.routes.models import WhyBody
from app.api.services import ADMIN, Operating, Service, Services
from app.evaluation.candidate_sentences import conclusion
from app.fields import PLAIN
from app.operations.candidates import Standing
from bandit.paired_difference import PairedDifference

router = APIRouter(tags=["operations"], route_class=JsonRoute)
LONGEST_POLICY = 200
MOST_SHARE = 0.5


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
    caught_up: bool
    saved: float | None
    paired: Paired | None
    refused: str | None


class Shadowed(TypedDict):
    """The candidate in force; null if there is none."""

    candidate: Candidate | None


class CandidateBody(WhyBody):
    """The candidate to start."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    policy: Annotated[str, Field(min_length=1, max_length=LONGEST_POLICY, pattern=PLAIN)]
    """A learner and its tuning, as `keyart evaluate` names it: `logistic,spread=0.3`."""
    by_rule: bool = False
    """True: it is promoted as soon as it is known to earn more than the incumbent, if it is fit."""


class CanaryBody(WhyBody):
    """The share of the profiles for which the candidate decides."""

    share: Annotated[float, Field(ge=0, le=MOST_SHARE, allow_inf_nan=False)]
    """0 ends it. It is taken from the personalized profiles, and is never more than they have."""


@router.get("/candidate", dependencies=[ADMIN])
async def get_candidate(services: Service) -> Shadowed:
    """Show the candidate that learns in the shadow, and its comparison with the incumbent."""
    return await _shown(services)


@router.put("/candidate", responses=refusals({409: "Another candidate is in force."}))
async def put_candidate(body: CandidateBody, by: Operating, services: Service) -> Shadowed:
    """Let a candidate learn from the log in the shadow: nobody sees its choices. There is one at most.

    The trainer starts a process for it, which learns the retained log and then follows it. Each decision of the
    incumbent after this order is compared with the candidate's choice, before the candidate learns from it.
    """
    await services.candidates.start(by, body.policy, body.why, by_rule=body.by_rule)
    return await _shown(services)


@router.put(
    "/candidate/serving", responses=refusals({409: "There is no candidate, or it has not caught up with the log."})
)
async def put_candidate_serving(body: CanaryBody, by: Operating, services: Service) -> Shadowed:
    """Let the candidate decide for a share of the profiles, the group `canary`, or end that.

    Every worker follows within a second. An experiment with the new shares begins, in which the canary is compared
    with the personalized profiles. Pictures that viewers hold stay until they expire.
    """
    await services.candidates.serve(by, body.share, body.why)
    return await _shown(services)


@router.delete("/candidate")
async def delete_candidate(by: Operating, services: Service, why: Why = "") -> Shadowed:
    """End the candidate, and delete its learner and its comparison."""
    await services.candidates.stop(by, why)
    return await _shown(services)


@router.post(
    "/candidate/promotion",
    responses=refusals({409: "There is no candidate, it has not caught up, or it is not fit to be promoted."}),
)
async def promote_candidate(body: WhyBody, by: Operating, services: Service) -> Shadowed:
    """Let the trainer continue with the candidate's learner, from a new base. The candidate then ends.

    It is refused for the reasons for which a snapshot is, and if a profile that it learned from was erased.
    """
    await services.candidates.promote(by, body.why)
    return await _shown(services)


async def _shown(services: Services) -> Shadowed:
    standing = await services.candidates.standing()
    return {"candidate": _candidate(standing, serves=services.canary.ready) if standing else None}


def _candidate(standing: Standing, *, serves: bool) -> Candidate:
    order, kept = standing.order, standing.kept
    return {
        "policy": order.policy,
        "by": ordered(order.given),
        "by_rule": order.by_rule,
        "share": order.share,
        "serving_by": ordered(order.serving),
        "serves": serves,
        "position": standing.position,
        "behind": max(0, standing.head - standing.position),
        "caught_up": standing.caught_up,
        "saved": kept.saved / 1000 if kept else None,
        "paired": _paired(kept.state.paired) if kept else None,
        "refused": kept.refused if kept else None,
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

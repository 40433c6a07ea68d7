"""`/candidate`: the learner that learns in the shadow, and how it compares with the one in use."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from app.api.bodies import JsonRoute
from app.api.candidate_answer import Candidate, shown
from app.api.openapi import refusals
from app.api.routes.interventions import Why
from app.api.routes.models import WhyBody
from app.api.services import ADMIN, Operating, Service, Services
from app.fields import PLAIN

router = APIRouter(tags=["operations"], route_class=JsonRoute)
LONGEST_POLICY = 200
MOST_SHARE = 0.5


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
    return {"candidate": shown(await services.candidates.standing(), serves=services.canary.ready)}

"""`/interventions`: what operators order while the service runs, each with its author, time and reason."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.api.bodies import JsonRoute
from app.api.edit_bodies import Moment
from app.api.openapi import refusals
from app.api.ordered import Ordered, by_of, ordered
from app.api.services import ADMIN, Operating, Service, Services
from app.fields import PLAIN_OR_NOTHING, Word
from app.interventions import Interventions, Learning, Quarantine, Serving
from app.operations.interventions import Span

router = APIRouter(tags=["operations"], route_class=JsonRoute)
LONGEST_REASON = 500
LAST_POSITION = 2**53 - 1
Reason = Annotated[str, Field(max_length=LONGEST_REASON, pattern=PLAIN_OR_NOTHING)]
Of = Annotated[int, Path(ge=1, le=LAST_POSITION, description="The position of the quarantine's record.")]
Why = Annotated[Reason, Query(description="The reason, which the list of edits shows.")]


class Quarantined(TypedDict):
    """A quarantine of the exposures whose windows were open between two moments, in Unix seconds.

    With a `device`, only its exposures are in quarantine.
    """

    by: Ordered
    since: float
    until: float
    device: str | None


class InForce(TypedDict):
    """The interventions in force. `serving_by` and `learning_by` are null in the usual way.

    If `folded_out` is false, the trainer still folds the exposures in quarantine out. Nothing that was learned
    before `folds_since`, the Unix seconds of the oldest base, can be folded out; it is null if there is no base.
    """

    serving: Serving
    serving_by: Ordered | None
    learning: Learning
    learning_by: Ordered | None
    quarantines: list[Quarantined]
    folded_out: bool
    folds_since: float | None


class ServingBody(BaseModel):
    """The pictures that everyone gets."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    pictures: Serving
    """`default`: everyone gets the default picture of each title. `policy`: Keyart chooses, as usual."""
    why: Reason = ""
    """The reason, which the list of edits shows."""


class LearningBody(BaseModel):
    """Whether the learner learns."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    state: Learning
    """`paused`: the learner stays as it is. `running`: it learns the events that came meanwhile, and goes on."""
    why: Reason = ""
    """The reason, which the list of edits shows."""


class QuarantineBody(BaseModel):
    """The exposures to quarantine: those whose windows were open between two moments."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    since: Moment
    """The beginning: Unix seconds or an ISO 8601 date, in UTC if it names no zone."""
    until: Moment
    """The end, which may be in the future."""
    device: Word | None = None
    """Only exposures on this device."""
    why: Reason = ""
    """The reason, which the list of edits shows."""


@router.get("/interventions", dependencies=[ADMIN])
async def get_interventions(services: Service) -> InForce:
    """Show the orders of operators that are in force."""
    return await _shown(services, await services.operator.in_force())


@router.put("/interventions/serving")
async def put_serving(body: ServingBody, by: Operating, services: Service) -> InForce:
    """Give everyone the default picture of each title, or let Keyart choose again. No restart is needed.

    Every worker follows within a second. With `default`, holds of chosen pictures end. A decision is then logged
    with the probability 1, like a pin: Keyart learns nothing from it, and it is outside the lift. An editor's pin
    still applies.
    """
    return await _shown(services, await services.operator.serve(by, body.pictures, body.why))


@router.put("/interventions/learning")
async def put_learning(body: LearningBody, by: Operating, services: Service) -> InForce:
    """Pause the learner, or let it resume. No event is lost, because it then learns the events of the pause.

    Decisions, the report and tastes continue. The log keeps all events up to `KEYART_RETENTION_DAYS`; events that
    are older at the end of a longer pause are never learned.
    """
    return await _shown(services, await services.operator.learn(by, body.state, body.why))


@router.post(
    "/interventions/quarantines",
    status_code=201,
    responses=refusals({409: "There are as many quarantines as there may be."}),
)
async def post_quarantine(body: QuarantineBody, by: Operating, services: Service) -> InForce:
    """Leave exposures out of everything that is learned and counted, also if they were learned already.

    The trainer sets a new base, and folds the log again from the oldest one. The records stay in the log.
    """
    span = Span(round(body.since * 1000), round(body.until * 1000), body.device)
    await services.operator.quarantine(by, span, body.why)
    return await _shown(services, await services.operator.in_force())


@router.delete(
    "/interventions/quarantines/{position}", responses=refusals({404: "There is no such quarantine in force."})
)
async def delete_quarantine(position: Of, by: Operating, services: Service, why: Why = "") -> InForce:
    """End a quarantine. The trainer folds the log again, with the exposures that were left out."""
    return await _shown(services, await services.operator.lift(by, position, why))


async def _shown(services: Services, found: Interventions) -> InForce:
    folding = await services.operator.folding()
    return {
        "serving": found.serving,
        "serving_by": ordered(found.serving_default),
        "learning": found.learning,
        "learning_by": ordered(found.learning_paused),
        "quarantines": [_quarantined(each) for each in found.quarantines],
        "folded_out": folding.done,
        "folds_since": None if folding.since is None else folding.since / 1000,
    }


def _quarantined(found: Quarantine) -> Quarantined:
    by = by_of(found.given)
    return {"by": by, "since": found.since / 1000, "until": found.until / 1000, "device": found.device}

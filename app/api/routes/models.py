"""`/models`: the snapshots of the learner, and which of them the trainer continues with."""

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from app.api.bodies import JsonRoute
from app.api.openapi import refusals
from app.api.ordered import Ordered, ordered
from app.api.routes.interventions import LAST_POSITION, Reason
from app.api.services import ADMIN, Operating, Service, Services
from app.evaluation.fitness import Fitness
from app.interventions import Interventions
from app.refusals import NotFound
from app.store.protocol import Snapshot
from bandit.learners import kind_of, tuning_of
from bandit.sealing import UnusableSnapshot

T = TypeVar("T")
router = APIRouter(tags=["operations"], route_class=JsonRoute)
ROLES: tuple[Literal["incumbent", "candidate", "promoted", "replaced"], ...] = (
    "incumbent",
    "candidate",
    "promoted",
    "replaced",
)
Of = Annotated[int, Path(ge=1, le=LAST_POSITION, description="The number of the snapshot.")]
UNFIT = refusals({404: "There is no such snapshot.", 409: "The snapshot is not fit to be promoted."})


class Model(TypedDict):
    """A snapshot. It has learned the records up to `position`; `created` is in Unix seconds.

    The `learner` and its `tuning` are null if the snapshot is damaged. `used` is true for the one that
    this worker decides by.
    """

    snapshot: int
    role: Literal["incumbent", "candidate", "promoted", "replaced"]
    learner: str | None
    tuning: dict[str, float] | None
    position: int
    created: float
    bytes: int
    used: bool


class Models(TypedDict):
    """The kept snapshots, the newest of each role first, and the orders about them.

    `frozen_by` is null if the learner learns. The latest order of a promotion, a roll-back or a thaw is
    `promotion_by`. Until the trainer has carried it out, `promoting` is true.
    """

    models: list[Model]
    frozen_by: Ordered | None
    promotion_by: Ordered | None
    promoting: bool


class WhyBody(BaseModel):
    """The reason of an order."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    why: Reason = ""
    """The reason, which the list of edits shows."""


class FrozenBody(WhyBody):
    """Whether the learner is frozen."""

    frozen: bool
    """True: the learner stays as it is. False: it learns again, from the events after this order."""


@router.get("/models", dependencies=[ADMIN])
async def list_models(services: Service) -> Models:
    """List the snapshots of the learner that are kept, and the orders about them."""
    return await _shown(services, await services.operator.in_force())


@router.get("/models/{snapshot}/fitness", dependencies=[ADMIN], responses=UNFIT)
async def get_fitness(snapshot: Of, services: Service) -> Fitness:
    """Compare a snapshot with the one in use, on the latest exposures of the log."""
    found = await services.store.state.snapshot(snapshot)
    if found is None:
        raise NotFound(f"There is no snapshot {snapshot}; GET /models lists those that are kept.")
    return await services.fitness.of(found)


@router.post("/models/{snapshot}/promotion", responses=UNFIT)
async def promote_model(snapshot: Of, body: WhyBody, by: Operating, services: Service) -> Models:
    """Let the trainer continue with the learner of this snapshot, from a new base. Workers follow within seconds.

    A snapshot is refused if it does not load, if its choices are collapsed, or if it is worse than the best single
    picture. The learner learns nothing from the events between the snapshot and this order.
    """
    found = await services.fitness.demand(snapshot)
    return await _shown(services, await services.operator.promote(by, found, body.why))


@router.post("/models/rollback", responses=refusals({409: "There is no snapshot to roll back to."}))
async def roll_back_model(body: WhyBody, by: Operating, services: Service) -> Models:
    """Let the trainer continue with the learner that the latest promotion replaced, from a new base."""
    return await _shown(services, await services.operator.roll_back(by, body.why))


@router.put("/models/frozen")
async def put_frozen(body: FrozenBody, by: Operating, services: Service) -> Models:
    """Freeze the learner, or thaw it. Nothing is ever learned from the events between the two orders.

    A thaw sets a new base. `PUT /interventions/learning` pauses the learner without a loss of events.
    """
    return await _shown(services, await services.operator.freeze(by, body.why, frozen=body.frozen))


async def _shown(services: Services, found: Interventions) -> Models:
    snapshots = [each for role in ROLES for each in await services.store.state.snapshots(role)]
    carried_out = await services.store.state.promoted()
    given = found.promotion.given if found.promotion else None
    return {
        "models": [_model(services, each) for each in snapshots],
        "frozen_by": ordered(found.frozen),
        "promotion_by": ordered(given),
        "promoting": given is not None and given.position > carried_out,
    }


def _model(services: Services, found: Snapshot) -> Model:
    role = next(each for each in ROLES if each == found.role)
    return {
        "snapshot": found.id,
        "role": role,
        "learner": _told(kind_of, found),
        "tuning": _told(tuning_of, found),
        "position": found.position,
        "created": found.created / 1000,
        "bytes": len(found.learner),
        "used": found.id == services.model.snapshot,
    }


def _told(about: Callable[[bytes], T], found: Snapshot) -> T | None:
    try:
        return about(found.learner)
    except UnusableSnapshot:
        return None

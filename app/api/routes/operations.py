"""What an operator looks at: health, metrics, the report, single decisions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from typing_extensions import TypedDict

from app.api.openapi import refusals
from app.api.problems import Problem
from app.api.roles import ANYONE
from app.api.services import ADMIN, EDITOR, Service
from app.api.settings_in_force import RulesInForce, rules_of
from app.evaluation.report import Report
from app.serving.explanation import Record, Why
from app.store.protocol import LostStoreError
from app.telemetry import metrics

router = APIRouter(tags=["operations"])
DecisionText = Annotated[str, Path(max_length=64, description="As it was answered with the picture.")]
UNKNOWN_ID = "The id was not made here, was altered, has expired, or its decision is no longer kept."
EXPOSITION = {"text/plain": {"schema": {"type": "string"}}}


class ReportWithRules(Report):
    rules: RulesInForce


class Health(TypedDict):
    status: Literal["ok"]


class Readiness(TypedDict):
    """`titles` are those of the catalogue, `snapshot` is the one in use, and `log` the log's position."""

    status: Literal["ready"]
    titles: int
    snapshot: int | None
    log: int


@router.get("/healthz")
async def healthz() -> Health:
    """Say that the process runs."""
    return {"status": "ok"}


@router.get("/readyz", responses=refusals({503: "Not ready yet; the sentence says for want of what."}))
async def readyz(services: Service) -> Readiness:
    """Say whether decisions are made: catalogue loaded, snapshot in use, log answering."""
    missing = [
        what
        for what, there in (
            ("a catalogue", len(services.live_catalogue)),
            ("a snapshot of the learner", services.model.ready),
        )
        if not there
    ]
    if missing:
        raise Problem(503, f"Not ready yet, for want of {' and '.join(missing)}; try again in a second.")
    try:
        await services.store.log.check()
    except LostStoreError as fault:
        raise Problem(503, str(fault)) from fault
    head = await services.store.log.head()
    return {
        "status": "ready",
        "titles": len(services.live_catalogue),
        "snapshot": services.model.snapshot,
        "log": head.position,
    }


@router.get("/metrics", response_class=Response, responses={200: {"description": "Text.", "content": EXPOSITION}})
async def prometheus(services: Service) -> Response:
    """Show the metrics of all processes in Prometheus' format."""
    metrics.LOG_POSITION.set((await services.store.log.head()).position)
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/report", dependencies=[EDITOR])
async def report(services: Service) -> ReportWithRules:
    """Show counts, rates and lift by group, title and artwork, and the settings that they came about by."""
    return {**await services.reporter.report(), "rules": rules_of(services.settings)}


@router.get("/decisions/{decision_id}", dependencies=[ADMIN], responses=refusals({404: UNKNOWN_ID}))
async def decision(decision_id: DecisionText, services: Service) -> Record:
    """Show a decision's record, drawn again."""
    return await services.inspector.record(decision_id)


@router.get("/decisions/{decision_id}/why", responses=refusals({404: UNKNOWN_ID}))
async def why(decision_id: DecisionText, request: Request, services: Service) -> Why:
    """Tell the holder of a decision id why the picture was chosen.

    It names nothing that is known of the profile.
    """
    trusted = services.settings.tells_groups or await services.access.is_one_of(request, ANYONE)
    return await services.inspector.why(decision_id, trusted=trusted)

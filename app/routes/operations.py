"""What an operator looks at: health, metrics, the report, single decisions; and the session for pages."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from app import metrics
from app.access import COOKIE, SESSION_MS
from app.problem import Problem
from app.services import ADMIN, Service

router = APIRouter(tags=["operations"])
DecisionText = Annotated[str, Path(max_length=64)]


class SessionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=256)]


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process runs."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(services: Service) -> dict[str, Any]:
    """Say whether decisions are made: catalogue loaded, snapshot in use, log answering."""
    missing = [
        what
        for what, there in (
            ("a catalogue", len(services.shelf)),
            ("a snapshot of the learner", services.model.ready),
        )
        if not there
    ]
    if missing:
        raise Problem(503, f"Not ready yet, for want of {' and '.join(missing)}; try again in a second.")
    head = await services.store.log.head()
    return {
        "status": "ready",
        "titles": len(services.shelf),
        "snapshot": services.model.snapshot,
        "log": head.position,
    }


@router.get("/metrics")
async def prometheus(services: Service) -> Response:
    """Show the metrics of all processes in Prometheus' format."""
    metrics.LOG_POSITION.set((await services.store.log.head()).position)
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/report", dependencies=[ADMIN])
async def report(services: Service) -> dict[str, Any]:
    """Show counts, rates and lift by group, title and artwork."""
    return await services.reporter.report()


@router.get("/decisions/{decision_id}", dependencies=[ADMIN])
async def decision(decision_id: DecisionText, services: Service) -> dict[str, Any]:
    """Show a decision's record, drawn again."""
    return await services.inspector.record(decision_id)


@router.get("/decisions/{decision_id}/why")
async def why(decision_id: DecisionText, services: Service) -> dict[str, Any]:
    """Tell the holder of a decision id why the picture was chosen."""
    return await services.inspector.why(decision_id)


@router.post("/session", status_code=204, response_class=Response)
async def session(body: SessionBody, services: Service) -> Response:
    """Exchange a key for a cookie that stands in for it on this service's pages."""
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        services.access.open_session(body.key),
        max_age=SESSION_MS // 1000,
        httponly=True,
        samesite="strict",
    )
    return response

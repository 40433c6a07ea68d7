"""`/healthz`, `/readyz` and `/metrics`: the routes by which machines check that the service works."""

from typing import Literal

from fastapi import APIRouter, Response
from typing_extensions import TypedDict

from app.api.openapi import refusals
from app.api.problems import Problem
from app.api.services import Service
from app.store.protocol import LostStoreError
from app.telemetry import metrics

router = APIRouter(tags=["operations"])
EXPOSITION = {"text/plain": {"schema": {"type": "string"}}}


class Health(TypedDict):
    status: Literal["ok"]


class Readiness(TypedDict):
    """`titles` is their number in the catalogue, `snapshot` the one in use, and `log` the log's position."""

    status: Literal["ready"]
    titles: int
    snapshot: int | None
    log: int


@router.get("/healthz")
async def get_health() -> Health:
    """Say that the process runs."""
    return {"status": "ok"}


@router.get("/readyz", responses=refusals({503: "The service is not ready yet; `detail` says why."}))
async def get_readiness(services: Service) -> Readiness:
    """Say whether the service makes decisions: it has a catalogue and a snapshot, and the log answers."""
    missing = [
        what
        for what, there in (
            ("a catalogue", len(services.live_catalogue)),
            ("a snapshot of the learner", services.model.ready),
        )
        if not there
    ]
    if missing:
        waits = f"Not ready yet: the service waits for {' and '.join(missing)}; try again in 1 second."
        raise Problem(503, waits)
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
async def get_metrics(services: Service) -> Response:
    """Show the metrics of all processes in Prometheus' format."""
    metrics.LOG_POSITION.set((await services.store.log.head()).position)
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

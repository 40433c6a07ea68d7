"""`/decisions`: single decisions, and why each was made."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.api.openapi import refusals
from app.api.roles import ANYONE
from app.api.services import ADMIN, Service
from app.evaluation.score_explanation import Explanation
from app.serving.explanation import Record, Why


class ExplainedRecord(Record):
    """A decision's record with the parts of its candidates' scores."""

    explanation: Explanation


router = APIRouter(tags=["operations"])
DecisionText = Annotated[str, Path(max_length=64, description="The id that came with the picture.")]
UNKNOWN_ID = "The id was not made by this service, was altered or has expired, or the log deleted its decision."


@router.get("/decisions/{decision_id}", dependencies=[ADMIN], responses=refusals({404: UNKNOWN_ID}))
async def get_decision(decision_id: DecisionText, services: Service) -> ExplainedRecord:
    """Show a decision's record, draw again from it, and tell what raised and lowered each candidate's score."""
    record, decision = await services.explainer.record(decision_id)
    return {**record, "explanation": await services.score_explainer.of(decision)}


@router.get("/decisions/{decision_id}/why", responses=refusals({404: UNKNOWN_ID}))
async def explain_decision(decision_id: DecisionText, request: Request, services: Service) -> Why:
    """Tell the holder of a decision id why the picture was chosen.

    The answer names no data of the profile.
    """
    trusted = services.settings.tells_groups or await services.access.is_one_of(request, ANYONE)
    return await services.explainer.why(decision_id, trusted=trusted)

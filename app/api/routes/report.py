"""`/report`: the clicks and rewards of each group, title and artwork."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.services import EDITOR, Service
from app.api.settings_in_force import RulesInForce, settings_in_force
from app.evaluation.report import Report
from app.fields import Slug

router = APIRouter(tags=["operations"])
Of = Annotated[Slug | None, Query(description="Count only this title.")]


class ReportWithRules(Report):
    rules: RulesInForce


@router.get("/report", dependencies=[EDITOR])
async def get_report(services: Service, title: Of = None) -> ReportWithRules:
    """Show counts, rates and lift by group, title and artwork, and the settings that produced them.

    With `title` they are those of one title. `titles` has no entry of a title that nobody was shown yet.
    """
    return {**await services.reporter.report(title), "rules": settings_in_force(services.settings)}

"""`/report`: the clicks and rewards of each group, title and artwork."""

from fastapi import APIRouter

from app.api.services import EDITOR, Service
from app.api.settings_in_force import RulesInForce, settings_in_force
from app.evaluation.report import Report

router = APIRouter(tags=["operations"])


class ReportWithRules(Report):
    rules: RulesInForce


@router.get("/report", dependencies=[EDITOR])
async def get_report(services: Service) -> ReportWithRules:
    """Show counts, rates and lift by group, title and artwork, and the settings that produced them."""
    return {**await services.reporter.report(), "rules": settings_in_force(services.settings)}

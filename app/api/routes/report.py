"""`/report`: the clicks and rewards of each group, title and artwork."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.openapi import refusals
from app.api.services import EDITOR, Service
from app.api.settings_in_force import RulesInForce, settings_in_force
from app.evaluation.exposure_difference import SIZE, Audit
from app.evaluation.lift_report import Experiments
from app.evaluation.report import Report
from app.evaluation.title_search import TitlePage
from app.fields import Slug

router = APIRouter(tags=["operations"])
MOST_PAGES = 1_000_000
Search = Annotated[
    str, Query(max_length=200, description="Words of the title's names or id, in any case. Empty finds all.")
]
Page = Annotated[int, Query(ge=1, le=MOST_PAGES, description="The page; beyond the last one, the last is shown.")]
Size = Annotated[float, Query(ge=0, le=1, description="The least difference of shares that is named.")]
OfTitle = Annotated[Slug | None, Query(description="Compare the artworks of this title. Without it: tags.")]
Of = Annotated[Slug | None, Query(description="Count only this title.")]


class ReportWithRules(Report):
    rules: RulesInForce


@router.get("/report", dependencies=[EDITOR])
async def get_report(services: Service, title: Of = None) -> ReportWithRules:
    """Show counts, rates and lift by group, title and artwork, and the settings that produced them.

    With `title` they are those of one title. `titles` has no entry of a title that nobody was shown yet.
    """
    return {**await services.reporter.report(title), "rules": settings_in_force(services.settings)}


@router.get("/experiments", dependencies=[EDITOR])
async def list_experiments(services: Service) -> Experiments:
    """Show all experiments, the latest first: the profiles that entered, what they earned, and the lift."""
    return await services.lift_reporter.report()


@router.get("/report/titles", dependencies=[EDITOR])
async def search_report(services: Service, search: Search = "", page: Page = 1) -> TitlePage:
    """Show 25 titles of the current catalogue with their rates, in the order of their names."""
    return await services.title_search.page(search, page)


@router.get("/report/audit", dependencies=[EDITOR], responses=refusals({404: "There is no such title."}))
async def get_audit(services: Service, title: OfTitle = None, size: Size = SIZE) -> Audit:
    """Compare what viewers with each attribute, audit attribute and taste are shown with what others are.

    It reads the latest 100,000 records of the log, which takes seconds. `keyart audit` reads the whole log.
    """
    return await services.audit_reporter.of(title, size)

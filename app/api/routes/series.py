"""`/report/series` and `/report/shares`: rewards by hour and day, and shares of artworks by day."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.api.services import EDITOR, Service
from app.evaluation.series_report import SeriesReport, Span
from app.evaluation.shares_report import SharesReport
from app.fields import Slug
from app.store.protocol import Dimension, Step

router = APIRouter(tags=["operations"])
DIMENSIONS: tuple[Dimension, ...] = ("group", "device", "release")
MOST_DAYS = 400
_WORD = "(group|device|release)"
LONGEST = 64


def _dimensions(given: str) -> str:
    strange = set(given.split(",")) - set(DIMENSIONS)
    if strange or len(given) > LONGEST:
        raise PydanticCustomError(
            "dimensions", "It should be some of group, device and release, with commas between"
        )
    return given


StepLength = Annotated[Step, Query(description="The length of a step. Days are those of UTC.")]
Reach = Annotated[Span, Query(description="How far back the series reach.")]
By = Annotated[
    str,
    AfterValidator(_dimensions),
    WithJsonSchema({"type": "string", "pattern": f"^{_WORD}(,{_WORD})*$", "maxLength": LONGEST}),
    Query(
        description="The dimensions that part the series: some of group, device and release, with commas between."
    ),
]
Of = Annotated[Slug, Query(description="The id of the title.")]
Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="The number of days, the last of which is today.")]


@router.get("/report/series", dependencies=[EDITOR])
async def get_series(
    services: Service, step: StepLength = "hour", span: Reach = "24h", by: By = "group"
) -> SeriesReport:
    """Show exposures, feedback and rewards by hour or by day, of groups, devices and client releases.

    An exposure counts in the hour in which its window closed. Its release is the one that the request for the
    decision named. A device or release that no request named is `unknown`; all beyond the 50 busiest pairs of
    device and release of an hour are `other` together.
    """
    asked = set(by.split(","))
    return await services.series_reporter.report(step, span, [name for name in DIMENSIONS if name in asked])


@router.get("/report/shares", dependencies=[EDITOR])
async def get_shares(services: Service, title: Of, days: Days = 90) -> SharesReport:
    """Show by day how often each group was shown each artwork of a title, and the shares of the artworks.

    Each day keeps the 1,000 titles with the most exposures.
    """
    return await services.shares_reporter.report(title, days)

"""The metrics of the candidate in the shadow."""

from math import nan

from app.operations.candidate_standing import CONDITIONS, Standing
from app.telemetry import metrics

BOUNDS = ("estimate", "low", "high")


def show_candidate(standing: Standing | None) -> None:
    """Show a candidate. Without one no condition holds, and the numbers are NaN."""
    condition = standing.outlook.condition if standing else None
    for each in CONDITIONS:
        metrics.CANDIDATE.labels(each).set(each == condition)
    metrics.CANDIDATE_LAG.set(standing.behind if standing else nan)
    metrics.CANDIDATE_LAG_SECONDS.set(standing.lag_seconds if standing else nan)
    for bound, value in zip(BOUNDS, _difference(standing), strict=True):
        metrics.CANDIDATE_DIFFERENCE.labels(bound).set(value)


def _difference(standing: Standing | None) -> tuple[float, float, float]:
    paired = standing.saved.paired if standing and standing.saved else None
    if paired is None or (interval := paired.interval()) is None or paired.mean is None:
        return nan, nan, nan
    return paired.mean, interval.low, interval.high

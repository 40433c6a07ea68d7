"""The first steps of a new service, and which of them are done."""

from typing import NamedTuple

from app.evaluation.group_report import GroupReport
from app.telemetry.reading import Reading


class Step(NamedTuple):
    says: str
    done: bool
    do: str


def first_steps(
    reading: Reading, report: GroupReport, *, titles: int, ready: bool, window_seconds: float
) -> list[Step]:
    """Return the steps. The metrics begin at 0 with each start; the report has the counts from before."""
    exposures, clicks = (
        sum(rates[what] for rates in report["groups"].values()) for what in ("exposures", "clicks")
    )
    shown = exposures or reading.count("keyart_decisions_total")
    opened = clicks or reading.count("keyart_feedback_total", "click", "play")
    wait = f"It follows when the reward window is over, {window_seconds:,.0f} seconds after a picture was shown."
    return [
        Step("The catalogue has titles.", titles > 0, "Import a folder of pictures: keyart import FOLDER"),
        Step("A trainer has published a snapshot.", ready, "Wait some seconds, or start a trainer: keyart train"),
        Step("A viewer was shown a picture.", shown > 0, "Ask for one: GET /artwork?profile=ada&title=TITLE"),
        Step("A viewer opened a title.", opened > 0, "Send its decision_id to POST /clicks."),
        Step("Keyart counted the outcome, and learned from it.", exposures > 0, wait),
    ]

"""Alarms of the candidate in the shadow. docs/examples/alerts.yml has the same bounds."""

from collections.abc import Iterator

from app.operations.alarm import Alarm
from app.operations.candidate_standing import Condition, Standing

MOST_ENDED = 5
"""Processes of a candidate that may end within an hour before it is an alarm."""
SEE = "when-a-candidate-learner-is-stuck"
NAMES: dict[Condition, str] = {"stuck": "KeyartCandidateStuck", "behind": "KeyartCandidateBehind"}


def candidate_alarms(standing: Standing | None, ended: float) -> Iterator[Alarm]:
    """Yield the alarms of a candidate whose processes ended so often within the hour."""
    if standing is None:
        return
    policy, outlook = standing.order.policy, standing.outlook
    if ended > MOST_ENDED:
        yield Alarm(
            "KeyartCandidateEnds",
            f"The process of the candidate {policy} ended {ended:.0f} times within an hour, and was started "
            "again.",
            "Look for ended with the child shadow in the trainer's log lines, and at the lines before it. Run "
            "`keyart candidate stop` if nobody needs the candidate.",
            SEE,
        )
    if name := NAMES.get(outlook.condition):
        yield Alarm(name, f"The candidate {policy}: {outlook.says}", outlook.remedy, SEE)

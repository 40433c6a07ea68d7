"""Standings of a candidate, as the alarms, the metrics and the doctor get them."""

from typing import Any

from app.interventions import Given, Shadowing
from app.learning.candidate_file import Summary
from app.operations.candidate_standing import Standing
from bandit.paired_difference import PairedDifference

NOW = 1_790_000_000_000
POSITION = 100


def standing(
    *,
    saved: int | None = 0,
    oldest: int | None = 0,
    position: int = POSITION,
    head: int = POSITION,
    started: int = 3_600_000,
    by_rule: bool = False,
    erased: int | None = None,
    paired: PairedDifference | None = None,
    **changes: Any,
) -> Standing:
    """Return a standing that was `saved` so many ms ago; the first record that is not learned is `oldest` ms old.

    None means that nothing was saved, or that there is no such record.
    """
    order = Shadowing(Given(POSITION, NOW - started, "admin", "key", "Because"), "logistic,spread=0.3", by_rule)
    summary = saved is not None and Summary(NOW - saved, position, erased, paired or PairedDifference(), None)
    first = None if oldest is None else NOW - oldest
    known: dict[str, Any] = {"now": NOW, "leads": True, "learns": "running"}
    return Standing(order, summary or None, head, first, **known | changes)

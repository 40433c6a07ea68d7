"""The viewer sample: who asked for pictures of late."""

from typing import Final

from app.evaluation.turns import Turns
from app.records import DECISIONS, Decision, decode_decision
from app.store.protocol import Log
from app.viewers.viewer import Viewer, recorded_viewer

MOST_VIEWERS: Final = 500
MOST_RECORDS: Final = 20_000
"""Records that are read from the log's end. Feedback, ticks and pages of one viewer lie between the viewers."""
CHUNK: Final = 100


async def viewer_sample(log: Log, turns: Turns) -> list[Viewer]:
    """Return the viewers of the latest unpinned decisions of up to 500 profiles, each profile once.

    Bots, viewers who are not logged in and forgotten profiles are left out: their decisions have no profile.
    """
    newest: dict[str, Decision] = {}
    before = (await log.head()).position + 1
    for _ in range(MOST_RECORDS // CHUNK):
        records = await log.latest(before, CHUNK)
        for record in records:
            if record.kind in DECISIONS:
                _take(newest, decode_decision(record.body))
        if not records or len(newest) >= MOST_VIEWERS:
            break
        before = records[-1].position
        await turns.give_way()
    return [recorded_viewer(decision) for decision in newest.values()]


def _take(newest: dict[str, Decision], decision: Decision) -> None:
    if decision.profile is not None and not decision.pinned and len(newest) < MOST_VIEWERS:
        newest.setdefault(decision.profile, decision)

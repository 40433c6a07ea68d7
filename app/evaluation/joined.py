"""The joined examples of the log, as others read them: one row for each exposure whose window has closed."""

import msgspec

from app.clock import moment
from app.evaluation.replay import Ended
from app.learning.examples import context_of
from bandit.types import Example
from bandit.vowpal.dsjson import line
from bandit.windows import CLICK, PLAY

COLUMNS = {
    "position": "BIGINT",
    "opened": "BIGINT",
    "decision": "BIGINT",
    "decided_at": "TIMESTAMPTZ",
    "ended_at": "TIMESTAMPTZ",
    "title": "VARCHAR",
    "artwork": "VARCHAR",
    "candidates": "VARCHAR[]",
    "probabilities": "DOUBLE[]",
    "chosen": "INTEGER",
    "propensity": "DOUBLE",
    "reward": "DOUBLE",
    "clicked": "BOOLEAN",
    "played": "BOOLEAN",
    "learned": "BOOLEAN",
    "group": "VARCHAR",
    "profile": "VARCHAR",
    "showings": "INTEGER[]",
    "attributes": "VARCHAR",
    "taste": "VARCHAR",
    "audit": "VARCHAR",
    "snapshot": "BIGINT",
    "revision": "VARCHAR",
    "release": "VARCHAR",
    "page": "VARCHAR",
    "row": "VARCHAR",
    "column": "BIGINT",
}
"""The columns of an export, in their order, with their types in SQL."""


class Joined(msgspec.Struct, frozen=True):
    """An exposure with its decision and its reward. `chosen` counts from 0, and `position` is that of its close.

    `attributes`, `taste` and `audit` are JSON objects as text, because their names differ from row to row.
    """

    position: int
    opened: int
    decision: int
    decided_at: str
    ended_at: str
    title: str
    artwork: str
    candidates: tuple[str, ...]
    probabilities: tuple[float, ...]
    chosen: int
    propensity: float
    reward: float
    clicked: bool
    played: bool
    learned: bool
    group: str | None
    profile: str | None
    showings: tuple[int, ...]
    attributes: str
    taste: str
    audit: str
    snapshot: int | None
    revision: str
    release: str | None
    page: str | None
    row: str | None
    column: int | None

    @classmethod
    def of(cls, ended: Ended) -> "Joined":
        decision, closed, spot = ended.decision, ended.close.closed, ended.decision.spot
        return cls(
            position=ended.close.position,
            opened=closed.opened,
            decision=ended.number,
            decided_at=moment(ended.decided),
            ended_at=moment(closed.deadline),
            title=decision.title,
            artwork=decision.artwork,
            candidates=decision.candidates,
            probabilities=decision.probabilities,
            chosen=decision.chosen,
            propensity=decision.propensity,
            reward=closed.reward,
            clicked=bool(closed.happened & CLICK),
            played=bool(closed.happened & PLAY),
            learned=ended.example is not None,
            group=decision.group,
            profile=decision.profile,
            showings=decision.showings,
            attributes=_text(decision.attributes),
            taste=_text(decision.taste),
            audit=_text(decision.audit),
            snapshot=decision.snapshot,
            revision=decision.revision,
            release=spot.release if spot else None,
            page=spot.page if spot else None,
            row=spot.row if spot else None,
            column=spot.column if spot else None,
        )


def json_line(ended: Ended) -> bytes:
    return _encode(Joined.of(ended))


def dsjson_line(ended: Ended) -> bytes:
    decision, closed = ended.decision, ended.close.closed
    actions = [ended.live_title.actions[artwork] for artwork in decision.candidates]
    context = context_of(decision, actions)
    example = Example(context, actions, decision.chosen, decision.propensity, closed.reward)
    return line(example, decision.probabilities, event=str(closed.opened), moment=moment(ended.decided))


def _text(values: object) -> str:
    return _encode(values).decode()


_encode = msgspec.json.Encoder().encode

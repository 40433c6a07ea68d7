"""mabwiser's LinUCB behind FastAPI: one bandit for each title, one linear model for each of its pictures.

It chooses by what is known of the viewer; of the pictures it knows nothing but their ids, for its models are
separate. It draws nothing, so there are no propensities and nothing can be estimated from its choices later. Open
decisions wait in memory; once a second those whose window is over are learned, clicked or not, in one batch for
each title, and requests wait meanwhile. There is no log: all of it is lost when the process ends. It can't tell
profiles apart, for each would be a column of the matrices.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import uuid4

import numpy as np
from fastapi import FastAPI, HTTPException, Query
from mabwiser.mab import MAB, LearningPolicy
from numpy.typing import NDArray

from tests.bench.rivals.shop import CATALOGUE, WINDOW_SECONDS, Asked, Choice, Click, Taken, answer

KNOWN = {
    "device": ("tv", "phone", "tablet", "desktop"),
    "country": ("DE", "FR", "JP", "US"),
    "language": ("de", "fr", "ja", "en"),
    "placement": ("row", "page", "hero"),
}
"""A value that is not among these has no column."""
COLUMNS = {(name, value): 1 + n for n, (name, value) in enumerate((k, v) for k in KNOWN for v in KNOWN[k])}
WIDTH = 1 + len(COLUMNS)


@dataclass(slots=True)
class Open:
    title: str
    chosen: int
    row: NDArray[np.float64]
    until: float
    reward: int = 0


def bandit(pictures: int) -> MAB:
    """Return one that has seen each picture earn nothing: it has to be fitted before it can choose."""
    made = MAB(list(range(pictures)), LearningPolicy.LinUCB(alpha=1.0))
    made.fit(list(range(pictures)), [0] * pictures, np.zeros((pictures, WIDTH)))
    return made


bandits = {id_: bandit(len(title.artworks)) for id_, title in CATALOGUE.items()}
waiting: dict[str, Open] = {}


def close() -> None:
    """Learn from every decision whose window is over; they wait in the order in which they were made."""
    now, closed = time.monotonic(), defaultdict(list)
    for id_, decision in list(waiting.items()):
        if decision.until > now:
            break
        closed[decision.title].append(waiting.pop(id_))
    for title, batch in closed.items():
        rows = np.array([decision.row for decision in batch])
        bandits[title].partial_fit([d.chosen for d in batch], [d.reward for d in batch], rows)


async def close_forever() -> None:
    while True:
        await asyncio.sleep(1)
        close()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    closing = asyncio.create_task(close_forever())
    yield
    closing.cancel()


app = FastAPI(lifespan=lifespan)


def row_of(asked: Asked) -> NDArray[np.float64]:
    row = np.zeros(WIDTH)
    row[0] = 1
    for name in KNOWN:
        column = COLUMNS.get((name, getattr(asked, name)))
        if column is not None:
            row[column] = 1
    return row


@app.get("/artwork")
async def artwork(asked: Annotated[Asked, Query()]) -> Choice:
    if asked.title not in CATALOGUE:
        raise HTTPException(404, f"There is no title {asked.title}.")
    row = row_of(asked)
    chosen: int = bandits[asked.title].predict(row[None, :])
    id_ = uuid4().hex
    waiting[id_] = Open(asked.title, chosen, row, time.monotonic() + WINDOW_SECONDS)
    return answer(id_, asked.title, chosen)


@app.post("/clicks", status_code=202)
async def clicks(click: Click) -> Taken:
    decision = waiting.get(click.decision_id)
    if decision is None:
        return Taken(recorded=0)
    decision.reward = 1
    return Taken(recorded=1)

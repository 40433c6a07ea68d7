"""gittins behind FastAPI: a contextual policy over features of the request and of each picture.

The engine chooses, keeps open decisions, and learns from a click at once, or from a reward of 0 when the horizon
is over. Each decision and outcome is a line in a file, written before the answer: it survives the process, and its
tools can replay it. The propensity of the chosen picture is in it. What was learned is saved when the server ends,
and lost if it is killed. A viewer's pictures flip, several workers would each learn for themselves, and it knows
no taste: the profile is a feature like any other.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import gittins
from fastapi import FastAPI, HTTPException, Query

from tests.bench.rivals.shop import CATALOGUE, FOLDER, WINDOW_SECONDS, Asked, Choice, Click, Taken, answer

BITS = 18
"""As many weights as Vowpal Wabbit has by default."""
SALT = f"gittins-{time.time_ns()}"
"""It goes before the ids that the engine counts up, and so sets one run's apart from another's."""
CANDIDATES = {
    id_: [
        (f"{id_}/{artwork.id}", {**dict.fromkeys(artwork.tags, 1.0), **artwork.features})
        for artwork in title.artworks
    ]
    for id_, title in CATALOGUE.items()
}
state = gittins.create(bits=BITS, horizon=WINDOW_SECONDS)
log = (FOLDER / "gittins.jsonl").open("a", buffering=1)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    (FOLDER / "gittins.txt").write_text(gittins.serialize(state))
    log.close()


app = FastAPI(lifespan=lifespan)


def write(item: Any) -> None:
    log.write(gittins.log_line(item) + "\n")


@app.get("/artwork")
async def artwork(asked: Annotated[Asked, Query()]) -> Choice:
    if asked.title not in CATALOGUE:
        raise HTTPException(404, f"There is no title {asked.title}.")
    now = time.time()
    for outcome in gittins.expire(state, now):
        write(outcome)
    context = {
        "profile": asked.profile,
        "device": asked.device,
        "country": asked.country,
        "language": asked.language,
        "placement": asked.placement,
        "hour": time.gmtime(now).tm_hour,
    }
    record = gittins.decide(state, context, CANDIDATES[asked.title], now, SALT)
    write(record)
    return answer(record.decision_id, asked.title, record.chosen)


@app.post("/clicks", status_code=202)
async def clicks(click: Click) -> Taken:
    outcome = gittins.learn(state, click.decision_id, 1.0, time.time())
    if outcome is not None:
        write(outcome)
    return Taken(recorded=int(outcome is not None))

"""What one writes in an afternoon: FastAPI, Vowpal Wabbit and sqlite3, one commit a request.

It draws from SquareCB's distribution, keeps the decision with the propensity of what it chose, and learns from a
click at once, in the same process. Killed, it leaves its log whole. What was shown and not clicked is never
learned, weights are lost when it ends, a viewer's pictures flip from call to call, several workers would each
learn for themselves, and it knows no taste: the profile is a feature like any other.
"""

import random
import sqlite3
import time
from typing import Annotated, cast
from uuid import uuid4

import vowpal_wabbit_next as vw
from fastapi import FastAPI, HTTPException, Query

from assets.catalogue import Artwork
from tests.bench.rivals.shop import CATALOGUE, FOLDER, Asked, Choice, Click, Taken, answer

model = vw.Workspace(["--cb_explore_adf", "--squarecb", "-q", "UA", "--quiet"])
parser = vw.TextFormatParser(model)
db = sqlite3.connect(FOLDER / "afternoon.sqlite")
db.executescript("""
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS decisions (
        id TEXT PRIMARY KEY, at REAL, profile TEXT, title TEXT, chosen INTEGER, propensity REAL, viewer TEXT);
    CREATE TABLE IF NOT EXISTS clicks (id TEXT PRIMARY KEY, at REAL);
""")
app = FastAPI()


def action_line(title: str, artwork: Artwork) -> str:
    features = " ".join(f"{name}:{value}" for name, value in artwork.features.items())
    return f"|A id={title}/{artwork.id} {' '.join(artwork.tags)} {features}"


ACTIONS = {id_: [action_line(id_, artwork) for artwork in title.artworks] for id_, title in CATALOGUE.items()}


def viewer_line(asked: Asked) -> str:
    known = asked.model_dump(include={"profile", "device", "country", "language"}, exclude_none=True)
    features = " ".join(f"{name}={value}" for name, value in known.items())
    return f"shared |U placement={asked.placement} hour={time.gmtime().tm_hour} {features}"


def parsed(*lines: str) -> list[vw.Example]:
    return [parser.parse_line(line) for line in lines]


@app.get("/artwork")
async def artwork(asked: Annotated[Asked, Query()]) -> Choice:
    if asked.title not in CATALOGUE:
        raise HTTPException(404, f"There is no title {asked.title}.")
    viewer = viewer_line(asked)
    scored = cast("list[tuple[int, float]]", model.predict_one(parsed(viewer, *ACTIONS[asked.title])))
    [(chosen, propensity)] = random.choices(scored, [p for _, p in scored])
    id_ = uuid4().hex
    row = (id_, time.time(), asked.profile, asked.title, chosen, propensity, viewer)
    with db:
        db.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return answer(id_, asked.title, chosen)


@app.post("/clicks", status_code=202)
async def clicks(click: Click) -> Taken:
    select = "SELECT title, chosen, propensity, viewer FROM decisions WHERE id = ?"
    found = db.execute(select, (click.decision_id,)).fetchone()
    if found is None:
        raise HTTPException(404, f"There is no decision {click.decision_id}.")
    title, chosen, propensity, viewer = found
    with db:
        new = db.execute("INSERT OR IGNORE INTO clicks VALUES (?, ?)", (click.decision_id, time.time())).rowcount
    if new:
        lines = list(ACTIONS[title])
        lines[chosen] = f"0:-1:{propensity} {lines[chosen]}"
        model.learn_one(parsed(viewer, *lines))
    return Taken(recorded=new)

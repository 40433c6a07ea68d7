"""The bare endpoint: the same parameters and response model on the same server, and nothing behind them."""

from typing import Annotated, Literal

from fastapi import FastAPI, Query
from pydantic import BaseModel

from app.fields import SLUG


class Image(BaseModel):
    url: str
    srcset: str
    width: int
    height: int
    placeholder: str
    alt: str
    made: str
    creator: str
    licence: str


class Choice(BaseModel):
    decision_id: str | None
    title: str
    artwork: str
    image: Image
    group: str | None
    held: bool
    pinned: bool
    fallback: bool
    expires_at: str | None


class Click(BaseModel):
    decision_id: str


class Taken(BaseModel):
    recorded: int


ANSWER = Choice(
    decision_id="A" * 48,
    title="title-1",
    artwork="artwork-1",
    image=Image(
        url="/images/50ebe12c62b45d6b780770f236bee15d-640.webp",
        srcset=", ".join(f"/images/50ebe12c62b45d6b780770f236bee15d-{w}.webp {w}w" for w in (320, 640, 1280)),
        width=640,
        height=360,
        placeholder="data:image/webp;base64," + "A" * 120,
        alt="A picture",
        made="photographed",
        creator="Somebody",
        licence="CC-BY-4.0",
    ),
    group="personalized",
    held=False,
    pinned=False,
    fallback=False,
    expires_at="2026-01-01T00:00:00Z",
)
app = FastAPI()


@app.get("/artwork")
async def artwork(
    title: Annotated[str, Query(pattern=SLUG)],
    profile: Annotated[str | None, Query(min_length=1, max_length=128)] = None,
    placement: Annotated[str, Query(pattern=SLUG)] = "row",
    canvas: Literal["16:9", "2:3", "1:1"] = "16:9",
    device: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    country: Annotated[str | None, Query(pattern="^[A-Z]{2}$")] = None,
    language: Annotated[str | None, Query(max_length=35)] = None,
    maturity: Annotated[int | None, Query(ge=0, le=21)] = None,
    width: Annotated[int | None, Query(ge=1, le=8192)] = None,
    deferred: Annotated[bool, Query()] = False,
    as_: Annotated[Literal["json", "image"] | None, Query(alias="as")] = None,
) -> Choice:
    return ANSWER


@app.post("/clicks", status_code=202)
async def clicks(click: Click) -> Taken:
    return Taken(recorded=1)

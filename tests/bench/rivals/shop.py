"""What all rivals share: the catalogue, the request and the answer, so that they differ in what they do only."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.fields import SLUG
from assets.catalogue import Artwork
from tests.bench.bare import Choice, Click, Image, Taken
from tests.bench.world import titles

__all__ = ["CATALOGUE", "FOLDER", "WINDOW_SECONDS", "Asked", "Choice", "Click", "Taken", "answer"]

CATALOGUE = titles(40, 6)
FOLDER = Path(os.environ.get("RIVAL_FOLDER", "."))
"""Where an application keeps what it keeps."""
WINDOW_SECONDS = 1.0
"""How long a decision waits for its click: as long as Keyart's window is in the same comparison."""


class Asked(BaseModel):
    """The parameters of the bare endpoint."""

    title: Annotated[str, Field(pattern=SLUG)]
    profile: Annotated[str | None, Field(min_length=1, max_length=128)] = None
    placement: Annotated[str, Field(pattern=SLUG)] = "row"
    canvas: Literal["16:9", "2:3", "1:1"] = "16:9"
    device: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    country: Annotated[str | None, Field(pattern="^[A-Z]{2}$")] = None
    language: Annotated[str | None, Field(max_length=35)] = None
    maturity: Annotated[int | None, Field(ge=0, le=21)] = None
    width: Annotated[int | None, Field(ge=1, le=8192)] = None
    deferred: bool = False
    as_: Annotated[Literal["json", "image"] | None, Field(alias="as")] = None


def answer(decision_id: str, title: str, chosen: int) -> Choice:
    artwork = CATALOGUE[title].artworks[chosen]
    return Choice(
        decision_id=decision_id,
        title=title,
        artwork=artwork.id,
        image=IMAGES[title][chosen],
        group="personalized",
        held=False,
        pinned=False,
        fallback=False,
        expires_at=None,
    )


def _image(artwork: Artwork) -> Image:
    crop = artwork.crops[0]
    return Image(
        url=f"/images/{crop.name(640, 'webp')}",
        srcset=", ".join(f"/images/{crop.name(width, 'webp')} {width}w" for width in crop.widths),
        width=640,
        height=crop.height_at(640),
        placeholder=crop.placeholder,
        alt=artwork.alt,
        made=artwork.provenance.made,
        creator=artwork.provenance.creator,
        licence=artwork.provenance.licence,
    )


IMAGES = {id_: [_image(artwork) for artwork in title.artworks] for id_, title in CATALOGUE.items()}

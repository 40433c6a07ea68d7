"""A title's name set on a picture."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from PIL import Image

from assets.crop import Box, Point
from assets.picture import PictureError
from assets.titling.breaking import tidied
from assets.titling.placing import placed
from assets.titling.scrim import Rect, shaded
from assets.treatment import Treatment

_QUOTED: Final = 60
"""The most characters of a name that a sentence repeats."""


def set_title(
    crop: Image.Image, treatment: Treatment, faces: Sequence[Box], focus: Point | None = None
) -> Image.Image:
    """Return the crop with the name on it, away from `faces` and, if possible, from `focus`.

    Faces are x, y, width and height, the focus is x and y, as shares of the crop's. The name is white on a dark
    gradient, in the corner where it covers least of the subject, in the greatest size that suits. Raises
    `PictureError` if no font has its characters, or if there is no room to set it legibly: nothing is cut off.
    """
    text = tidied(treatment.text)
    if not any(unicodedata.category(character)[0] in "LNPS" for character in text):
        raise PictureError(f"The name {treatment.text!r} has no visible character; write one.")
    keep = [_pixels(face, crop.size) for face in faces if face[2] > 0 and face[3] > 0]
    place = placed(crop, text, treatment.locale, keep, focus)
    if place is None:
        raise PictureError(_no_room(text, crop, keep))
    letters = Image.new("L", crop.size, 0)
    place.lettering.draw(letters, place.box, place.size)
    titled = shaded(crop, letters, place.box, keep, place.size)
    titled.paste("white", (0, 0), letters)
    return titled


def _no_room(text: str, crop: Image.Image, faces: Sequence[Rect]) -> str:
    beside = " away from its faces" if faces else ""
    name = text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
    return (
        f"{name!r} is not legible on a picture of {crop.width} × {crop.height} pixels{beside}; give a shorter "
        "name, or a picture with more room."
    )


def _pixels(face: Box, size: tuple[int, int]) -> Rect:
    x, y, wide, high = face
    return (x * size[0], y * size[1], (x + wide) * size[0], (y + high) * size[1])

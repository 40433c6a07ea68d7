"""The boxes that people draw for a canvas: whether they suit it, and the part that exactly does."""

from typing import Final

from assets.crop import ASPECTS, Box, Canvas
from assets.picture import PictureError

FEWEST_ACROSS: Final = 320
"""Pixels across a crop, unless the whole picture has fewer: the smallest of the usual widths."""
_OFF: Final = 0.01
"""How far the shape of a box may be from the shape of its canvas, because shares are rounded."""

Size = tuple[int, int]


def check_by_hand(box: Box, size: Size, canvas: Canvas) -> None:
    """Refuse a box of another shape than its canvas, or of too few pixels of a picture of this size."""
    across, down = ASPECTS[canvas]
    wide, high = box[2] * size[0], box[3] * size[1]
    if abs(wide * down / (high * across) - 1) > _OFF:
        raise PictureError(
            f"The crop for {canvas} is {wide:.0f} × {high:.0f} pixels, which is not the shape of {canvas}; "
            f"draw it {wide:.0f} × {wide * down / across:.0f} pixels, for example.",
            f"crops.{canvas}",
        )
    fewest = min(FEWEST_ACROSS, size[0], int(size[1] * across / down))
    if round(wide) < fewest:
        raise PictureError(
            f"The crop for {canvas} is {wide:.0f} pixels wide, which is too small; draw it at least {fewest} "
            "pixels wide.",
            f"crops.{canvas}",
        )


def fitted(box: Box, size: Size, canvas: Canvas) -> Box:
    """Return the largest part of a box that has exactly the shape of its canvas, so that nothing is stretched."""
    across, down = ASPECTS[canvas]
    x, y, wide, high = box
    width = min(wide, high * size[1] * across / down / size[0])
    height = min(high, wide * size[0] * down / across / size[1])
    return (x + (wide - width) / 2, y + (high - height) / 2, width, height)

"""Every picture beside its crops, on pages to be looked at."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

from assets.crop import CANVASES
from assets.files import write_whole
from assets.picture import Job, PictureError
from assets.rendering.decoding import decode, read
from assets.rendering.developing import cropped, glanced

_ROWS: Final = 6
_HEIGHT: Final = 216
_MARGIN: Final = 12
_LINE: Final = 20
_SPACES: Final = (432, 384, 144, 216)
"""How wide the original and the crops may be: 2:1, and the canvases at full height."""
_WIDTH: Final = sum(_SPACES) + _MARGIN * (len(_SPACES) + 1)
_ROW: Final = _LINE + _HEIGHT + _MARGIN
_PAPER: Final = "#202020"
_INK: Final = "#e8e8e8"
_FAULT: Final = "#ff9080"
_FACE: Final = "#40ff60"
_FOCUS: Final = "#ff40ff"


def contact_sheet(jobs: Sequence[Job], folder: Path) -> list[Path]:
    """Write pages of six pictures each to the folder, and return them in order.

    Each original has its faces framed and its focal point crossed. Beside it are the crops as `develop` would make
    them, titles included. A picture that is not usable is shown with the reason.
    """
    pages = [jobs[start : start + _ROWS] for start in range(0, len(jobs), _ROWS)]
    return [
        _written(_page(page), folder / f"contact-sheet-{number:03}.jpg") for number, page in enumerate(pages, 1)
    ]


def _page(jobs: Sequence[Job]) -> Image.Image:
    page = Image.new("RGB", (_WIDTH, _MARGIN + len(jobs) * _ROW), _PAPER)
    for row, job in enumerate(jobs):
        _put_row(page, job, _MARGIN + row * _ROW)
    return page


def _put_row(page: Image.Image, job: Job, top: int) -> None:
    try:
        original = decode(read(Path(job.path), job.name), job.name)
        glance = glanced(original)
        crops = [cropped(original, glance, canvas, job) for canvas in CANVASES]
    except PictureError as error:
        _write(page, (_MARGIN, top), str(error), _FAULT)
        return
    _put_pictures(page, [_marked(glance, job), *crops], top + _LINE)
    sizes = zip(("", *CANVASES), (original, *crops), strict=True)
    _write_labels(page, [f"{label or job.name}  {image.width}x{image.height}" for label, image in sizes], top)


def _put_pictures(page: Image.Image, images: Iterable[Image.Image], top: int) -> None:
    for left, space, image in zip(_lefts(), _SPACES, images, strict=True):
        page.paste(_fitted(image, space), (left, top))


def _write_labels(page: Image.Image, labels: Iterable[str], top: int) -> None:
    for left, label in zip(_lefts(), labels, strict=True):
        _write(page, (left, top), label, _INK)


def _lefts() -> list[int]:
    return [_MARGIN + sum(_SPACES[:column]) + column * _MARGIN for column in range(len(_SPACES))]


def _fitted(image: Image.Image, space: int) -> Image.Image:
    if image.width <= space and image.height <= _HEIGHT:
        return image
    return ImageOps.contain(image, (space, _HEIGHT), Image.Resampling.LANCZOS)


def _marked(glance: Image.Image, job: Job) -> Image.Image:
    marked = glance.copy()
    draw = ImageDraw.Draw(marked)
    for x, y, width, height in job.faces:
        corners = (x * glance.width, y * glance.height, (x + width) * glance.width, (y + height) * glance.height)
        draw.rectangle(corners, outline=_FACE, width=2)
    if job.focus:
        x, y = job.focus[0] * glance.width, job.focus[1] * glance.height
        draw.line((x - 9, y, x + 9, y), _FOCUS, width=3)
        draw.line((x, y - 9, x, y + 9), _FOCUS, width=3)
    return marked


def _write(page: Image.Image, place: tuple[int, int], text: str, colour: str) -> None:
    ImageDraw.Draw(page).text(place, text, colour, ImageFont.load_default(13))


def _written(page: Image.Image, path: Path) -> Path:
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=88)
    write_whole(path, buffer.getvalue())
    return path

"""The jobs for the rendering processes, and the pictures that they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from assets import checks
from assets.codec import canonical
from assets.crop import Box, Canvas, Crop, Point
from assets.treatment import Treatment

METHOD: Final = 1
"""The version of cropping, encoding and measuring: raise it when the same original would give another picture."""
RECIPE_DIGITS: Final = 16
LARGEST_FILE: Final = 64 * 1024 * 1024
"""Bytes of a picture file that is read."""


class PictureError(ValueError):
    """A picture that is not usable, in a sentence that names the file and the fault.

    If only a part of its description is at fault, `field` is the path of that part.
    """

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Job:
    """One original to develop; `path` is its file, `name` is the file's name in messages.

    The canvases in `boxes` show these parts of it, and the others those that suit them best.

    If the file is a kept original, `source` is the SHA-256 of the file that it was made from. `crops` are those
    that were made from it by the same method. One that shows the right part already is not made again.
    """

    path: str
    name: str
    focus: Point | None = None
    faces: tuple[Box, ...] = ()
    treatment: Treatment | None = None
    source: str = ""
    crops: tuple[Crop, ...] = ()
    boxes: Mapping[Canvas, Box] = field(default_factory=dict, hash=False)
    quick: bool = False
    """Whether crops larger than the usual widths get only the small ones for now, and stay unfinished."""
    known: "Picture | None" = None
    """The picture that was made of this file before its original was kept: only the original is to be kept."""

    def __post_init__(self) -> None:
        checks.boxes(self.boxes, f"of {self.name}")
        if self.focus is not None:
            checks.point(self.focus, f"focus of {self.name}")
        for face in self.faces:
            checks.box(face, f"face in {self.name}")

    def recipe(self, source: str) -> str:
        """Name what a picture is made of: equal recipes give equal pictures."""
        parts = _Recipe(METHOD, source, self.focus, self.faces, self.treatment, self.boxes)
        return sha256(canonical(parts)).hexdigest()[:RECIPE_DIGITS]


@dataclass(frozen=True, slots=True)
class Picture:
    """The data that the catalogue keeps of an original: hashes, features and crops.

    `original` and `treatment` are there if the original is kept: all that is needed to make the picture again.
    """

    source: str
    recipe: str
    fingerprint: str
    features: Mapping[str, float] = field(hash=False)
    crops: tuple[Crop, ...]
    original: str = ""
    treatment: Treatment | None = None

    def __post_init__(self) -> None:
        if self.original:
            checks.shape(self.original, "original")


@dataclass(frozen=True, slots=True)
class _Recipe:
    method: int
    source: str
    focus: Point | None
    faces: tuple[Box, ...]
    treatment: Treatment | None
    boxes: Mapping[Canvas, Box] = field(default_factory=dict)

"""What is asked of the rendering processes, and what they make of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from assets.artwork import Box, Point
from assets.checks import check_box, check_point
from assets.codec import canonical
from assets.crop import Crop

METHOD: Final = 1
"""Raised whenever the same original would now be cropped, encoded or measured otherwise."""
RECIPE_DIGITS: Final = 16


class PictureError(ValueError):
    """A picture that can't be used, in a sentence that names the file and the fault."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """A title's name to be set on the picture, in a language."""

    text: str
    locale: str


@dataclass(frozen=True, slots=True)
class Job:
    """One original to be developed; `name` is what people call the file, `path` where it lies."""

    path: str
    name: str
    focus: Point | None = None
    faces: tuple[Box, ...] = ()
    treatment: Treatment | None = None

    def __post_init__(self) -> None:
        if self.focus is not None:
            check_point(self.focus, f"focus of {self.name}")
        for face in self.faces:
            check_box(face, f"face in {self.name}")

    def recipe(self, source: str) -> str:
        """Name what a picture is made of: equal recipes give equal pictures."""
        parts = _Recipe(METHOD, source, self.focus, self.faces, self.treatment)
        return sha256(canonical(parts)).hexdigest()[:RECIPE_DIGITS]


@dataclass(frozen=True, slots=True)
class Picture:
    """What the catalogue keeps of an original: hashes of it, what it looks like, and its crops."""

    source: str
    recipe: str
    fingerprint: str
    features: Mapping[str, float] = field(hash=False)
    crops: tuple[Crop, ...]


@dataclass(frozen=True, slots=True)
class _Recipe:
    method: int
    source: str
    focus: Point | None
    faces: tuple[Box, ...]
    treatment: Treatment | None

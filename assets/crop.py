"""One canvas cut out of an original, encoded at several widths in every format."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from assets import checks
from assets.checks import CatalogueError

Canvas = Literal["16:9", "2:3", "1:1"]
Format = Literal["avif", "webp", "jpeg"]
Point = tuple[float, ...]
Box = tuple[float, ...]
"""It has x, y, width and height, as shares of the original's width and height."""

CANVASES: Final[tuple[Canvas, ...]] = get_args(Canvas)
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
SUFFIXES: Final[dict[Format, str]] = {"avif": "avif", "webp": "webp", "jpeg": "jpg"}
ASPECTS: Final[dict[Canvas, tuple[int, int]]] = {"16:9": (16, 9), "2:3": (2, 3), "1:1": (1, 1)}

USUAL_WIDTH: Final = 640
"""The width that is named to a client which asks for none."""


@dataclass(frozen=True, slots=True)
class Crop:
    """The renditions of an artwork on one canvas: each of `widths` in each of `FORMATS`.

    The `digest` is a hash of the content of all of them, so that a name always means the same bytes. The `box` is
    the part of the original that they show, `by_hand` if a person set it. A crop of an older release has none.
    An `unfinished` one lacks its greatest widths, which follow under another digest.
    """

    canvas: Canvas
    digest: str
    widths: tuple[int, ...]
    placeholder: str
    box: Box | None = None
    by_hand: bool = False
    unfinished: bool = False

    def __post_init__(self) -> None:
        checks.choice(self.canvas, CANVASES, "canvas")
        checks.shape(self.digest, "crop's digest")
        checks.shape(self.placeholder, "placeholder")
        if self.box is not None:
            checks.box(self.box, f"box of the crop for {self.canvas}")
        for width in self.widths:
            checks.size(width, "width")
        if not self.widths or list(self.widths) != sorted(set(self.widths)):
            raise CatalogueError(f"The widths of a crop are {list(self.widths)}; write one or more, ascending.")

    def width_for(self, wanted: int | None) -> int:
        """The smallest width that fills the wanted one, or else the greatest."""
        wanted = wanted or USUAL_WIDTH
        return next((width for width in self.widths if width >= wanted), self.widths[-1])

    def height_at(self, width: int) -> int:
        return height_at(self.canvas, width)

    def name(self, width: int, encoding: Format) -> str:
        """The file name of one rendition."""
        return f"{self.digest}-{width}.{SUFFIXES[encoding]}"

    def names(self) -> Iterator[str]:
        return (self.name(width, encoding) for width in self.widths for encoding in FORMATS)

    def is_whole(self, images: Path) -> bool:
        """Whether all its renditions are in this folder."""
        return all((images / name).is_file() for name in self.names())


def height_at(canvas: Canvas, width: int) -> int:
    across, down = ASPECTS[canvas]
    return max(1, round(width * down / across))

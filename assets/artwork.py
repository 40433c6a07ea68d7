"""One candidate picture of a title, its description, and the limits on who may see it."""

from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Final, Literal, Self, get_args

from assets import checks
from assets.checks import CatalogueError
from assets.crop import Box, Canvas, Crop, Point
from assets.languages import speaks
from assets.provenance import Made, Provenance
from assets.treatment import Treatment

Status = Literal["active", "paused", "withdrawn"]

NOBODY: Final[Collection[Made]] = ()
UNKNOWN: Final = Provenance()


@dataclass(frozen=True, slots=True)
class Artwork:
    """One candidate picture of a title.

    An empty `locales` or `placements` means all of them. Moments are Unix seconds: shown from
    `valid_from`, no longer at `valid_until`. `focus` (x, y) and `faces` (x, y, width, height) are
    shares of the original's width and height. `declared` remembers what an import was told,
    and which file it found.

    If the original is kept, `original` is its name, and `treatment` is the title to set on it.
    """

    id: str
    name: str
    alt: str
    _: KW_ONLY
    status: Status = "active"
    tags: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    maturity: int = 0
    valid_from: float | None = None
    valid_until: float | None = None
    provenance: Provenance = UNKNOWN
    focus: Point | None = None
    faces: tuple[Box, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict, hash=False)
    source: str
    recipe: str = ""
    fingerprint: str = "0" * 16
    crops: tuple[Crop, ...]
    original: str = ""
    treatment: Treatment | None = None
    declared: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        checks.slug(self.id, "artwork id")
        checks.text(self.name, f"name of artwork {self.id}")
        checks.text(self.alt, f"alt text of artwork {self.id}")
        checks.shape(self.source, "source")
        checks.shape(self.fingerprint, "fingerprint")
        if self.original:
            checks.shape(self.original, "original")
        self._check_crops()
        self._check_labels()
        self._check_limits()

    def _check_crops(self) -> None:
        checks.unique([crop.canvas for crop in self.crops], "canvas")
        if not self.crops:
            raise CatalogueError(f"Artwork {self.id} has no crop to show; import its picture again.")
        if self.focus is not None:
            checks.point(self.focus, f"focus of artwork {self.id}")
        for face in self.faces:
            checks.box(face, f"face in artwork {self.id}")

    def _check_labels(self) -> None:
        for tag in self.tags:
            checks.slug(tag, "tag")
        checks.unique(self.tags, "tag")
        for name, value in self.features.items():
            checks.slug(name, "feature name")
            checks.fraction(value, f"feature {name} of artwork {self.id}")

    def _check_limits(self) -> None:
        checks.choice(self.status, get_args(Status), "status")
        checks.maturity(self.maturity)
        for locale in self.locales:
            checks.shape(locale, "locale")
        for placement in self.placements:
            checks.slug(placement, "placement")
        checks.moment(self.valid_from, "valid_from")
        checks.moment(self.valid_until, "valid_until")
        if self.valid_from is not None and self.valid_until is not None and self.valid_until <= self.valid_from:
            raise CatalogueError(
                f"Artwork {self.id} ends at {self.valid_until}, before it begins at {self.valid_from}; write a "
                "valid_until after its valid_from."
            )

    def crop(self, canvas: Canvas) -> Crop:
        """The crop for a canvas, or the first one: an artwork may lack a canvas that came up after it."""
        return next((crop for crop in self.crops if crop.canvas == canvas), self.crops[0])

    @property
    def boxes(self) -> dict[Canvas, Box]:
        """The boxes that a person set by hand."""
        return {crop.canvas: crop.box for crop in self.crops if crop.by_hand and crop.box is not None}

    @property
    def unfinished(self) -> bool:
        """Whether a crop lacks its greatest widths, which can be made: the original is kept."""
        return bool(self.kept_original) and any(crop.unfinished for crop in self.crops)

    def with_boxes(self, boxes: Mapping[Canvas, Box | None]) -> Self:
        """Return the artwork with other boxes, before its crops are made again. None means the automatic box."""
        changed = {canvas: box for canvas, box in boxes.items() if box != self.boxes.get(canvas)}
        crops = (
            replace(crop, box=changed[crop.canvas], by_hand=changed[crop.canvas] is not None)
            if crop.canvas in changed
            else crop
            for crop in self.crops
        )
        return replace(self, crops=tuple(crops))

    @property
    def limited(self) -> bool:
        """Whether the answer to `fits` depends on the request at all."""
        unlimited_window = self.valid_from is None and self.valid_until is None
        unlimited = unlimited_window and self.provenance.consent is None
        return bool(self.locales or self.placements or self.maturity or not unlimited)

    def allowed(self, *, now: float, barred: Collection[Made] = NOBODY) -> bool:
        """Whether anybody may see it at all: not withdrawn, its consent holds, its kind is not barred."""
        return self.status != "withdrawn" and self.provenance.allows(now) and self.provenance.made not in barred

    @property
    def kept_original(self) -> str:
        """The name of its kept original; empty if it has none, or if its consent is withdrawn."""
        consent = self.provenance.consent
        return "" if consent is not None and consent.withdrawn else self.original

    def fits(self, *, now: float, locale: str | None, placement: str | None, maturity: int | None) -> bool:
        """Whether its limits allow this request; see `Title.eligible`."""
        return (
            (self.valid_from is None or self.valid_from <= now)
            and (self.valid_until is None or now < self.valid_until)
            and self.provenance.allows(now)
            and (maturity is None or self.maturity <= maturity)
            and (not self.placements or placement in self.placements)
            and (not self.locales or (locale is not None and speaks(self.locales, locale)))
        )

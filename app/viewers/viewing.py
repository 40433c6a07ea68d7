"""What a request says of its viewer: hints, none of which a picture depends on."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from app.fields import MOST_WIDTH, CountryHint, LanguageHint, ProfileId, Slug, Word, meant
from app.viewers.local_time import zone_of
from assets.checks import STRICTEST_MATURITY
from assets.crop import Canvas

ZoneHint = Annotated[
    str, StringConstraints(max_length=64), meant(zone_of), WithJsonSchema({"type": "string", "maxLength": 64})
]


class Viewing(BaseModel):
    """Who is watching, where and on what: hints, none of which a picture depends on."""

    NEEDED: ClassVar[frozenset[str]] = frozenset()
    """The names that every request has to have."""
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    profile: ProfileId | None = None
    """Any text; a profile not seen before is a new viewer. Without one nobody is logged in."""
    placement: Slug = "row"
    """Where on the page the picture stands."""
    canvas: Canvas = "16:9"
    """The shape of the picture."""
    device: Word | None = None
    """What is watched on, such as `tv` or `phone`: any word."""
    country: CountryHint | None = None
    """Two letters (ISO 3166-1)."""
    language: LanguageHint | None = None
    """A language tag (BCP 47)."""
    timezone: ZoneHint | None = None
    """Where the viewer's clock is, as IANA names it: `Europe/Berlin`. Left out, it is that of the country if all
    clocks there show the same, and otherwise UTC."""
    maturity: Annotated[int, Field(ge=0, le=STRICTEST_MATURITY)] | None = None
    """The highest age rating to be shown; a limit of the profile can't be raised by it. What is not valid is taken
    as 0."""
    width: Annotated[int, Field(ge=1, le=MOST_WIDTH)] | None = None
    """The width in pixels at which the picture will stand: the smallest rendition at least so wide is named."""
    deferred: bool = False
    """The picture may not be seen at once: it counts as shown only after an impression."""

"""The hints of a request about its viewer. A viewer gets a picture without them, too."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from app.fields import MOST_WIDTH, CountryHint, LanguageHint, ProfileId, Slug, Word, meant
from app.records import Spot
from app.viewers.local_time import zone_of
from assets.checks import STRICTEST_MATURITY
from assets.crop import Canvas

ZoneHint = Annotated[
    str, StringConstraints(max_length=64), meant(zone_of), WithJsonSchema({"type": "string", "maxLength": 64})
]


class Viewing(BaseModel):
    """The viewer, the spot on the page and the device: hints. A viewer gets a picture without them, too."""

    NEEDED: ClassVar[frozenset[str]] = frozenset()
    """The names that every request has to have."""
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    profile: ProfileId | None = None
    """Any text. A profile that was not seen before is a new viewer. Without a profile nobody is logged in."""
    placement: Slug = "row"
    """The kind of spot on the page where the picture is shown."""
    canvas: Canvas = "16:9"
    """The shape of the picture."""
    device: Word | None = None
    """The kind of device, such as `tv` or `phone`: any word."""
    country: CountryHint | None = None
    """The viewer's country: two letters (ISO 3166-1)."""
    language: LanguageHint | None = None
    """The viewer's language: a language tag (BCP 47)."""
    timezone: ZoneHint | None = None
    """The viewer's time zone, as IANA names it: `Europe/Berlin`. If it is left out, the service uses the clock of
    the country if all clocks there show the same time, and otherwise UTC."""
    maturity: Annotated[int, Field(ge=0, le=STRICTEST_MATURITY)] | None = None
    """The highest age rating that the viewer may see. It does not raise a limit of the profile. A value that is
    not valid counts as 0."""
    width: Annotated[int, Field(ge=1, le=MOST_WIDTH)] | None = None
    """The width of the picture on the page, in pixels. The answer names the smallest rendition that is at least as
    wide."""
    deferred: bool = False
    """True if the viewer may not see the picture immediately: it counts as shown only after an impression."""

    def spot_of(self, title: str) -> Spot | None:  # noqa: ARG002  only a request for a page knows more
        """Return the spot of the title, if the request says it."""
        return None

"""The changes that an editor can make to titles and artworks: their fields, checks, and results."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.fields import LONGEST_LANGUAGE, PLAIN, PLAIN_OR_NOTHING, Country, Language, Slug
from app.refusals import Invalid
from assets import checks
from assets.catalogue import Artwork, Pin, Title
from assets.checks import LONGEST_TEXT, STRICTEST_MATURITY, CatalogueError
from assets.crop import Box, Canvas
from assets.provenance import Consent, Made

LIFTABLE = {"valid_from", "valid_until", "until", "consent", "focus"}
"""Fields for which null is a value."""
PROVENANCE = ("made", "creator", "licence", "consent")
MOST_LOCALES = MOST_SLUGS = MOST_FACES = 64
EACH_ONCE: dict[str, JsonValue] = {"uniqueItems": True}
"""The rule for some lists: the catalogue allows each element once."""


def _seconds(given: object) -> object:
    """Return text as Unix seconds: a number (forms have only text), or a date, in UTC if it names no zone."""
    if not isinstance(given, str):
        return given
    try:
        return float(given)
    except ValueError:
        return _seconds_of_date(given.strip())


def _seconds_of_date(text: str) -> float:
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        examples = "2028-01-01 or 2028-01-01T12:00:00+02:00"
        raise ValueError(f"It should be Unix seconds or an ISO 8601 date, such as {examples}") from None
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())  # no clock was before 1970


def _text_of(form: str) -> type[str]:
    return cast("type[str]", Annotated[str, WithJsonSchema({"type": "string", "format": form})])


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Moment = Annotated[
    Seconds,
    BeforeValidator(_seconds, json_schema_input_type=Seconds | _text_of("date-time") | _text_of("date")),
]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, pattern=PLAIN)]
Clearable = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=PLAIN_OR_NOTHING)]
Names = Annotated[
    dict[Language, Name],
    Field(max_length=MOST_LOCALES, json_schema_extra={"propertyNames": {"maxLength": LONGEST_LANGUAGE}}),
]
Maturity = Annotated[int, Field(ge=0, le=STRICTEST_MATURITY)]
Slugs = Annotated[tuple[Slug, ...], Field(max_length=MOST_SLUGS)]
Tags = Annotated[Slugs, Field(json_schema_extra=EACH_ONCE)]
Locales = Annotated[tuple[Language, ...], Field(max_length=MOST_LOCALES)]


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def _shares(count: int) -> WithJsonSchema:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    return WithJsonSchema({"type": "array", "items": share, "minItems": count, "maxItems": count})


Point = Annotated[tuple[Share, Share], _shares(2)]


def _inside(box: Box) -> Box:
    try:
        checks.box(box, "box")
    except CatalogueError:
        reason = "It should be x, y, width and height of a box inside the picture, as shares of the picture's"
        raise ValueError(reason) from None
    return box


Face = Annotated[tuple[Share, Share, Share, Share], AfterValidator(_inside), _shares(4)]
Faces = Annotated[tuple[Face, ...], Field(max_length=MOST_FACES)]
Crops = dict[Canvas, Face | None]


def without_null(field: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema of a field for which null is not a value: in the code, null means that it is left out."""
    said = {name: value for name, value in field.items() if name not in {"anyOf", "default"}}
    kept = [each for each in field["anyOf"] if each != {"type": "null"}]
    return {**kept[0], **said} if len(kept) == 1 else {"anyOf": kept, **said}


class Change(BaseModel):
    """A change of some fields. Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in sorted(self.model_fields_set - LIFTABLE):
            if getattr(self, name) is None:
                raise ValueError(f"null is not valid for {name}; leave it out to keep it as it is")
        return self

    def given(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Leave null out of the schema of fields for which it is not a value but means that they are left out."""
        schema = handler.resolve_ref_schema(handler(core))
        fields = schema["properties"]
        fields |= {name: without_null(fields[name]) for name in fields.keys() - LIFTABLE}
        return schema


class TitleBody(Change):
    """A change of a title, apart from its artworks. Fields that are left out stay as they are."""

    name: Name | None = None
    """A new title needs one."""
    names: Names | None = None
    """The names in other languages, by locale. They replace the previous ones."""
    synopsis: Clearable | None = None
    genres: Annotated[tuple[Slug, ...], Field(max_length=32)] | None = None
    """Genres of the title. The service learns a profile's taste for genres as for tags."""
    maturity: Maturity | None = None
    """The age rating."""
    default: Slug | None = None
    """One of its artworks. A new title has none; its first artwork becomes its default."""

    def applied(self, id: str, title: Title | None) -> Title:  # noqa: A002 - the catalogue's own word
        """Return the title with this change, or a new title if there is none."""
        given = self.given()
        if title is None and self.name is None:
            reason = f"It is required: there is no title {id!r} yet"
            raise Invalid.field("name", reason)
        return replace(title or Title(id, given["name"]), **given)


class ConsentBody(Change):
    """A consent. Fields that are left out stay as they are."""

    of: Text | None = None
    """The person who consents. The picture needs the consent from now on."""
    until: Moment | None = None
    """Unix seconds or an ISO 8601 date; null removes the limit."""
    withdrawn: bool | None = None
    """True if the consent is withdrawn: the picture is not chosen any more, and its images are not served."""

    def applied(self, consent: Consent | None) -> Consent:
        if consent is None and self.of is None:
            raise Invalid.field("consent.of", "It is required: the artwork has no consent yet")
        return replace(consent or Consent(self.of or ""), **self.given())


class ArtworkBody(Change):
    """A change of an artwork. Fields that are left out stay as they are."""

    name: Name | None = None
    status: Literal["active", "paused", "withdrawn"] | None = None
    """A paused artwork is not chosen. A withdrawn artwork is not chosen, and its images are not served."""
    tags: Tags | None = None
    """Words for things, feelings or colours on the picture. Pictures that share a tag learn from each other."""
    alt: Text | None = None
    """A description of the picture for people who cannot see it."""
    locales: Locales | None = None
    """The languages in which the picture may be shown; an empty list means all."""
    placements: Slugs | None = None
    """The placements where the picture may be shown; an empty list means all."""
    maturity: Maturity | None = None
    """The age rating of the picture itself."""
    valid_from: Moment | None = None
    """Unix seconds or an ISO 8601 date; null removes the limit."""
    valid_until: Moment | None = None
    """In the same form as `valid_from`."""
    focus: Point | None = None
    """The point that every crop keeps: x and y as shares of the picture's width and height. Null removes it. The
    answer comes when the crops are made again."""
    faces: Faces | None = None
    """The faces: x, y, width and height of each, in the same shares. They replace the previous ones."""
    crops: Crops | None = None
    """The part that the crop of a canvas shows: x, y, width and height in the same shares, in the shape of the
    canvas. Null gives a canvas back to the service. Canvases that are left out stay as they are."""
    made: Made | None = None
    """How the picture was made."""
    creator: Clearable | None = None
    licence: Clearable | None = None
    consent: ConsentBody | None = None
    """Null means that the picture needs no consent."""

    @property
    def corrects(self) -> bool:
        """Whether the change may need other crops."""
        return not self.model_fields_set.isdisjoint({"focus", "faces", "crops"})

    def applied(self, artwork: Artwork) -> Artwork:
        given = self.given()
        boxes = given.pop("crops", {})
        provenance = {what: given.pop(what) for what in PROVENANCE if what in given}
        if self.consent:
            provenance["consent"] = self.consent.applied(artwork.provenance.consent)
        changed = replace(artwork, **given, provenance=replace(artwork.provenance, **provenance))
        return changed.with_boxes(boxes) if boxes else changed


class PinBody(BaseModel):
    """A pin. It replaces a pin for the same placement and country."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    artwork: Slug
    """The picture that all viewers get."""
    placement: Slug | None = None
    """The placement of the pin; without it the pin holds for all placements."""
    country: Country | None = None
    """The country of the pin; without it the pin holds for all countries."""
    until: Moment | None = None
    """Unix seconds or an ISO 8601 date; without it the pin stays until it is removed."""

    def pin(self, now: float) -> Pin:
        """Return the pin. Refuses a pin that ends before `now`, in Unix seconds: it would have no effect."""
        if self.until is not None and self.until <= now:
            reason = "It is in the past, so the pin would have no effect; name a later time, or leave it out"
            raise Invalid.field("until", reason)
        return Pin(self.artwork, self.placement, self.country, self.until)


class CatalogueBody(Change):
    """A change of the catalogue's settings."""

    barred: Annotated[tuple[Made, ...], Field(max_length=16, json_schema_extra=EACH_ONCE)] | None = None
    """The ways of making pictures that are barred. The list replaces the previous one."""

"""The form in which editors send a picture: its fields, checked, and how the API's document describes them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from starlette.requests import Request

from app.api.edit_bodies import (
    MOST_LOCALES,
    MOST_SLUGS,
    Locales,
    Maturity,
    Moment,
    Name,
    Slugs,
    Text,
    without_null,
)
from app.api.multipart import received
from app.api.problems import invalid
from app.catalogue.uploads import FILE, Sent
from app.fields import LANGUAGE, SLUG, Slug
from app.refusals import Invalid
from assets.checks import CatalogueError
from assets.crop import CANVASES, Canvas
from assets.importing.manifest import ArtworkEntry
from assets.picture import LARGEST_FILE
from assets.provenance import Consent, Made

PICTURE = "A JPEG, PNG or WebP file of at most 64 MiB."


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(_split(text)))


def _rows(text: str) -> list[list[str]]:
    return [_split(row) for row in text.split(";") if row.strip()]


def _by_canvas(text: str) -> dict[str, list[str]]:
    rows = [row.strip().partition(" ") for row in text.split(";") if row.strip()]
    return {canvas: _split(box) for canvas, _, box in rows}


def _texts(pattern: str, *, most: int) -> str:
    """Return the pattern of a list of texts that are separated by commas, with a limit on their number."""
    one = pattern.removeprefix("^").removesuffix("$")
    return f"^{one}(?:,{one}){{0,{most - 1}}}$"


def _written(pattern: str) -> type[str]:
    return cast("type[str]", Annotated[str, WithJsonSchema({"type": "string", "pattern": pattern})])


Share = Annotated[float, Field(ge=0, le=1)]
_TAG = LANGUAGE.replace("*", "{0,3}")  # within the 35 characters that a tag may have
SHARE = r"(?:0|1|0?\.[0-9]{1,6})"
Ids = BeforeValidator(_words, json_schema_input_type=_written(_texts(SLUG, most=MOST_SLUGS)))
Languages = BeforeValidator(_words, json_schema_input_type=_written(_texts(_TAG, most=MOST_LOCALES)))
AsPoint = BeforeValidator(_split, json_schema_input_type=_written(f"^{SHARE},{SHARE}$"))
_BOX = ",".join([SHARE] * 4)
_CANVAS = f"(?:{'|'.join(CANVASES)})"
Box = tuple[Share, Share, Share, Share]
AsBoxes = BeforeValidator(_rows, json_schema_input_type=_written(f"^{_BOX}(?:;{_BOX})*$"))


AsCrops = BeforeValidator(_by_canvas, json_schema_input_type=_written(f"^{_CANVAS} {_BOX}(?:;{_CANVAS} {_BOX})*$"))


class UploadForm(BaseModel):
    """The description of a picture, in text fields beside its file. An empty field counts as left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    artwork: Slug | None = None
    """The artwork's id. Without it the service makes an id from the file's name."""
    name: Name | None = None
    alt: Text | None = None
    """A description of the picture for people who cannot see it."""
    tags: Annotated[Slugs, Ids] | None = None
    """Words for things, feelings or colours on the picture, separated by commas."""
    locales: Annotated[Locales, Languages] | None = None
    """The languages in which the picture may be shown, separated by commas. Without them it may be shown in
    all."""
    placements: Annotated[Slugs, Ids] | None = None
    """The placements where the picture may be shown, separated by commas. Without them it may be shown in all."""
    maturity: Maturity | None = None
    """The age rating of the picture itself, 0 to 21."""
    valid_from: Moment | None = None
    """Unix seconds or an ISO 8601 date."""
    valid_until: Moment | None = None
    """In the same form as `valid_from`."""
    focus: Annotated[tuple[Share, Share], AsPoint] | None = None
    """The point that every crop keeps: x,y as shares of the picture's width and height."""
    faces: Annotated[tuple[Box, ...], AsBoxes] | None = None
    """Faces, as x,y,width,height;x,y,width,height in the same shares."""
    crops: Annotated[dict[Canvas, Box], AsCrops] | None = None
    """Crops that are set by hand, as canvas x,y,width,height;canvas x,y,width,height in the same shares."""
    made: Made | None = None
    """How the picture was made: photographed, drawn, rendered, ai-assisted or ai-generated."""
    creator: Text | None = None
    licence: Text | None = None
    consent: Text | None = None
    """The person whose consent the picture needs."""
    consent_until: Moment | None = None
    """The end of the consent, in the same form as `valid_from`."""

    def entry(self) -> ArtworkEntry:
        """Return the description in the form that an import has."""
        said = self.model_dump(exclude={"artwork", "consent", "consent_until"})
        if self.consent is None and self.consent_until is not None:
            raise Invalid.field("consent_until", "It needs the field consent: the person whose consent ends then")
        try:
            consent = None if self.consent is None else Consent(self.consent, self.consent_until)
            return ArtworkEntry(**said, consent=consent)
        except CatalogueError as error:
            raise Invalid(str(error)) from error


FIELDS = tuple(UploadForm.model_fields)


@asynccontextmanager
async def sent_in(request: Request, folder: Path) -> AsyncIterator[Sent]:
    """Yield the picture of a request with its description; the file is deleted at the end."""
    async with received(request, folder, FIELDS, LARGEST_FILE) as form:
        said = _checked(form.fields)
        yield Sent(form.file, form.name, said.artwork, said.entry())


def _checked(fields: Mapping[str, str]) -> UploadForm:
    try:
        return UploadForm.model_validate({name: text for name, text in fields.items() if text.strip()})
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from error


def request_body() -> dict[str, Any]:
    said = UploadForm.model_json_schema()
    fields = {name: without_null(field) for name, field in said["properties"].items()}
    file = {"type": "string", "format": "binary", "description": PICTURE}
    schema = {
        "type": "object",
        "properties": {FILE: file, **fields},
        "required": [FILE],
        "dependentRequired": {"consent_until": ["consent"]},
        "additionalProperties": False,
    }
    return {"requestBody": {"content": {"multipart/form-data": {"schema": schema}}, "required": True}}

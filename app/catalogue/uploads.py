"""Pictures that editors send, one at a time, through the same mill as an import's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, cast

import structlog
from fastapi.exceptions import RequestValidationError
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
)
from app.api.multipart import FILE, Form, received
from app.catalogue.editor import Doing, Editor
from app.catalogue.permits import Permits
from app.catalogue.stoppable import stoppable
from app.data_folder import DataFolder
from app.fields import LANGUAGE, SLUG, Slug
from app.refusals import Invalid, Refusal, Unavailable
from app.store.protocol import Author
from app.telemetry import metrics
from assets.artwork import Artwork
from assets.catalogue import MOST_ARTWORKS, Title
from assets.checks import CatalogueError
from assets.importing import review
from assets.importing.ids import composed, ids
from assets.importing.manifest import ArtworkEntry
from assets.importing.merging import described
from assets.importing.names import slug
from assets.importing.withdrawal import heeding
from assets.picture import Job, Picture, PictureError
from assets.provenance import Consent, Made
from assets.rendering.decoding import LARGEST_FILE
from assets.rendering.workers import Stop, develop_all

log = structlog.get_logger()

AT_ONCE = 2
"""Pictures that all workers together have in the making at a time; each may take half a gibibyte."""
MOST = 8
"""Uploads that a worker deals with at a time, those that wait and those that still come in among them."""
RETRY_SECONDS = 5
END_SECONDS = 1.0

Outcome = Literal["new", "changed", "unchanged"]


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(_split(text)))


def _rows(text: str) -> list[list[str]]:
    return [_split(row) for row in text.split(";") if row.strip()]


def _texts(pattern: str, *, most: int) -> str:
    """Return the pattern of up to so many texts, separated by commas."""
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
AsBoxes = BeforeValidator(_rows, json_schema_input_type=_written(f"^{_BOX}(?:;{_BOX})*$"))


class UploadForm(BaseModel):
    """What can be said of a picture beside its file, in text; what is empty counts as not said."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    artwork: Slug | None = None
    """The artwork's id; without it, it is made from the file's name."""
    name: Name | None = None
    alt: Text | None = None
    """What it shows, for those who can't see it."""
    tags: Annotated[Slugs, Ids] | None = None
    """What is on it, separated by commas."""
    locales: Annotated[Locales, Languages] | None = None
    """The languages in which it may be shown, separated by commas; none for all."""
    placements: Annotated[Slugs, Ids] | None = None
    """Where it may be shown, separated by commas; none for everywhere."""
    maturity: Maturity | None = None
    """The age rating of the picture itself, 0 to 21."""
    valid_from: Moment | None = None
    """Unix seconds or an ISO 8601 date."""
    valid_until: Moment | None = None
    """As `valid_from`."""
    focus: Annotated[tuple[Share, Share], AsPoint] | None = None
    """What every crop keeps: x,y as shares of the picture's width and height."""
    faces: Annotated[tuple[tuple[Share, Share, Share, Share], ...], AsBoxes] | None = None
    """Faces, as x,y,width,height;x,y,width,height in the same shares."""
    made: Made | None = None
    """How it was made: photographed, drawn, rendered, ai-assisted or ai-generated."""
    creator: Text | None = None
    licence: Text | None = None
    consent: Text | None = None
    """Whose consent the picture needs."""
    consent_until: Moment | None = None
    """When that ends, as `valid_from`."""

    def entry(self) -> ArtworkEntry:
        """Return it as an import's description. Raises `CatalogueError`."""
        said = self.model_dump(exclude={"artwork", "consent", "consent_until"})
        if self.consent is None and self.consent_until is not None:
            raise Invalid.field("consent_until", "It needs the field consent: whose consent ends then")
        consent = None if self.consent is None else Consent(self.consent, self.consent_until)
        return ArtworkEntry(**said, consent=consent)


FIELDS = tuple(UploadForm.model_fields)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of an upload, and what should be looked at again."""

    artwork: Artwork
    outcome: Outcome
    warnings: tuple[str, ...]


class Uploads:
    """Takes pictures in, a few at a time.

    One whose client leaves after the last byte is taken in all the same; one that the service's end cuts short
    is not.
    """

    def __init__(self, editor: Editor, *, data: Path, images: Path, folder: Path):
        self._editor, self._images, self._folder = editor, images, folder
        self._making = Permits(DataFolder(data).rendering_locks(AT_ONCE))
        self._under_way: set[asyncio.Task[object]] = set()

    async def take(self, by: Author, title: str, request: Request) -> Uploaded:
        """Take an upload into a title. Nothing of the body is read before the title is known to be there."""
        try:
            current = await self._editor.title(title)
            async with self._place(), received(request, self._folder, FIELDS, LARGEST_FILE) as form:
                uploaded = await self._add(Doing(by, "upload", title), current, form)
        except (Refusal, RequestValidationError):
            metrics.UPLOADS.labels("refused").inc()
            raise
        except (asyncio.CancelledError, OSError) as error:
            metrics.UPLOADS.labels("failed").inc()
            raise _unavailable(error) from error
        metrics.UPLOADS.labels(uploaded.outcome).inc()
        return uploaded

    async def end(self) -> None:
        """Let what the server has cancelled clear up and be answered."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=END_SECONDS)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        task = asyncio.current_task()
        if len(self._under_way) >= MOST or task is None:
            raise _later(f"{MOST} pictures are being taken in already; send this one again in a few seconds.")
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)

    async def _add(self, doing: Doing, current: Title, form: Form) -> Uploaded:
        said = _said(form)
        naming = _Naming(said.artwork, None if said.artwork else _stem(form.name))
        _check_room(current, naming.id_in(current))
        try:
            entry = said.entry()
            # Where the last file had its focus and its faces says nothing of this one.
            job = Job(str(form.file), form.name or FILE, entry.focus, entry.faces or ())
        except CatalogueError as error:
            raise Invalid(str(error)) from error
        picture = await self._developed(job)
        return await self._merged(doing, naming, entry, job, picture)

    async def _developed(self, job: Job) -> Picture:
        async with self._making.one():
            result = await stoppable(lambda stop: _develop(job, self._images, stop))
        if isinstance(result, PictureError):
            raise Invalid.field(FILE, str(result).rstrip("."))
        return result

    async def _merged(
        self, doing: Doing, naming: "_Naming", entry: ArtworkEntry, job: Job, picture: Picture
    ) -> Uploaded:
        put: list[tuple[Artwork | None, Artwork]] = []

        def with_artwork(current: Title) -> Title:
            id_ = naming.id_in(current)  # somebody else may have got it meanwhile
            _check_room(current, id_)
            before = current.artwork(id_)
            # Focus and faces go with the crops that were made by them, whatever somebody else sent meanwhile.
            artwork = replace(
                described(id_, entry, before, picture, naming.stem), focus=job.focus, faces=job.faces
            )
            [artwork] = heeding([artwork], current.artworks)
            put[:] = [(before, artwork)]
            artworks = {**{each.id: each for each in current.artworks}, id_: artwork}
            return replace(current, artworks=tuple(artworks.values()), default=current.default or id_)

        changed = await self._editor.change(doing, with_artwork)
        barred = await self._editor.barred()
        [(before, artwork)] = put
        outcome: Outcome = "new" if before is None else "unchanged" if artwork == before else "changed"
        return Uploaded(artwork, outcome, review.warnings(artwork, changed.artworks, barred=barred))


@dataclass(frozen=True, slots=True)
class _Naming:
    """The id that was sent; else the name of the file, without its suffix."""

    id: str | None
    stem: str | None

    def id_in(self, title: Title) -> str:
        """Return the id that the picture has or gets in the title, by the rules of an import."""
        if self.stem is None:
            assert self.id  # noqa: S101  one of the two is there
            return self.id
        declared = {artwork.id: artwork.declared for artwork in title.artworks}
        return ids([self.stem], declared, lambda *_: False)[self.stem]


def _develop(job: Job, images: Path, stop: Stop) -> Picture | PictureError:
    [(_, result)] = develop_all([job], images, 1, stop)
    return result


def _unavailable(error: BaseException) -> Unavailable:
    """Return what is answered when neither picture nor client is at fault."""
    if isinstance(error, asyncio.CancelledError):  # the service ends, and this request is one of the last
        return _later("The service ends, and did not take the picture in; send it again in a few seconds.")
    log.error("upload_failed", reason=str(error))
    reason = getattr(error, "strerror", None) or "the service's log says why"
    return Unavailable(f"The picture can't be taken in here ({reason}); put that right, then send it again.")


def _later(sentence: str) -> Unavailable:
    return Unavailable(sentence, RETRY_SECONDS)


def _said(form: Form) -> UploadForm:
    try:
        return UploadForm.model_validate({name: text for name, text in form.fields.items() if text.strip()})
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from error


def _stem(name: str) -> str:
    stem = composed(PurePosixPath(name).stem)
    if not slug(stem):
        raise Invalid.field("artwork", f"The file's name {name!r} makes no id; send one in this field")
    return stem


def _check_room(title: Title, artwork: str) -> None:
    if len(title.artworks) >= MOST_ARTWORKS and title.artwork(artwork) is None:
        sentence = f"Title {title.id!r} has {MOST_ARTWORKS} artworks, which is the most; delete one first."
        raise Invalid(sentence)
